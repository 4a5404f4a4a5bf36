"""Since when a finding's evidence is compared: since its pin, its last edit, or a given commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.git.run import is_shallow, run_git
from pytest_aexp.ground.git.view import GitView
from pytest_aexp.model.findings.citation import Citation, Resolvable
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.findings.pins import Fit
from pytest_aexp.work.check.checker import Checker
from pytest_aexp.work.check.evidence.pins import pinned_entries
from pytest_aexp.work.check.resolve import Place, resolve
from pytest_aexp.work.evidence.changes import RunChange, compare
from pytest_aexp.work.evidence.evidence import EvidenceReader


@dataclass(frozen=True, slots=True)
class Since:
    """A commit, and why it is the one to compare with; ``""`` is the pin itself.

    ``is_pin`` says that only the pinned runs are compared.
    """

    revision: str
    reason: str
    is_pin: bool = False


@dataclass(frozen=True, slots=True)
class CitationChanges:
    """What became of the runs of one citation."""

    citation: Citation
    since: Since
    changes: tuple[RunChange, ...]


class ChangesReader:
    """Compares the evidence of findings now with what it was."""

    def __init__(self, checker: Checker, since: str | None = None) -> None:
        self._checker = checker
        self._since = since
        self._root = checker.repository.root
        self._retractions = checker.sources.ledger.retractions
        self._now = EvidenceReader(checker)
        self._then: dict[str, EvidenceReader] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def of(self, finding: Finding) -> Iterator[CitationChanges]:
        """The changes of each citation. Raises UsageError."""
        for citation in finding.citations:
            yield self.of_citation(finding, citation)

    def of_citation(self, finding: Finding, citation: Citation) -> CitationChanges:
        """The changes of one of its citations. Raises UsageError."""
        since, now = self._since_when(finding, citation), self._now.runs(citation)
        reader = self._at(since.revision) if since.revision else self._now
        then = reader.runs(citation)
        if since.is_pin:
            pinned = _pinned_runs(reader, citation) or ()
            then = tuple(run for run in then if run["job_id"] in pinned)
        if not since.revision:
            # No pin records retractions.
            then = tuple({k: v for k, v in run.items() if k != "retracted"} for run in then)
        before, after = ({run["job_id"]: run for run in runs} for runs in (then, now))
        changes = compare(before, after, self._retractions)
        return CitationChanges(citation, since, tuple(changes))

    def _at(self, revision: str) -> EvidenceReader:
        # Kept, since the citations of a finding are mostly compared with one and the same commit.
        if revision not in self._then:
            view = self._open.enter_context(GitView.at(self._root, revision))
            checker = Checker(self._checker.repository, view, self._checker.policy)
            self._then[revision] = EvidenceReader(checker)
        return self._then[revision]

    def _since_when(self, finding: Finding, citation: Citation) -> Since:
        if self._since is not None:
            return Since(self._since, f"since {self._since}")
        pin, cannot_tell = citation.pin_text, is_shallow(self._root)
        # The last commit that added or removed its text: the one that wrote it.
        commit = self._last_commit(finding.path, "-S", pin) if pin and not cannot_tell else None
        # After a rebase, a revert or a move the runs may have been others by then.
        if commit is not None and _pinned_runs(self._at(commit[0]), citation) is not None:
            reason = f"since it was pinned in {commit[0][:10]} of {commit[1]}"
            return Since(commit[0], reason, is_pin=True)
        if pin and _pinned_runs(self._now, citation) is not None:
            return Since("", "since it was pinned", is_pin=True)
        if cannot_tell:
            raise UsageError(
                f"{finding.path}: this clone is shallow, so what has changed cannot be shown: "
                "run `git fetch --unshallow`, or give --since REV"
            )
        if commit is not None:
            raise UsageError(
                f"{finding.path}: in {commit[0][:10]}, where {citation.label} was pinned, the "
                "ledger did not have the pinned runs, as after a rebase: give --since REV"
            )
        commit = self._last_commit(finding.path)
        if commit is None:
            raise UsageError(f"{finding.path} is in no commit: give --since REV")
        return Since(commit[0], f"since it was edited in {commit[0][:10]} of {commit[1]}")

    def _last_commit(self, path: str, *options: str) -> tuple[str, str] | None:
        """The last commit that changed a file (in that way), and its day."""
        command = ["log", "-1", "--format=%H %cs", *options, "--", path]
        # A finding's name may hold what git takes for a pattern.
        words = run_git(["--literal-pathspecs", *command], self._root).decode().split()
        return (words[0], words[1]) if words else None


def _pinned_runs(reader: EvidenceReader, citation: Citation) -> frozenset[str] | None:
    """The runs that a citation is pinned to; None where these are not to be told, or not there."""
    if not isinstance(citation, Resolvable):
        return None
    resolution = resolve(citation, reader.checker.sources)
    if resolution.place is not Place.LEDGER:
        return None
    reading = pinned_entries(citation, resolution.entries)
    if reading.fit is Fit.CHANGED:
        return None
    return frozenset(entry.job_id for entry in reading.entries)
