"""``aexp runs-export-index`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import run_aexp

from pytest_aexp.runs import create_run, init_run_store


@pytest.fixture
def store(repo: Path) -> Path:
    init_run_store(repo)
    return repo


@pytest.mark.parametrize("label", ["a b", "../x", "a\nb", "x" * 300, "", "/home/me/x", "CON"])
@pytest.mark.parametrize(
    "command",
    [
        ("install", "--machine-label"),
        ("ledger", "backfill", "--machine-label"),
        ("ledger", "promote", "RUN", "--machine-label"),
        ("runs-export-index", "--as"),
        ("runs-export-index", "--out", "x.json", "--as"),
    ],
)
def test_every_verb_refuses_a_label_that_cannot_name_a_file(
    store: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...], label: str
) -> None:
    job = create_run(experiment_id="E001", init_doc={"status": "complete"})
    arguments = [job.id if word == "RUN" else word for word in command]
    before = sorted(store.rglob("*"))
    status, out, err = run_aexp(capsys, *arguments, label)
    assert (status, out) == (2, "")
    assert "cannot be a machine label" in err.splitlines()[-1]
    assert sorted(store.rglob("*")) == before


def test_the_index_is_exported_with_a_word_of_warning(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = create_run(experiment_id="E001")
    run_aexp(capsys, "mark", job.id, "complete")
    status, out, err = run_aexp(capsys, "runs-export-index", "--as", "laptop")
    assert (status, out) == (0, "1 finished run: .aexp/runs-index/laptop.json\n")
    assert err.startswith("DEPRECATED")
    assert "aexp ledger backfill" in err
    other = tmp_path / "x.json"
    status, out, _ = run_aexp(
        capsys, "runs-export-index", "--machine-label", "desk", "--out", str(other)
    )
    assert (status, out) == (0, f"1 finished run: {other}\n")
    assert json.loads(other.read_bytes())["machine_label"] == "desk"
    assert run_aexp(capsys, "runs-export-index", "--as", "../x")[0] == 2
