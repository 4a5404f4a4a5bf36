"""What the report shows of the ledger as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reports import gathered, page, point
from repositories import add_entry, add_finding, batch, git, job, write

from pytest_aexp.report import ledger_facts

if TYPE_CHECKING:
    import pytest


def test_the_latest_runs_that_no_finding_cites_are_listed(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_facts, "MOST_UNCITED", 2)
    started = "2026-05-{:02}T00:00:00Z"
    ids = [add_entry(repo, point(n), started_at=started.format(n + 1)) for n in range(5)]
    add_finding(repo, "F001-a", job(ids[4]), batch("E001", "{seed: 2}"))
    ledger = gathered(repo).ledger
    assert [run.job_id for run in ledger.latest_uncited] == [ids[3], ids[1]]
    assert (ledger.runs, ledger.uncited) == (5, 3)
    [machine] = ledger.machines
    assert (machine.name, machine.runs, machine.cited) == ("cluster", 5, 2)
    assert machine.statuses == (5, 0, 0, 0)


def test_the_page_names_its_commit_and_says_what_is_not_committed(repo: Path) -> None:
    assert gathered(repo).origin is None
    add_entry(repo, point(1))
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "all")
    write(repo, "elsewhere.txt", "x")
    origin = gathered(repo).origin
    assert origin is not None
    assert origin.commit == git(repo, "rev-parse", "HEAD").strip()
    assert not origin.changed
    assert "not committed" not in page(repo)
    add_finding(repo, "F001-a")
    assert "that are not committed" in page(repo)
