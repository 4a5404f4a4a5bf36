"""What the whole ledger says: of each machine, of the runs that are cited, and of the others."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace

from pytest_aexp.ground.text import shown
from pytest_aexp.model.entry import TERMINAL_STATUSES
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.report.chart import Chart, Point, chart_of
from pytest_aexp.report.run_facts import RunFacts, facts_of

MOST_UNCITED = 100
"""How many of the runs that no finding cites are listed: the latest."""
MOST_MACHINES = 50
"""How many machines have a row, the busiest."""


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
    def of(cls, ledger: Ledger, cited: Collection[str]) -> LedgerFacts:
        """The facts in ``ledger``, whose entries may be too many to keep them all."""
        reader = _LedgerReader(cited)
        for entry in ledger:
            document = ledger.document(entry.job_id) if entry.usable else None
            if document is not None:
                retraction = ledger.retractions.get(entry.job_id)
                reasons = "; ".join(retraction.reasons) if retraction is not None else ""
                reader.add(replace(facts_of(document), retracted=shown(reasons, 300)))
        every = reader.machines()
        return cls(
            len(reader.points),
            reader.cited,
            len(reader.points) - len(reader.cited),
            reader.latest(),
            every[:MOST_MACHINES],
            len(every),
            chart_of(reader.points),
        )


class _LedgerReader:
    def __init__(self, cited: Collection[str]) -> None:
        self.cited: dict[str, RunFacts] = {}
        self.points: list[Point] = []
        self._cited_ids = frozenset(cited)
        self._counts = Counter[tuple[str, str]]()
        self._cited = Counter[str]()
        self._latest: list[tuple[float, str, RunFacts]] = []

    def add(self, run: RunFacts) -> None:
        self.points.append((run.when, run.machine, run.status == "complete"))
        self._counts[run.machine, run.status] += 1
        if run.job_id in self._cited_ids:
            self.cited[run.job_id] = run
            self._cited[run.machine] += 1
            return
        ranked = (run.when or 0.0, run.job_id, run)
        # A heap of the latest: the ledger may have more runs than fit into memory.
        if len(self._latest) < MOST_UNCITED:
            heapq.heappush(self._latest, ranked)
        else:
            heapq.heappushpop(self._latest, ranked)

    def latest(self) -> tuple[RunFacts, ...]:
        """The latest runs that no finding cites, the last one first."""
        return tuple(run for _, _, run in sorted(self._latest, reverse=True))

    def machines(self) -> tuple[MachineFacts, ...]:
        """Every machine, the busiest first."""
        totals = Counter(machine for _, machine, _ in self.points)
        return tuple(
            MachineFacts(
                name,
                totals[name],
                self._cited[name],
                tuple(self._counts[name, status] for status in TERMINAL_STATUSES),
            )
            for name in sorted(totals, key=lambda name: (-totals[name], name))
        )
