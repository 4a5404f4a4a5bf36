"""``aexp ledger promote`` as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from repositories import add_jobs, write

from pytest_aexp.cli import main

if TYPE_CHECKING:
    import pytest

POINT = {"experiment_id": "E001", "seed": 1}

DONE = {"status": "complete"}


class TestPromote:
    def test_by_prefix_and_again(self, repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (job_id,) = add_jobs(repo, [{"statepoint": POINT, "doc": DONE}])
        assert main(["ledger", "promote", job_id[:6]]) == 0
        assert capsys.readouterr().out == f"promoted: .aexp/ledger/{job_id}.json\n"
        assert main(["ledger", "promote", job_id]) == 0
        assert capsys.readouterr().out == f"already there: .aexp/ledger/{job_id}.json\n"

    def test_one_that_cannot_be_does_not_stop_the_others(
        self, repo: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        jobs = [{"statepoint": {"a": 1}, "doc": {}}, {"statepoint": {"a": 2}, "doc": DONE}]
        ids = add_jobs(repo, jobs)
        assert main(["ledger", "promote", *ids]) == 1
        captured = capsys.readouterr()
        assert f"promoted: .aexp/ledger/{ids[1]}.json" in captured.out
        assert f"run {ids[0]} has not finished" in captured.err

    def test_an_ambiguous_prefix_lists_its_candidates(
        self, repo: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name in ("abcd" + "0" * 28, "abcd" + "1" * 28):
            write(repo, f".runs/workspace/{name}/signac_statepoint.json", "{}")
        write(repo, ".runs/.signac/config", "schema_version = 2\n")
        assert main(["ledger", "promote", "abcd"]) == 2
        assert "abcd" + "0" * 28 + ", " + "abcd" + "1" * 28 in capsys.readouterr().err
