"""A finding: its front matter, read into citations that know their line and column."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.text import quoted
from pytest_aexp.ground.views import View
from pytest_aexp.ground.yaml.nodes import Scalar, YamlFault
from pytest_aexp.model.batches import is_experiment_id
from pytest_aexp.model.findings.citation import HOW_TO_CITE, KEY, Citation
from pytest_aexp.model.findings.citation_reader import read_citations, read_links
from pytest_aexp.model.findings.front_matter import (
    READ_LIMIT,
    FrontMatter,
    UnreadableFinding,
    read_front_matter,
)
from pytest_aexp.model.findings.premises import (
    FINDING_NAME,
    Premise,
    Withdrawal,
    misspelt_premises,
    read_premises,
    read_withdrawal,
)
from pytest_aexp.model.findings.suspicious_keys import suspicious_keys
from pytest_aexp.model.problems import UNREADABLE, Fault

if TYPE_CHECKING:
    from pytest_aexp.model.numbers.claim import Claim


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding as far as it could be read; ``faults`` are those of its front matter.

    ``citations`` are those in ``supporting_runs``, then the links in the text to ledger entries;
    ``claims`` are the numbers in its text that say what they follow from. ``stands`` is False
    where it says, even if without a reason, that it no longer holds. ``front_matter`` is None where
    it could not be read.
    """

    path: str
    citations: tuple[Citation, ...] = ()
    faults: tuple[Fault, ...] = ()
    claims: tuple[Claim, ...] = ()
    premises: tuple[Premise, ...] = ()
    withdrawal: Withdrawal | None = None
    stands: bool = True
    front_matter: FrontMatter | None = field(default=None, compare=False, repr=False)

    @property
    def experiment(self) -> str:
        """The experiment that it says it is of; empty if it names none."""
        written = self.front_matter.text_of("experiment") if self.front_matter else None
        return written if written and is_experiment_id(written) else ""

    @property
    def name(self) -> str:
        """``F004`` for ``F004-what-we-found.md``, else the file's name."""
        return name_of(self.path)


def name_of(path: str) -> str:
    """The name of the finding at ``path``."""
    file = path.rpartition("/")[2]
    match = FINDING_NAME.match(file)
    return match.group().upper() if match else file


def load_finding(view: View, path: str) -> Finding:
    """The finding at ``path``."""
    return read_finding(path, view.read(path, READ_LIMIT, whole=False))


def read_finding(path: str, data: bytes | Unreadable) -> Finding:
    """The finding in ``data``, the first READ_LIMIT bytes of the file at ``path``."""
    try:
        front_matter = read_front_matter(path, data)
        faults = [*suspicious_keys(front_matter), *misspelt_premises(front_matter)]
        citations, citation_faults = _read_citations(front_matter)
    except UnreadableFinding as unreadable:
        return Finding(path, faults=(unreadable.fault,))
    faults += citation_faults
    premises: tuple[Premise, ...] = ()
    withdrawal, stands = None, False
    try:
        withdrawal = read_withdrawal(front_matter)
        stands = withdrawal is None
        premises = read_premises(front_matter)
    except UnreadableFinding as unreadable:
        faults.append(unreadable.fault)
    citations = (*citations, *read_links(front_matter))
    claims = _read_claims(front_matter)
    return Finding(
        path, citations, tuple(faults), claims, premises, withdrawal, stands, front_matter
    )


def _read_claims(front_matter: FrontMatter) -> tuple[Claim, ...]:
    if front_matter.text.find("<!--", front_matter.end) < 0:
        return ()
    # Here, since few findings have numbers, and their patterns take a while to compile.
    from pytest_aexp.model.numbers.claim import read_claims

    return read_claims(front_matter.path, front_matter.text, front_matter.end)


def _read_citations(front_matter: FrontMatter) -> tuple[tuple[Citation, ...], tuple[Fault, ...]]:
    """The citations, or the fault that is in the place of them."""
    node = front_matter.given(KEY)
    if node is None:
        return (), ()
    if not isinstance(node, Scalar):
        try:
            return read_citations(front_matter, node), ()
        except YamlFault as fault:
            raise UnreadableFinding(
                front_matter.path,
                f"the front matter cannot be read: {fault.message}",
                fault.fix,
                front_matter.position(fault.offset),
            ) from fault
    message = f"{KEY} is {quoted(node.text)}, neither a list nor a mapping"
    fix = f"{HOW_TO_CITE}, each as an item of the list"
    at = front_matter.position(node.offset)
    return (), (Fault(UNREADABLE, front_matter.path, message, fix, at),)
