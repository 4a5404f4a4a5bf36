"""Whether the numbers in a finding's text follow from the runs that it cites."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property

from pytest_aexp.ground import jsontext
from pytest_aexp.ground.settings.metric_names import WALLCLOCK
from pytest_aexp.ground.text import closest, counted, listed, quoted, shown
from pytest_aexp.model.entry import Entry, metrics_of
from pytest_aexp.model.findings.citation import Citation
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.numbers.claim import HOW_TO_CLAIM, Claim
from pytest_aexp.model.numbers.evaluate import (
    BeyondLimits,
    NoValue,
    aggregate,
    evaluate,
    within_limits,
)
from pytest_aexp.model.numbers.expression import Aggregate, WrittenExpression
from pytest_aexp.model.numbers.number import Number
from pytest_aexp.model.numbers.value import Value, value_text
from pytest_aexp.model.problems import (
    MALFORMED_NUMBER,
    UNCHECKED_NUMBER,
    WRONG_NUMBER,
    Fault,
    Remedy,
    Rule,
)


@dataclass(frozen=True, slots=True)
class Cited:
    """What a citation stands for in expressions: the runs that the finding rests on.

    ``label`` is how messages call the citation, ``name`` how expressions do. Without ``entries``
    that can be used, ``fault`` may say what to do about it.
    """

    label: str
    name: str
    entries: tuple[Entry, ...] = ()
    is_batch: bool = False
    is_malformed: bool = False
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One number of a claim: what it follows from, and its value and runs as far as known."""

    number: Number
    written: WrittenExpression
    entries: tuple[Entry, ...] = ()
    value: Value | None = None
    fault: Fault | None = None


class Metrics:
    """The numbers of runs, each entry's read once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.of_run = cache(metrics_of)
        """The metrics that a run has, by name."""

    def of(self, entry: Entry, name: str) -> tuple[bool, Decimal | None]:
        """Whether the run has a metric of that name, and which it is; None if it is not finite."""
        if name == WALLCLOCK:
            # Not kept with the entry: there may be 100,000, and few texts are about run times.
            seconds = (self._ledger.document(entry.job_id) or {}).get(WALLCLOCK)
            return seconds is not None, None if seconds is None else jsontext.decimal_of(seconds)
        metrics = self.of_run(entry)
        return name in metrics, metrics.get(name)


class Numbers:
    """Checks the numbers in the texts of findings by what their citations lead to."""

    def __init__(self, ledger: Ledger, cited: Callable[[Finding, Citation], Cited]) -> None:
        self._metrics = Metrics(ledger)
        self._cited = cited
        self._last: tuple[Finding, References] | None = None

    def check(self, finding: Finding, claim: Claim) -> tuple[tuple[Result, ...], Fault | None]:
        """Each number of a claim, judged, and the one fault that is reported of it."""
        if self._last is None or self._last[0] is not finding:
            cited = [self._cited(finding, c) for c in finding.citations if not c.is_link]
            self._last = (finding, References(cited, self._metrics))
        results = check_claim(claim, self._last[1])
        return results, fault_of_claim(claim, results)


class _Unresolved(Exception):
    """Why a number cannot be judged, under which rule, and what to do about it."""

    def __init__(
        self, rule: Rule, message: str, fix: str = HOW_TO_CLAIM, remedy: Remedy | None = None
    ) -> None:
        super().__init__(message)
        self.rule, self.message, self.fix, self.remedy = rule, message, fix, remedy


def check_claim(claim: Claim, references: References) -> tuple[Result, ...]:
    """Each number of a claim that is not malformed, judged by what its finding cites."""
    return tuple(_result(claim, index, references) for index in range(len(claim.numbers)))


def fault_of_claim(claim: Claim, results: Sequence[Result]) -> Fault | None:
    """The one fault that is reported of a claim: what is wrong before what is not checked."""
    faults = [result.fault for result in results if result.fault is not None]
    order = (MALFORMED_NUMBER, WRONG_NUMBER, UNCHECKED_NUMBER)
    return claim.fault or min(faults, key=lambda fault: order.index(fault.rule), default=None)


def _result(claim: Claim, index: int, references: References) -> Result:
    number, written = claim.numbers[index], claim.expressions[index]
    entries: dict[str, Entry] = {}
    value = None

    def leaf(reference: Aggregate) -> Value:
        runs = references.runs(reference)
        entries.update((entry.job_id, entry) for entry in runs)
        return references.leaf(reference, runs)

    def fault(rule: Rule, message: str, fix: str) -> Fault:
        return Fault(rule, claim.path, message, fix, claim.positions[index])

    problem = None
    try:
        value = evaluate(written.expression, leaf)
        if not number.follows_from(value):
            problem = fault(WRONG_NUMBER, *_wrong(number, written, value, len(entries)))
        elif number.doubt:
            message = f"{printed(number)} {number.doubt}"
            problem = fault(MALFORMED_NUMBER, message, HOW_TO_CLAIM)
    except NoValue as error:
        message = f"{printed(number)} does not follow from its runs: {_text(written)}: {error}"
        problem = fault(WRONG_NUMBER, message, "correct the expression, or leave the run out")
    except BeyondLimits as error:
        message = f"{_text(written)} cannot be read: {error}"
        problem = fault(MALFORMED_NUMBER, message, "write a smaller expression")
    except _Unresolved as error:
        prefix = printed(number) + " cannot be checked: " if error.rule is UNCHECKED_NUMBER else ""
        prefix = f"{_text(written)} cannot be read: " if error.rule is MALFORMED_NUMBER else prefix
        problem = fault(error.rule, prefix + error.message, error.fix)._replace(remedy=error.remedy)
    return Result(number, written, tuple(entries.values()), value, problem)


def printed(number: Number) -> str:
    """A number as it stands in the text, with the bound before it."""
    return shown(f"{number.bound} {number.text}".strip(), 40)


def _text(written: WrittenExpression) -> str:
    return shown(written.text, 60)


def _wrong(number: Number, written: WrittenExpression, value: Value, runs: int) -> tuple[str, str]:
    """What is said of a number that does not follow from ``value``, and what to write instead."""
    percent = number.in_percent()
    is_percent = number.is_percent or percent.follows_from(value)
    # A number that follows once it is read in percent only lacks the sign.
    form = percent if is_percent and not number.is_percent else number
    verb = "does not hold for" if number.bound else "does not follow from"
    message = (
        f"{printed(number)} {verb} its runs: {_text(written)} is "
        f"{value_text(value, in_percent=is_percent)} over {counted(runs, 'run')}"
    )
    if number.doubt:
        return message, f"{printed(number)} {number.doubt}"
    if number.is_percent and number.without_percent().follows_from(value):
        return message, "leave the percent sign out, or divide the expression by 100"
    right = [shown(number.text, 40) for number in form.nearest(value)]
    right = [f"`{text}`" if " " in text else text for text in right]
    write = f"write {' or '.join(right)}, or " if right else ""
    return message, f"{write}correct the expression"


class References:
    """What the expressions of a finding refer to."""

    def __init__(self, cited: Sequence[Cited], metrics: Metrics) -> None:
        self._cited = cited
        self._metrics = metrics
        self._leaves: dict[Aggregate, Value] = {}

    @cached_property
    def _names(self) -> Mapping[str, Cited]:
        return {cited.name: cited for cited in self._cited if cited.name}

    def _named(self, reference: Aggregate) -> Cited:
        if reference.name is None:
            if len(self._cited) == 1:
                return self._cited[0]
            if not self._cited:
                raise _Unresolved(MALFORMED_NUMBER, "the finding cites no runs", "cite them")
            metric = reference.metric or "…"
            message = f"it does not say which of the {len(self._cited)} citations it means"
            fix = f"give the citation a name, `as: full`, and write `full.{metric}`"
            raise _Unresolved(MALFORMED_NUMBER, message, fix)
        cited = self._names.get(reference.name)
        if cited is not None:
            return cited
        if any(other.is_malformed for other in self._cited):
            message = f"{quoted(reference.name, 30)} may be the citation that cannot be read"
            raise _Unresolved(UNCHECKED_NUMBER, message, "correct the citation first")
        names = listed(self._names, 5)
        message = f"no citation is called {quoted(reference.name, 30)}"
        fix = f"the names are {names}" if names else f"add `as: {shown(reference.name, 30)}` to it"
        raise _Unresolved(MALFORMED_NUMBER, message, fix)

    def runs(self, reference: Aggregate) -> tuple[Entry, ...]:
        """The runs that an expression refers to."""
        cited = self._named(reference)
        if not cited.entries:
            what = "has no run in the ledger that can be used"
            what = f"{cited.label} {'cannot be read' if cited.is_malformed else what}"
            fix = cited.fault.fix if cited.fault else "correct the citation first"
            remedy = cited.fault.remedy if cited.fault else None
            raise _Unresolved(UNCHECKED_NUMBER, what, fix, remedy)
        if cited.is_batch and not reference.function:
            name = f"{reference.name}." if reference.name else ""
            message = f"{name}{reference.metric} of a batch is a number for each run"
            fix = f"write mean({name}{reference.metric}), or median, min, max, sum, sd"
            raise _Unresolved(MALFORMED_NUMBER, message, fix)
        return cited.entries

    def leaf(self, reference: Aggregate, entries: Sequence[Entry]) -> Value:
        """What a reference stands for; raises NoValue and _Unresolved."""
        if reference.function == "n":
            return Value(Fraction(len(entries)))
        leaf = self._leaves.get(reference)
        if leaf is None:
            leaf = self._leaves[reference] = self._computed(reference, entries)
        return leaf

    def _computed(self, reference: Aggregate, entries: Sequence[Entry]) -> Value:
        metric = reference.metric
        numbers, lacking = list[Decimal](), list[Entry]()
        for entry in entries:
            has_it, number = self._metrics.of(entry, metric)
            if not has_it:
                lacking.append(entry)
            elif number is None:
                raise NoValue(f"the {metric} of run {entry.job_id} is not finite")
            elif not within_limits(number):
                message = f"the {metric} of run {entry.job_id} has too many digits"
                raise _Unresolved(MALFORMED_NUMBER, message, "compute with another metric")
            else:
                numbers.append(number)
        if lacking:
            message, fix = _lacking(metric, lacking, len(entries))
            if len(lacking) == len(entries):  # where only some lack it, the name is right
                there = {name for entry in entries for name in self._metrics.of_run(entry)}
                message += f"; there is {listed(sorted(there), 5)}" if there else ""
                near = closest(metric, there)
                fix = f"if {near} is meant, write that; else {fix}" if near else fix
            raise _Unresolved(UNCHECKED_NUMBER, message, fix)
        # Without a function there is one run, whose number the largest is as well.
        return aggregate(reference.function or "max", numbers)


def _lacking(metric: str, lacking: Sequence[Entry], count: int) -> tuple[str, str]:
    """What is said where runs do not have a metric, and what to do about it."""
    statuses = {entry.status for entry in lacking}
    all_have_one = "both " if len(lacking) == 2 else "all " if len(lacking) > 2 else ""
    if len(lacking) < count:
        message = f"{len(lacking)} of {counted(count, 'run')} "
        message += f"{'has' if len(lacking) == 1 else 'have'} no {shown(metric, 64)}"
    else:
        message = f"{'the run has' if count == 1 else 'its runs have'} no {shown(metric, 64)}"
    if len(lacking) < count and "complete" not in statuses:
        message += f", {all_have_one}{listed(sorted(statuses))}"
        return message, "add `status: complete` to the citation, or leave the runs out (`except`)"
    if metric == WALLCLOCK:
        return message, "correct the expression"
    machines = listed(sorted({shown(entry.machine, 30) for entry in lacking}), 3)
    backfill = f"run `aexp ledger backfill` on {machines}, commit and push"
    return message, f"list {metric} in `[tool.aexp.metrics]`, {backfill}"
