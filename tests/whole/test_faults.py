"""A full disk, forbidden folders, missing programs, failing reads: said in words, nothing lost."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from repositories import add_entry, add_finding, add_jobs, entry_of, entry_text, git, job, write

from pytest_aexp.cli import main
from pytest_aexp.ground import files
from pytest_aexp.install import install_scaffold
from pytest_aexp.ledger import backfill_ledger, promote_to_ledger
from pytest_aexp.model.entry import entry_path
from pytest_aexp.runs import create_run, open_run, run_lifecycle
from pytest_aexp.validate import validate_repo

ROOT_ONLY = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root")
NOBODY = 65534
DONE = {"status": "complete"}
POINTS = [{"a": number, "long": "x" * 5000} for number in range(3)]
OLD = entry_text(entry_of(POINTS[0], status="failed")).encode()


@pytest.fixture
def runs(repo: Path) -> list[str]:
    """Three finished runs; the first has an entry that says something else."""
    install_scaffold(repo)
    ids = add_jobs(repo, [{"statepoint": point, "doc": DONE} for point in POINTS])
    write(repo, entry_path(ids[0]), OLD)
    return ids


def in_child(work: Callable[[], Any]) -> int:
    """The exit status of a child of this process that does ``work``."""
    child = os.fork()
    if not child:
        status = 99
        try:
            status = int(work() or 0)
        except BaseException:  # noqa: BLE001 - the child ends here, whatever it was
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def temporary(repo: Path) -> list[str]:
    return [str(path) for path in repo.rglob("*.tmp")]


class TestNoSpace:
    def test_an_entry_that_does_not_fit_leaves_the_older_one(
        self, runs: list[str], repo: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        def full() -> int:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
            return main(["ledger", "backfill"])

        assert in_child(full) == 2
        printed = capfd.readouterr().err
        assert "aexp: File too large:" in printed
        assert runs[0] in printed or runs[1] in printed or runs[2] in printed
        assert (repo / entry_path(runs[0])).read_bytes() == OLD
        assert temporary(repo) == []
        assert main(["ledger", "backfill"]) == 0
        assert validate_repo(repo).errors == []

    @ROOT_ONLY
    @pytest.mark.slow
    def test_a_full_disk_does_not_harm_the_run(
        self, repo: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        install_scaffold(repo)
        run = create_run(experiment_id="E001", include_commit=False)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "none", repo / ".aexp/ledger"], check=False
        )
        if mounted.returncode:
            pytest.skip("no file system can be mounted here")
        try:
            (repo / ".aexp/ledger/filler").write_bytes(b"x" * (64 << 10))
            with run_lifecycle(run):
                pass
        finally:
            subprocess.run(["umount", repo / ".aexp/ledger"], check=True)
        printed = capfd.readouterr().err
        assert f"run {run.id} has ended, but its ledger entry could not be written" in printed
        assert f"next: `aexp ledger promote {run.id}`" in printed
        assert printed.count("\n") == 1
        assert open_run(run.id).doc["status"] == "complete"
        assert promote_to_ledger(run.id).is_file()


@ROOT_ONLY
class TestForbidden:
    """Root may do everything, so another user tries."""

    @staticmethod
    def as_nobody(work: Callable[[], Any]) -> int:
        def change() -> Any:
            "".encode("utf-8-sig")  # loaded while the interpreter's folder may still be read
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            return work()

        return in_child(change)

    @pytest.fixture
    def shared(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
        """A repository that everybody may read, in a place that everybody may enter."""
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            git(Path(folder), "init", "-q")
            for name, value in (("COUNT", "1"), ("KEY_0", "safe.directory"), ("VALUE_0", "*")):
                monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
            monkeypatch.chdir(folder)
            yield Path(folder)

    @pytest.mark.parametrize("verb", [["ledger", "backfill"], ["install"], ["runs-export-index"]])
    def test_a_repository_that_may_not_be_written_is_named(
        self, verb: list[str], shared: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        add_jobs(shared, [{"statepoint": {"a": 1}, "doc": DONE}])
        before = sorted(shared.rglob("*"))
        status = self.as_nobody(lambda: main(verb))
        printed = capfd.readouterr().err
        assert status == 2, printed
        assert "ermission denied" in printed or "cannot be written" in printed
        assert "Traceback" not in printed
        assert sorted(shared.rglob("*")) == before

    def test_a_run_ends_as_it_ended_where_the_ledger_may_not_be_written(
        self, shared: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        install_scaffold(shared)
        run = create_run(experiment_id="E001", include_commit=False)
        for path in (shared / ".runs").rglob("*"):
            os.chown(path, NOBODY, NOBODY)

        def lifecycle() -> int:
            with run_lifecycle(open_run(run.id)):
                return 0
            return 1

        assert self.as_nobody(lifecycle) == 0
        document = json.loads(Path(run.fn("signac_job_document.json")).read_bytes())
        assert (document["status"], "ended_at" in document) == ("complete", True)
        assert "its ledger entry could not be written" in capfd.readouterr().err

    def test_what_may_not_be_read_is_reported_and_hides_nothing(
        self, shared: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        seen, unseen = add_entry(shared, {"a": 1}), add_entry(shared, {"a": 2})
        add_finding(shared, "F001-x", job(seen), job(unseen))
        (shared / entry_path(unseen)).chmod(0)
        assert self.as_nobody(lambda: main(["validate"])) == 1
        printed = capfd.readouterr().out
        assert "cannot be read (permission denied)" in printed
        assert printed.count("[ledger.invalid_entry]") == 1


class TestMissing:
    """No home, no git, no signac."""

    @staticmethod
    def run(repo: Path, *argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pytest_aexp", *argv],
            cwd=repo,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def test_without_home_and_path_all_but_git_goes_on(self, runs: list[str], repo: Path) -> None:
        add_finding(repo, "F001-x", job(runs[0]))
        done = self.run(repo, "ledger", "backfill", PATH="/nowhere")
        assert (done.returncode, done.stderr) == (0, "")
        assert self.run(repo, "validate").returncode == 0
        asked = self.run(repo, "validate", "--at", "HEAD", PATH="/nowhere")
        assert (asked.returncode, asked.stdout) == (2, "")
        assert "git was not found: install git, or put it on PATH" in asked.stderr

    def test_without_signac_the_ledger_is_still_kept(self, runs: list[str], repo: Path) -> None:
        write(repo, "none/signac/__init__.py", "raise ImportError('no signac')")
        environment = {"PYTHONPATH": str(repo / "none"), "PATH": os.environ["PATH"]}
        assert self.run(repo, "ledger", "backfill", **environment).returncode == 0
        assert self.run(repo, "validate", **environment).returncode == 0
        refused = self.run(repo, "mark", runs[0], "failed", **environment)
        assert refused.returncode == 2
        assert "pip install 'pytest-aexp[runs]'" in refused.stderr


class TestFailingReads:
    """The file system fails, or the file goes, between one look and the next."""

    @pytest.fixture
    def cited(self, repo: Path) -> list[str]:
        ids = [add_entry(repo, {"a": n}) for n in range(3)]
        add_finding(repo, "F001-x", *map(job, ids))
        return ids

    @staticmethod
    def codes(repo: Path) -> list[tuple[str, str]]:
        return sorted((issue.severity, issue.code) for issue in validate_repo(repo).issues)

    def test_an_entry_that_vanishes_is_reported(
        self, cited: list[str], repo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opened = os.open

        def vanish(path: Any, *rest: Any, **named: Any) -> int:
            if str(path).endswith(entry_path(cited[0])):
                Path(path).unlink(missing_ok=True)
            return opened(path, *rest, **named)

        monkeypatch.setattr(files.os, "open", vanish)
        assert self.codes(repo) == [("error", "ledger.invalid_entry")]

    @pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EACCES])
    @pytest.mark.parametrize("call", ["open", "read", "fstat"])
    def test_a_failing_disk_is_a_problem_of_that_file_alone(
        self, call: str, number: int, cited: list[str], repo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bad = os.stat(repo / entry_path(cited[1])).st_ino
        real = getattr(os, call)

        def failing(target: Any, *rest: Any, **named: Any) -> Any:
            if os.path.exists(target) and real_stat(target).st_ino == bad:
                raise OSError(number, os.strerror(number))
            return real(target, *rest, **named)

        real_stat = os.stat
        monkeypatch.setattr(files.os, call, failing)
        assert self.codes(repo) == [("error", "ledger.invalid_entry")]

    def test_a_read_that_gives_less_than_there_is_goes_on(
        self, cited: list[str], repo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read = os.read
        monkeypatch.setattr(files.os, "read", lambda fd, most: read(fd, min(most, 7)))
        assert self.codes(repo) == []

    @pytest.mark.parametrize("call", ["replace", "fsync", "chmod"])
    def test_a_failing_write_leaves_what_was_there(
        self, call: str, runs: list[str], repo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def failing(*_: Any, **__: Any) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        monkeypatch.setattr(files.os, call, failing)
        with pytest.raises(OSError, match="Input/output error") as raised:
            promote_to_ledger(runs[0])
        assert raised.value.filename == str(repo / entry_path(runs[0]))
        assert (repo / entry_path(runs[0])).read_bytes() == OLD
        assert temporary(repo) == []


class TestPowerCut:
    """What was not synced may be gone; what replaces something must have been synced."""

    @pytest.fixture
    def log(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
        """Each file that was put in place: its name, and whether its data was on the disk."""
        synced: set[int] = set()
        placed: list[tuple[str, bool]] = []
        fsync, replace = os.fsync, os.replace

        def note_fsync(descriptor: int) -> None:
            synced.add(os.fstat(descriptor).st_ino)
            fsync(descriptor)

        def note_replace(source: Any, target: Any) -> None:
            if os.path.exists(target):
                placed.append((os.path.basename(target), os.stat(source).st_ino in synced))
            replace(source, target)

        monkeypatch.setattr(os, "fsync", note_fsync)
        monkeypatch.setattr(os, "replace", note_replace)
        return placed

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_nothing_takes_the_place_of_an_entry_before_it_is_on_the_disk(
        self, overwrite: bool, runs: list[str], repo: Path, log: list[tuple[str, bool]]
    ) -> None:
        backfill_ledger(repo, overwrite=overwrite)
        assert log == [(f"{runs[0]}.json", True)]

    def test_marker_and_control_files_are_on_the_disk_before_they_replace_others(
        self, repo: Path, log: list[tuple[str, bool]]
    ) -> None:
        write(repo, ".gitignore", "*.pyc\n")
        write(repo, ".aexp/installed.json", '{"mine": 1}')
        install_scaffold(repo)
        own = {name: synced for name, synced in log if name in (".gitignore", "installed.json")}
        assert own == {".gitignore": True, "installed.json": True}

    @pytest.mark.parametrize("left", [b"", b"\0" * 300, None])
    def test_what_a_cut_left_of_a_new_entry_is_reported_and_made_again(
        self, left: bytes | None, runs: list[str], repo: Path
    ) -> None:
        backfill_ledger(repo)
        path = repo / entry_path(runs[1])
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] if left is None else left)
        add_finding(repo, "F001-x", job(runs[1]))
        assert [i.code for i in validate_repo(repo).issues] == ["ledger.invalid_entry"]
        assert backfill_ledger(repo) == (1, 2)
        assert validate_repo(repo).errors == []
