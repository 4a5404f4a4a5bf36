"""``aexp ledger backfill`` as it is typed."""

from __future__ import annotations

import errno
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from repositories import add_jobs, write

from pytest_aexp.cli import main
from pytest_aexp.cli.ledger import backfill as verb
from pytest_aexp.ledger import promote_to_ledger
from pytest_aexp.work.promote.backfill import BackfillResult, backfill

DONE = {"status": "complete"}


class TestBackfill:
    def test_counts_and_says_what_is_next(
        self, repo: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        jobs = [{"statepoint": {"a": n}, "doc": DONE} for n in range(3)]
        add_jobs(repo, [*jobs, {"statepoint": {"a": 9}, "doc": {"status": "running"}}])
        assert main(["ledger", "backfill"]) == 0
        captured = capsys.readouterr()
        line = "3 runs promoted, 0 already there, 1 unfinished (`aexp status` lists them)\n"
        assert captured.out.startswith(line)
        assert "git add .aexp/ledger" in captured.out
        assert captured.err == ""
        assert main(["ledger", "backfill"]) == 0
        assert "0 runs promoted, 3 already there, 1 unfinished" in capsys.readouterr().out

    def test_a_run_that_ends_meanwhile_is_not_taken_for_one_that_is_gone(
        self, repo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        add_jobs(repo, [{"statepoint": {"a": 0}, "doc": DONE}])

        def and_one_more(*arguments: Any, **options: Any) -> Iterator[BackfillResult]:
            yield from backfill(*arguments, **options)
            (job_id,) = add_jobs(repo, [{"statepoint": {"a": 1}, "doc": DONE}])
            promote_to_ledger(job_id)

        monkeypatch.setattr(verb, "backfill", and_one_more)
        assert main(["ledger", "backfill"]) == 0
        assert capsys.readouterr().err == ""

    def test_bad_runs_are_named_at_the_end_and_make_it_fail(
        self, repo: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        good, bad = add_jobs(repo, [{"statepoint": {"a": n}, "doc": DONE} for n in range(2)])
        write(repo, f".runs/workspace/{bad}/signac_job_document.json", '{"status"')
        assert main(["ledger", "backfill"]) == 1
        captured = capsys.readouterr()
        assert "1 run promoted" in captured.out
        assert bad in captured.err
        assert (repo / f".aexp/ledger/{good}.json").is_file()

    @pytest.mark.parametrize("verb", ["backfill", "promote"])
    @pytest.mark.parametrize("what", ["folder", "file that nobody may replace"])
    def test_what_stands_in_an_entry_s_place_is_that_run_s_refusal(
        self,
        repo: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        what: str,
        verb: str,
    ) -> None:
        ids = sorted(add_jobs(repo, [{"statepoint": {"a": n}, "doc": DONE} for n in range(3)]))
        path, replace = f".aexp/ledger/{ids[0]}.json", os.replace
        if what == "folder":
            (repo / path).mkdir(parents=True)
        else:
            write(repo, path, "{}")

            def refuse(source: str, target: str) -> None:
                if ids[0] in target:
                    raise PermissionError(errno.EPERM, "Operation not permitted")
                replace(source, target)

            monkeypatch.setattr(os, "replace", refuse)
        assert main(["ledger", verb, *(ids if verb == "promote" else [])]) == 1
        captured = capsys.readouterr()
        place = f"aexp: the ledger entry of run {ids[0]} cannot be written: {path}"
        assert captured.err.startswith(place)
        assert captured.err.count("\n") == 1
        assert all((repo / f".aexp/ledger/{job_id}.json").is_file() for job_id in ids[1:])

    def test_a_ledger_that_cannot_be_written_ends_it(
        self, repo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        add_jobs(repo, [{"statepoint": {"a": n}, "doc": DONE} for n in range(3)])
        monkeypatch.setattr(os, "replace", refuse)
        assert main(["ledger", "backfill"]) == 2
        assert capsys.readouterr().err.count("\n") == 1

    def test_without_a_run_store_the_message_names_aexp_install(
        self, repo: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["ledger", "backfill"]) == 2
        assert "aexp install" in capsys.readouterr().err

    def test_progress_is_shown_on_a_terminal_only(self, repo: Path) -> None:
        add_jobs(repo, [{"statepoint": {"a": n}, "doc": DONE} for n in range(3)])
        command = [sys.executable, "-m", "pytest_aexp", "ledger", "backfill"]
        piped = subprocess.run(command, capture_output=True, text=True, check=True)
        assert piped.stderr == ""
        ours, theirs = pty.openpty()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs):
            os.close(theirs)
        shown = os.read(ours, 10_000).decode()
        os.close(ours)
        assert "3/3 runs" in shown
