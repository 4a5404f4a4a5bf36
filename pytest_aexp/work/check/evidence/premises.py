"""Whether the findings that a finding builds on still hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from pytest_aexp.ground.text import closest, listed, quoted, shown
from pytest_aexp.model.findings.finding import Finding, name_of
from pytest_aexp.model.findings.premises import Premise
from pytest_aexp.model.problems import AT_RISK, BROKEN_PREMISE, RETRACTED_PREMISE, Fault, Rule


@dataclass(slots=True)
class _Node:
    """A finding as its successors see it."""

    name: str
    premises: tuple[str, ...]
    withdrawn: str = ""
    doubt: str = ""


class Premises:
    """The graph of findings that build on each other; each is read once, when it is reached."""

    def __init__(
        self,
        paths: Callable[[], Iterable[str]],
        load: Callable[[str], Finding],
        retracted: Callable[[Finding], str],
    ) -> None:
        """``retracted`` names the retracted runs that a finding cites, in words."""
        self._paths = paths
        self._load = load
        self._retracted = retracted
        self._nodes: dict[str, _Node] = {}
        # Findings in one circle have one number; what follows from it is known for each.
        self._circle: dict[str, int] = {}
        self._risk: list[str] = []

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        by_name: dict[str, list[str]] = defaultdict(list)
        for path in self._paths():
            by_name[name_of(path)].append(path)
        return by_name

    def fault(self, premise: Premise) -> Fault | None:
        """What is wrong with building on that finding."""
        paths = self._by_name.get(premise.name, [])
        name = quoted(premise.name, 40)
        if len(paths) != 1:
            return self._not_one(premise, paths)
        if paths[0] == premise.path:
            return _fault(BROKEN_PREMISE, premise, f"{name} builds on itself", "remove it")
        self._visit(premise.path)
        self._visit(paths[0])
        target = self._nodes[paths[0]]
        if self._circle[paths[0]] == self._circle[premise.path]:
            message = f"{name} builds on this finding, too: neither supports the other"
            return _fault(BROKEN_PREMISE, premise, message, "remove one of the two")
        if target.withdrawn:
            message = f"{target.name} is withdrawn: {target.withdrawn}"
            fix = f"remove {target.name} from `builds_on` if the finding holds without it, or "
            return _fault(RETRACTED_PREMISE, premise, message, f"{fix}withdraw it, too")
        risk = self._risk[self._circle[paths[0]]]
        if risk:
            fix = "read the finding again: does it hold without what was retracted?"
            return _fault(AT_RISK, premise, f"{target.name} is in doubt: {risk}", fix)
        return None

    def _not_one(self, premise: Premise, paths: list[str]) -> Fault:
        name = quoted(premise.name, 40)
        if paths:
            message = f"{name} is the name of {len(paths)} findings: {listed(paths, 3)}"
            return _fault(BROKEN_PREMISE, premise, message, "give one of them another number")
        # A file's name may be given in place of the finding's.
        short = name_of(premise.name)
        near = (
            short if short in self._by_name else closest(premise.name, list(self._by_name)[:10_000])
        )
        hint = f"; did you mean {shown(near, 40)}?" if near else ""
        fix = "write the name of a finding, such as F001"
        return _fault(BROKEN_PREMISE, premise, f"there is no finding {name}{hint}", fix)

    def _node(self, finding: Finding) -> _Node:
        named = (self._by_name.get(premise.name, []) for premise in finding.premises)
        premises = tuple(paths[0] for paths in named if len(paths) == 1)
        withdrawn = finding.withdrawal
        why = quoted(withdrawn.reason, 120) if withdrawn else ""
        if withdrawn and withdrawn.replaced_by:
            why += f" (replaced by {shown(withdrawn.replaced_by, 20)})"
        doubt = "" if withdrawn else self._retracted(finding)
        return _Node(finding.name, premises, why, doubt)

    def _successors(self, path: str) -> Iterator[str]:
        if path not in self._nodes:
            self._nodes[path] = self._node(self._load(path))
        return iter(self._nodes[path].premises)

    def _visit(self, start: str) -> None:
        """Number the circles that ``start`` leads to, each after those it builds on (Tarjan).

        Without recursion: a chain of findings may be long.
        """
        order: dict[str, int] = {}
        lowest: dict[str, int] = {}
        pending: list[str] = []
        path = [(start, self._successors(start))] if start not in self._circle else []
        while path:
            here, successors = path[-1]
            if here not in order:
                order[here] = lowest[here] = len(order)
                pending.append(here)
            following = next((s for s in successors if s not in self._circle), None)
            if following is None:
                path.pop()
                if path:
                    above = path[-1][0]
                    lowest[above] = min(lowest[above], lowest[here])
                if lowest[here] == order[here]:
                    self._close(pending, here)
            elif following in order:
                lowest[here] = min(lowest[here], order[following])
            else:
                path.append((following, self._successors(following)))

    def _close(self, pending: list[str], first: str) -> None:
        """Number the circle that ends with ``first``, and say what is in doubt about it."""
        members = [pending.pop()]
        while members[-1] != first:
            members.append(pending.pop())
        self._circle.update(dict.fromkeys(members, len(self._risk)))
        self._risk.append(next(filter(None, map(self._doubt, members)), ""))

    def _doubt(self, path: str) -> str:
        node = self._nodes[path]
        if node.doubt:
            return f"{node.name} cites {node.doubt}"
        for premise in node.premises:
            below = self._nodes[premise]
            if below.withdrawn:
                return f"{node.name} builds on {below.name}, which is withdrawn"
            number = self._circle[premise]
            if number < len(self._risk) and self._risk[number]:
                return self._risk[number]
        return ""


def _fault(rule: Rule, premise: Premise, message: str, fix: str) -> Fault:
    return Fault(rule, premise.path, message, fix, premise.position)
