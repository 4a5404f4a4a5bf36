"""What the whole ledger says: of each machine, of the runs that are cited, and of the others."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from pytest_aexp.ground.git.run import git_or_none, own_environment
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.configuration import CONFIG
from pytest_aexp.ground.settings.globs import fixed_part
from pytest_aexp.ground.text import shown
from pytest_aexp.model.entry import LEDGER_DIR, TERMINAL_STATUSES
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.runs.machine_index import INDEX_DIR
from pytest_aexp.report.chart import Chart, Point, chart_of
from pytest_aexp.report.run_facts import RunFacts, facts_of

MOST_UNCITED = 100
"""How many of the runs that no finding cites are listed: the latest."""
MOST_MACHINES = 50
"""How many machines have a row, the busiest."""
# Without signatures: log.showSignature puts lines of gpg before what is asked for.
_HEAD = ("log", "-1", "--no-show-signature", "--format=%H %cs")
# Without locks: else it may write the index, and a commit at that moment fails at index.lock.
_STATUS = ("--no-optional-locks", "--literal-pathspecs", "status", "--porcelain", "--")


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """How many of a machine's runs there are, are cited, and ended how."""

    name: str
    runs: int
    cited: int
    statuses: tuple[int, ...]
    """One number for each of TERMINAL_STATUSES."""


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """The usable entries. ``cited`` holds those that findings cite, by job id."""

    runs: int
    cited: dict[str, RunFacts]
    uncited: int
    latest_uncited: tuple[RunFacts, ...]
    machines: tuple[MachineFacts, ...]
    machine_count: int
    chart: Chart | None

    @classmethod
    def of(cls, ledger: Ledger, cited_ids: Collection[str]) -> LedgerFacts:
        """The facts in ``ledger``, whose entries may be too many to keep them all."""
        points: list[Point] = []
        statuses = Counter[tuple[str, str]]()
        cited: dict[str, RunFacts] = {}

        def uncited() -> Iterator[tuple[float, str, RunFacts]]:
            for run in _runs(ledger):
                points.append((run.when, run.machine, run.status == "complete"))
                statuses[run.machine, run.status] += 1
                if run.job_id in cited_ids:
                    cited[run.job_id] = run
                else:
                    yield run.when or 0.0, run.job_id, run

        latest = tuple(run for _, _, run in heapq.nlargest(MOST_UNCITED, uncited()))
        totals = Counter(machine for _, machine, _ in points)
        of_cited = Counter(run.machine for run in cited.values())
        machines = tuple(
            MachineFacts(
                name,
                totals[name],
                of_cited[name],
                tuple(statuses[name, s] for s in TERMINAL_STATUSES),
            )
            for name in sorted(totals, key=lambda name: (-totals[name], name))[:MOST_MACHINES]
        )
        uncited_count = len(points) - len(cited)
        return cls(
            *(len(points), cited, uncited_count, latest),
            *(machines, len(totals), chart_of(points)),
        )


def _runs(ledger: Ledger) -> Iterator[RunFacts]:
    for entry in ledger:
        document = ledger.document(entry.job_id) if entry.usable else None
        if document is not None:
            retraction = ledger.retractions.get(entry.job_id)
            reasons = "; ".join(retraction.reasons) if retraction is not None else ""
            yield replace(facts_of(document), retracted=shown(reasons, 300))


@dataclass(frozen=True, slots=True)
class Origin:
    """A commit and its date; ``changed`` where findings or the ledger are not as it has them."""

    commit: str
    date: str
    changed: bool


def origin_of(repository: Repository) -> Origin | None:
    """The commit of the repository's work tree; None if git knows none."""
    environment = own_environment()
    head = git_or_none(_HEAD, repository.root, env=environment)
    commit, _, date = (head or b"").decode("ascii", "replace").strip().partition(" ")
    if not commit:
        return None
    globs = repository.configuration.findings
    folders = sorted({fixed_part(glob) or "." for glob in globs})
    paths = (LEDGER_DIR, INDEX_DIR, CONFIG, *folders)
    changed = git_or_none((*_STATUS, *paths), repository.root, env=environment)
    return Origin(commit, date, bool(changed and changed.strip()))
