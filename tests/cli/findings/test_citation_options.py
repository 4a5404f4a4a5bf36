"""Pins, names, statuses and left out runs, as `aexp cite` writes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import run_aexp
from repositories import add_entry, add_finding, add_jobs, batch, job, write

ENDED = "2026-05-14T11:00:00Z"
LATER = "2026-06-14T11:00:00Z"


def point(seed: int) -> dict[str, object]:
    return {"condition": "full", "experiment_id": "E005", "seed": seed}


@pytest.fixture
def ids(repo: Path) -> list[str]:
    return [add_entry(repo, point(seed), ended_at=ENDED) for seed in (1, 2, 3)]


def text(repo: Path) -> str:
    return (repo / "kb/research/findings/F001-x.md").read_text()


def test_a_pin_holds_until_the_runs_change(
    repo: Path, ids: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    add_finding(repo, "F001-x", batch("E005", "{condition: full}"), job(ids[0]))
    original = text(repo)
    assert run_aexp(capsys, "cite", "F001", "--pin")[0] == 0
    assert "count: 3, digest: " in text(repo)
    assert f'ended_at: "{ENDED}"' in text(repo)
    assert run_aexp(capsys, "validate")[:2] == (0, run_aexp(capsys, "validate")[1])
    new = add_entry(repo, point(4), ended_at=LATER)
    _, out, _ = run_aexp(capsys, "validate")
    assert "the batch has 4 runs, 3 when it was pinned; new: " in out
    assert f"aexp cite F001 --except {new[:8]}" in out
    assert run_aexp(capsys, "cite", "F001", "--except", new[:8])[0] == 0
    assert "grown" not in run_aexp(capsys, "validate")[1]
    add_entry(repo, point(1), ended_at=LATER)
    status, out, _ = run_aexp(capsys, "validate")
    assert (status, out.count("[finding.changed_evidence]")) == (1, 2)
    assert run_aexp(capsys, "cite", "F001", "--pin")[0] == 0
    assert run_aexp(capsys, "validate")[0] == 0
    assert run_aexp(capsys, "cite", "F001", "--unpin")[0] == 0
    assert text(repo) == original.replace(
        "selector: {condition: full}", f"selector: {{condition: full}}, except: {new}"
    )


@pytest.mark.parametrize("own", ["", "failed_run"])
def test_what_is_left_out_is_accepted_no_more(
    own: str, repo: Path, ids: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = f"{{type: batch, experiment_id: E005{own and f', accept: {own}'}}}"
    if own:
        add_entry(repo, point(9), ended_at=LATER, status="failed")
    add_finding(repo, "F001-x", before)
    run_aexp(capsys, "retract", ids[0], "--reason", "it leaked", "--mark")
    run_aexp(capsys, "retract", ids[1], "--reason", "so did this", "--mark")
    assert run_aexp(capsys, "cite", "F001", "--except", ids[0], "--except", ids[1])[0] == 0
    assert f"- {before[:-1]}, except: [{', '.join(sorted(ids[:2]))}]}}\n" in text(repo)
    assert run_aexp(capsys, "validate")[1].endswith("no problems\n")


def test_what_retracts_another_run_too_is_still_accepted(
    repo: Path, ids: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    add_finding(repo, "F001-x", batch("E005"))
    run_aexp(capsys, "retract", ids[0], ids[1], "--reason", "they leaked", "--mark")
    assert run_aexp(capsys, "cite", "F001", "--except", ids[0])[0] == 0
    assert "accept: [" in text(repo)
    assert "suspicious" not in run_aexp(capsys, "validate")[1]


def test_to_leave_out_a_pinned_run_pins_the_others(
    repo: Path, ids: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    add_finding(repo, "F001-x", batch("E005"))
    run_aexp(capsys, "cite", "F001", "--pin")
    assert run_aexp(capsys, "cite", "F001", "--except", ids[0], "--except", ids[1])[0] == 0
    assert "count: 1, digest: " in text(repo)
    assert run_aexp(capsys, "validate")[0] == 0
    status, _, err = run_aexp(capsys, "cite", "F001", "--except", "ffffff")
    assert status == 2
    assert "ffffff" in err


def test_names_and_statuses_are_for_one_citation(
    repo: Path, ids: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    add_entry(repo, point(4), ended_at=ENDED, status="failed")
    add_finding(repo, "F001-x", job(ids[0]))
    status, out, _ = run_aexp(
        capsys, "cite", "F001", "--status", "complete", "--as", "full", "--batch", "E005"
    )
    assert status == 0
    assert "(3 runs, all complete" in out
    assert "{type: batch, experiment_id: E005, as: full, status: complete}" in text(repo)
    status, _, err = run_aexp(capsys, "cite", "F001", "--as", "x")
    assert (status, "--as is for one citation, and 2 could be meant" in err) == (2, True)
    assert run_aexp(capsys, "cite", "F001", ids[0], "--as", "best")[0] == 0
    assert f"{{type: job, id: {ids[0]}, as: best}}" in text(repo)
    status, _, err = run_aexp(capsys, "cite", "F001", ids[0], "--as", "not a name")
    assert (status, "nothing was changed" in err) == (1, True)


def test_what_cannot_be_pinned_is_refused(
    repo: Path, ids: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for ended in ({}, {"ended_at": "in 2026-13"}):
        without = add_entry(repo, {"experiment_id": "E006"}, **ended)
        add_finding(repo, "F001-x", job(without))
        status, _, err = run_aexp(capsys, "cite", "F001", "--pin")
        assert (status, "its entry does not say when the run ended" in err) == (2, True)
    add_finding(repo, "F001-x", batch("E005"))
    add_jobs(repo, [{"statepoint": point(9), "doc": {"status": "complete"}}])
    status, _, err = run_aexp(capsys, "cite", "F001", "--pin")
    assert (status, "1 finished run of the batch is only on this machine" in err) == (2, True)


def test_pins_may_be_configured(
    repo: Path, ids: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, "pyproject.toml", "[tool.aexp]\npin = true\n")
    add_finding(repo, "F001-x")
    assert run_aexp(capsys, "cite", "F001", "--batch", "E005", "condition=full")[0] == 0
    assert "count: 3, digest: " in text(repo)
    write(repo, "pyproject.toml", "[tool.aexp]\npin = 1\n")
    assert run_aexp(capsys, "validate")[0] == 2


@pytest.mark.parametrize("order", ["F001 {} --pin", "F001 --pin {}", "--pin F001 {}"])
def test_an_option_may_stand_anywhere(
    repo: Path, ids: list[str], capsys: pytest.CaptureFixture[str], order: str
) -> None:
    add_finding(repo, "F001-x", job(ids[1]))
    assert run_aexp(capsys, "cite", *order.format(ids[0]).split())[0] == 0
    assert text(repo).count(f'ended_at: "{ENDED}"') == 1
