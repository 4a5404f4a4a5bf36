"""``aexp ledger`` as it is typed."""

from __future__ import annotations

import errno
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from repositories import add_entry, add_jobs, write

from pytest_aexp.cli import main

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


class TestBackfill:
    def test_counts_and_says_what_is_next(
        self, repo: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        jobs = [{"statepoint": {"a": n}, "doc": DONE} for n in range(3)]
        add_jobs(repo, [*jobs, {"statepoint": {"a": 9}, "doc": {"status": "running"}}])
        assert main(["ledger", "backfill"]) == 0
        captured = capsys.readouterr()
        assert "3 runs promoted, 0 already there, 1 unfinished" in captured.out
        assert "git add .aexp/ledger" in captured.out
        assert captured.err == ""
        assert main(["ledger", "backfill"]) == 0
        assert "0 runs promoted, 3 already there, 1 unfinished" in capsys.readouterr().out

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

    def test_without_a_store(self, repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
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


class TestCheck:
    def test_the_door(self, repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
        add_entry(repo, POINT)
        assert main(["ledger", "check"]) == 0
        assert capsys.readouterr().out == "1 ledger entry: all hold\n"
        leaking = add_entry(repo, {"data": "/scratch/me/x"})
        assert main(["ledger", "check", "--format", "json"]) == 1
        document = json.loads(capsys.readouterr().out)
        assert document["checked"] == {"findings": 0, "citations": 0, "entries": 2}
        (problem,) = document["problems"]
        assert (problem["code"], problem["severity"]) == ("ledger.leak", "error")
        assert "/scratch" not in json.dumps(document)
        assert main(["ledger", "check", leaking[:8]]) == 1

    def test_what_redaction_took_away_is_said(
        self, repo: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        redacted = {"statepoint": {"data": "<redacted>"}, "redacted": ["/statepoint/data"]}
        job_id = add_entry(repo, {"data": "/scratch/me/x"}, **redacted)
        assert main(["ledger", "check"]) == 0
        out = capsys.readouterr().out
        assert "cannot be checked" in out
        assert job_id in out


class TestShowAndList:
    @pytest.fixture
    def ids(self, repo: Path) -> tuple[str, str]:
        one = add_entry(repo, POINT, ended_at="2026-02-01T00:00:00Z")
        two = add_entry(
            repo,
            {"experiment_id": "E002"},
            status="failed",
            ended_at="2026-01-01T00:00:00Z",
            registered_machine="lap\x1btop",
        )
        return one, two

    def test_a_table_for_people(self, ids, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["ledger", "list"]) == 0
        heading, first, second = capsys.readouterr().out.splitlines()
        assert heading.split() == ["job", "id", "status", "experiment", "ended", "machine"]
        assert first.split() == [ids[1], "failed", "E002", "2026-01-01T00:00:00Z", "lap\\x1btop"]
        assert second.startswith(ids[0])

    def test_json_for_programs(self, ids, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["ledger", "list", "--format", "json", "--experiment", "E001"]) == 0
        (entry,) = json.loads(capsys.readouterr().out)
        assert entry["job_id"] == ids[0]
        assert main(["ledger", "list", "--format", "json", "--status", "failed"]) == 0
        (entry,) = json.loads(capsys.readouterr().out)
        assert entry["job_id"] == ids[1]

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            (("--status", "foo"), '"foo": choose one of complete, failed, abandoned or stopped'),
            (("--status", "running"), '"running": choose one of complete, '),
            (("--status", ""), '"": choose one of complete, '),
            (("--experiment", "5"), '"5" is no experiment'),
            (("--experiment", "e005"), '"e005" is no experiment'),
            (("--experiment", ""), '"" is no experiment'),
        ],
    )
    def test_what_no_entry_can_have_is_wrong_usage(
        self, ids, asked: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for more in ([], ["--format", "json"]):
            assert main(["ledger", "list", *asked, *more]) == 2
            captured = capsys.readouterr()
            assert captured.out == ""
            assert said in captured.err

    def test_an_experiment_without_runs_is_an_empty_table(
        self, ids, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["ledger", "list", "--experiment", "E009"]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 1

    def test_show(self, ids, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["ledger", "show", ids[0][:8]]) == 0
        rows = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
        assert rows["statepoint.seed"].strip() == "1"
        assert main(["ledger", "show", ids[0], "--format", "json"]) == 0
        assert json.loads(capsys.readouterr().out)["statepoint"] == POINT

    def test_show_nothing(self, ids, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["ledger", "show", "0123456789"]) == 2
        assert "no run whose id begins with" in capsys.readouterr().err

    def test_show_what_cannot_be_used(self, repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
        write(repo, f".aexp/ledger/{'e' * 32}.json", "[]")
        assert main(["ledger", "show", "e" * 32]) == 2
        assert "aexp ledger check" in capsys.readouterr().err
