"""What a system may refuse at any moment: documents, files, memory, processes, whole folders."""

from __future__ import annotations

import builtins
import errno
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from repositories import add_entry, add_finding, add_jobs, add_segment, batch, entry_of, job, write
from runscripts import document_of, entry_in

from pytest_aexp.cli import main
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.install import install_scaffold
from pytest_aexp.ledger import load_ledger_entry
from pytest_aexp.linking import link_to_experiment
from pytest_aexp.model.entry import entry_path
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.runs import create_run, find_runs, mark_status, run_lifecycle
from pytest_aexp.work.runs import job_document, status

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux has them")

DOCUMENT = "signac_job_document.json"
NOBODY = 65534
NOWHERE = "deadbeef" * 4
REFUSALS = (errno.EACCES, errno.EPERM, errno.EBUSY)
FOREVER = 10**9


class Own(Exception):
    pass


class TestDocuments:
    """signac's document of a run is locked, as on network file systems and on Windows."""

    @pytest.fixture
    def run(self, repo: Path) -> Any:
        install_scaffold(repo)
        return create_run(experiment_id="E001", statepoint={"seed": 1}, include_commit=False)

    @pytest.fixture
    def _impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(job_document, "PAUSES", (0.001,))
        monkeypatch.setattr(status, "PAUSES", (0.001,))

    @staticmethod
    @contextmanager
    def refused(call: str, number: int, times: int = FOREVER) -> Iterator[list[int]]:
        """Have a call fail on documents so many times; how often it may still fail."""
        module = builtins if call == "open" else os
        name = call.removeprefix("os.")
        real, left = getattr(module, name), [times]

        def refuse(*arguments: Any, **named: Any) -> Any:
            path = arguments[-1] if name == "replace" else arguments[0]
            if os.path.basename(str(path)) == DOCUMENT and left[0] > 0:
                left[0] -= 1
                raise OSError(number, os.strerror(number), *map(str, arguments[:1]))
            return real(*arguments, **named)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, name, refuse)
            yield left

    @staticmethod
    def leftovers(run: Any) -> list[str]:
        return sorted(set(os.listdir(run.path)) - {DOCUMENT, "signac_statepoint.json"})

    @pytest.mark.usefixtures("_impatient")
    @pytest.mark.parametrize("number", REFUSALS)
    @pytest.mark.parametrize("call", ["open", "os.replace"])
    @pytest.mark.parametrize("moment", ["start", "end"])
    def test_a_run_goes_on_and_ends_with_its_own_exception(
        self, run: Any, moment: str, call: str, number: int, capfd: pytest.CaptureFixture[str]
    ) -> None:
        own = Own("mine")
        lifecycle = run_lifecycle(run, heartbeat_s=0)
        if moment == "start":
            with self.refused(call, number):
                lifecycle.__enter__()
        else:
            lifecycle.__enter__()
        said = capfd.readouterr().err
        if moment == "end":
            assert said == ""
            with self.refused(call, number):
                assert lifecycle.__exit__(Own, own, None) is False
            said = capfd.readouterr().err
            assert f"next: `aexp mark {run.id} failed`" in said
            assert "in its document, but its ledger entry is written: " in said
            entry = entry_in(Path.cwd(), run.id)
            assert entry["status"] == "failed"
            assert {"started_at", "ended_at", "wallclock_s"} <= set(entry)
        else:
            assert lifecycle.__exit__(Own, own, None) is False
            assert capfd.readouterr().err == ""
            assert {"started_at", "ended_at", "wallclock_s"} <= set(entry_in(Path.cwd(), run.id))
        assert said.count("\n") == 1
        assert f"the {moment} of run {run.id} could not be recorded" in said
        assert os.strerror(number) in said
        assert self.leftovers(run) == []

    @pytest.mark.usefixtures("_impatient")
    @pytest.mark.parametrize("call", ["open", "os.replace"])
    def test_a_heart_that_cannot_beat_says_nothing_and_leaves_nothing(
        self, run: Any, call: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with run_lifecycle(run, heartbeat_s=0.001):
            with self.refused(call, errno.EACCES) as left:
                until = time.monotonic() + 10
                while left[0] > FOREVER - 6 and time.monotonic() < until:
                    time.sleep(0.001)
            assert left[0] <= FOREVER - 6
        assert capfd.readouterr().err == ""
        assert entry_in(Path.cwd(), run.id)["status"] == "complete"
        assert self.leftovers(run) == []

    @pytest.mark.parametrize("number", REFUSALS)
    @pytest.mark.parametrize(("call", "times"), [("open", 3), ("os.replace", 3), ("os.open", 1)])
    def test_what_is_refused_for_a_moment_is_not_lost(
        self, run: Any, call: str, times: int, number: int, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with self.refused(call, number, times) as left, run_lifecycle(run, heartbeat_s=0):
            pass
        assert left == [0]
        assert entry_in(Path.cwd(), run.id)["status"] == "complete"
        for change in (
            lambda: mark_status(run, "failed"),
            lambda: link_to_experiment(run.id, experiment_id="E002"),
        ):
            with self.refused(call, number, times) as left:
                change()
            assert left == [0]
        entry = entry_in(Path.cwd(), run.id)
        assert (entry["status"], entry["run_link"]["experiment_id"]) == ("failed", "E002")
        assert capfd.readouterr().err == ""
        assert self.leftovers(run) == []

    @pytest.mark.usefixtures("_impatient")
    @pytest.mark.parametrize("number", REFUSALS)
    @pytest.mark.parametrize("call", ["open", "os.replace"])
    @pytest.mark.parametrize("argv", [("mark", "failed"), ("link", "--experiment", "E002")])
    def test_a_change_that_cannot_be_made_is_2_and_changes_nothing(
        self,
        run: Any,
        argv: tuple[str, ...],
        call: str,
        number: int,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        mark_status(run, "complete")
        before = entry_in(Path.cwd(), run.id), document_of(Path.cwd(), run.id)
        with self.refused(call, number):
            assert main([argv[0], run.id, *argv[1:]]) == 2
        said = capfd.readouterr()
        assert (said.out, said.err.count("\n")) == ("", 1)
        assert said.err.startswith(f"aexp: {os.strerror(number)}: ")
        assert said.err.rstrip().endswith(DOCUMENT)
        assert (entry_in(Path.cwd(), run.id), document_of(Path.cwd(), run.id)) == before
        assert self.leftovers(run) == []

    @pytest.mark.usefixtures("_impatient")
    @pytest.mark.parametrize("argv", [("mark", "failed"), ("link", "--experiment", "E002")])
    def test_a_change_that_cannot_be_promoted_is_made_and_1(
        self, run: Any, argv: tuple[str, ...], capfd: pytest.CaptureFixture[str]
    ) -> None:
        mark_status(run, "complete")
        before = entry_in(Path.cwd(), run.id)
        with self.refused("os.open", errno.EACCES):
            assert main([argv[0], run.id, *argv[1:]]) == 1
        said = capfd.readouterr().err
        assert said.count("\n") == 1
        assert f"next: `aexp ledger promote {run.id}`" in said
        assert entry_in(Path.cwd(), run.id) == before
        assert main(["ledger", "promote", run.id]) == 0
        assert entry_in(Path.cwd(), run.id) != before

    @pytest.mark.parametrize("verb", [("ledger", "backfill"), ("ledger", "promote")])
    def test_one_document_that_cannot_be_read_keeps_no_other_run_out(
        self, run: Any, repo: Path, verb: tuple[str, ...], capfd: pytest.CaptureFixture[str]
    ) -> None:
        done = {"status": "complete"}
        others = add_jobs(repo, [{"statepoint": {"a": n}, "doc": done} for n in (1, 2)])
        mark_status(run, "complete")
        before = entry_in(repo, run.id)
        real = os.open

        def refuse(path: Any, *rest: Any, **named: Any) -> int:
            if run.id in str(path) and str(path).endswith(DOCUMENT):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return real(path, *rest, **named)

        ids = sorted([run.id, *others]) if verb[-1] == "promote" else []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "open", refuse)
            assert main([*verb, *ids]) == 1
        assert run.id in "".join(capfd.readouterr())
        assert {load_ledger_entry(repo, other)["status"] for other in others} == {"complete"}  # type: ignore[index]
        assert entry_in(repo, run.id) == before


READER = (
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    *(f"--{kind}=-all,+dac_read_search" for kind in ("inh-caps", "ambient-caps", "bounding-set")),
)
"""Begins the command of somebody who may read everything and write nothing of root's."""


def limited(**limits: int) -> Callable[[], None]:
    """What a child does before it becomes another program."""

    def limit() -> None:
        for name, most in limits.items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))

    return limit


@pytest.fixture(scope="module")
def reader() -> tuple[str, ...]:
    if os.geteuid() or subprocess.run([*READER, "prlimit", "true"], check=False).returncode:
        pytest.skip("needs root, setpriv and prlimit")
    return READER


class TestPytest:
    """The verdicts of the pytest face, whatever the system does not give."""

    @pytest.fixture
    def reported(self, repo: Path) -> set[str]:
        """What pytest says of a repository that lacks nothing."""
        entry = add_entry(repo, {"experiment_id": "E001", "seed": 1})
        add_jobs(repo, [{"statepoint": {"a": 1}, "doc": {"status": "complete"}}])
        add_finding(repo, "F001-x", job(entry), batch("E001", "{seed: 1}"), job(NOWHERE))
        write(repo, "kb/research/findings/F002-x.md", "---\n[")
        reported = self.said(self.check())
        assert sorted(line.split()[0] for line in reported) == ["FAILED"] * 2 + ["PASSED"] * 3
        return reported

    @staticmethod
    def check(*before: str, **named: Any) -> subprocess.CompletedProcess[str]:
        # pytest itself captures into temporary files, and ends where there can be none.
        options = ("-p", "no:cacheprovider", "-s", "-rA", "--aexp", "kb")
        return subprocess.run(
            [*before, sys.executable, "-m", "pytest", *options],
            capture_output=True,
            text=True,
            check=False,
            **named,
        )

    @staticmethod
    def said(done: subprocess.CompletedProcess[str]) -> set[str]:
        assert done.returncode == 1, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        lines = done.stdout.splitlines()
        return {line for line in lines if line.startswith(("PASSED", "FAILED", "ERROR"))}

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "limits",
        [{"FSIZE": 0}, {"NOFILE": 32}, {"AS": 400 << 20}],
        ids=lambda given: next(iter(given)),
    )
    def test_limits_of_the_system_change_no_verdict(
        self, reported: set[str], limits: dict[str, int]
    ) -> None:
        assert self.said(self.check(preexec_fn=limited(**limits))) == reported

    @pytest.mark.slow
    @pytest.mark.parametrize("limit", [(), ("prlimit", "--nproc=0")], ids=["read-only", "no fork"])
    def test_a_user_who_may_only_read_gets_the_same_verdict(
        self, reported: set[str], reader: tuple[str, ...], repo: Path, limit: tuple[str, ...]
    ) -> None:
        before = sorted(repo.rglob("*"))
        assert self.said(self.check(*reader, *limit)) == reported
        assert sorted(repo.rglob("*")) == before

    @pytest.mark.slow
    @pytest.mark.parametrize("home", [{}, {"HOME": "/nowhere"}], ids=["unset", "missing"])
    def test_a_user_without_a_home_gets_the_same_verdict(
        self, reported: set[str], home: dict[str, str]
    ) -> None:
        homeless = {name: value for name, value in os.environ.items() if name != "HOME"}
        assert self.said(self.check(env={**homeless, **home})) == reported


CHECK = """
import os, resource, sys
from pytest_aexp.cli import main
from pytest_aexp.validate import validate_repo

{before}
sys.exit(main(["validate"]))
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repo = tmp_path_factory.mktemp("large")
    (repo / ".git").mkdir()
    ids = [add_entry(repo, {"experiment_id": "E001", "seed": seed}) for seed in range(2001)]
    write(repo, entry_path(ids[7]), "{")
    add_finding(repo, "F001-x", job(ids[0]), job(ids[7]), batch("E001", "{seed: 1}"))
    return repo


@pytest.fixture(scope="module")
def reported(large: Path) -> str:
    done = TestManyEntries.check(large)
    assert "1 finding, 3 citations, 2,001 ledger entries: 1 error" in done.stdout, done
    return done.stdout


@pytest.mark.slow
class TestManyEntries:
    """``aexp validate`` of some thousand entries."""

    @staticmethod
    def check(
        repo: Path, *first: str, before: str = "", **named: Any
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*first, sys.executable, "-c", CHECK.format(before=before)],
            cwd=repo,
            capture_output=True,
            text=True,
            check=False,
            **named,
        )

    @pytest.mark.parametrize("limits", [{"FSIZE": 0}, {"NOFILE": 32}, {"AS": 400 << 20}])
    def test_limits_of_the_system_change_no_verdict(
        self, large: Path, reported: str, limits: dict[str, int]
    ) -> None:
        done = self.check(large, preexec_fn=limited(**limits))
        assert (done.returncode, done.stdout, done.stderr) == (1, reported, "")

    @pytest.mark.parametrize("limit", [(), ("prlimit", "--nproc=0")], ids=["read-only", "no fork"])
    def test_a_user_who_may_only_read_gets_the_same_verdict(
        self, large: Path, reported: str, reader: tuple[str, ...], limit: tuple[str, ...]
    ) -> None:
        done = self.check(large, *reader, *limit)
        assert (done.returncode, done.stdout, done.stderr) == (1, reported, "")

    @pytest.mark.parametrize("free", range(8))
    def test_too_many_open_files_are_no_fault_of_an_entry(
        self, large: Path, reported: str, free: int
    ) -> None:
        few = f"""
validate_repo(os.environ["SMALL"])  # has everything imported
most = os.dup(0) + {free}
os.close(most - {free})
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
"""
        done = self.check(large, before=few, env={**os.environ, "SMALL": str(large)})
        if done.returncode == 2:
            assert done.stdout == ""
            assert done.stderr.startswith("aexp: Too many open files: /")
            assert done.stderr.count("\n") == 1
        else:
            assert (done.returncode, done.stdout, done.stderr) == (1, reported, "")
        assert done.returncode == (1 if free > 1 else 2)  # a folder, and a file in it


class TestFolders:
    """A folder that cannot be listed is not an empty one, nor is a file that cannot be opened."""

    FOLDERS = (".aexp/ledger", ".aexp/ledger/packs", "kb/research/findings")

    @pytest.fixture
    def reported(self, repo: Path, capfd: pytest.CaptureFixture[str]) -> str:
        entry = add_entry(repo, {"experiment_id": "E001", "seed": 1})
        add_segment(repo, [entry_of({"experiment_id": "E001", "seed": 2})])
        runs = add_jobs(repo, [{"statepoint": {"a": 1}, "doc": {"status": "complete"}}])
        write(repo, ".aexp/runs-index/other.json", '{"schema_version": 1, "entries": []}')
        add_finding(repo, "sub/F001-x", job(entry), job(*runs), batch("E001", "{seed: 2}"))
        return self.check(capfd)

    @staticmethod
    def check(capfd: pytest.CaptureFixture[str], status: int = 0) -> str:
        assert main(["validate"]) == status
        said = capfd.readouterr()
        assert (said.err if status == 0 else said.out) == ""
        return said.out + said.err

    @staticmethod
    @contextmanager
    def failing(number: int, *, below: str = "", at: int = 0) -> Iterator[list[str]]:
        """Have a folder's listing fail, or each n-th call; the paths for which it did."""
        failed: list[str] = []
        count = [0]

        def watched(real: Callable[..., Any], path: Any, *rest: Any, **named: Any) -> Any:
            if str(path).startswith(os.getcwd()):
                count[0] += 1
                if count[0] == at or (below and str(path).endswith(f"/{below}")):
                    failed.append(str(path))
                    raise OSError(number, os.strerror(number), str(path))
            return real(path, *rest, **named)

        with pytest.MonkeyPatch.context() as patch:
            for name in ("scandir", "open") if at else ("scandir",):
                patch.setattr(os, name, partial(watched, getattr(os, name)))
            yield failed

    @pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
    def test_whatever_is_one_too_many_open_is_named(
        self, reported: str, number: int, capfd: pytest.CaptureFixture[str]
    ) -> None:
        at, failed = 0, ["something"]
        met, named = set[str](), set[str]()
        while failed:
            at += 1
            with self.failing(number, at=at) as failed:
                status = main(["validate"])
            outcome = (status, *capfd.readouterr())
            met.update(failed)
            if status:
                named.update(failed)
                assert outcome == (2, "", f"aexp: {os.strerror(number)}: {''.join(failed)}\n")
            else:
                # What is only looked at to remember it is not needed.
                assert outcome == (0, reported, "")
        assert named >= {path for path in met if "/.git/" not in path}
        assert at > 9

    @pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE])
    @pytest.mark.parametrize("folder", [*FOLDERS, "kb/research/findings/sub"])
    def test_a_folder_that_cannot_be_listed_is_named(
        self, reported: str, folder: str, number: int, repo: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with self.failing(number, below=folder):
            assert self.check(capfd, 2) == f"aexp: {os.strerror(number)}: {repo / folder}\n"

    def test_an_entry_that_cannot_be_looked_for_is_not_missing(
        self, reported: str, repo: Path
    ) -> None:
        (path,) = (repo / ".aexp/ledger").glob("*.json")
        real = os.lstat

        def refuse(looked: Any, **named: Any) -> os.stat_result:
            if str(looked) == str(path):
                raise PermissionError(errno.EACCES, "Permission denied", looked)
            return real(looked, **named)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "lstat", refuse)
            with pytest.raises(PermissionError):
                Ledger(WorkTree(repo)).get(path.stem)

    @pytest.mark.parametrize(
        ("folder", "said"),
        [
            (".aexp/runs-index", "the machine index folder cannot be listed: "),
            (".runs/workspace", "the runs of this machine cannot be listed: "),
        ],
    )
    def test_a_store_or_index_that_cannot_be_listed_is_a_warning(
        self, reported: str, folder: str, said: str, repo: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with self.failing(errno.EACCES, below=folder):
            words = self.check(capfd)
        assert f"{folder}:1:1: warning: {said}Permission denied" in words
        assert "2 ledger entries" in words

    def test_a_store_that_may_not_be_entered_is_not_missing(
        self, reported: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        real = os.stat

        def refuse(looked: Any, **named: Any) -> os.stat_result:
            if "/.runs/" in str(looked):
                raise PermissionError(errno.EACCES, "Permission denied", looked)
            return real(looked, **named)

        with pytest.MonkeyPatch.context() as patch, self.failing(errno.EACCES, below="workspace"):
            patch.setattr(os, "stat", refuse)
            assert main(["validate"]) == 1
        said = capfd.readouterr().out
        assert ".runs/workspace:1:1: warning: the runs of this machine cannot be listed" in said
        assert "not in this machine's run store (which cannot be listed)" in said

    def test_no_run_is_there_to_work_on_where_nobody_can_tell(
        self, reported: str, repo: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        known = sorted((repo / ".aexp").rglob("*"))
        (job_id,) = os.listdir(".runs/workspace")
        verbs = [("ledger", "backfill"), ("ledger", "promote", job_id), ("runs-export-index",)]
        for verb in (*verbs, ("mark", job_id, "failed")):
            with self.failing(errno.EACCES, below=".runs/workspace"):
                assert main(verb) == 2
            said = capfd.readouterr().err.splitlines()[-1]
            assert said == f"aexp: Permission denied: {repo}/.runs/workspace"
        with self.failing(errno.EACCES, below=".runs/workspace"), pytest.raises(PermissionError):
            find_runs(experiment_id="E001")
        assert sorted((repo / ".aexp").rglob("*")) == known

    @pytest.mark.slow
    @pytest.mark.parametrize("folder", FOLDERS)
    def test_pytest_says_it_in_a_line(self, reported: str, folder: str, repo: Path) -> None:
        add_finding(repo, "F002-x", job(NOWHERE))
        write(
            repo,
            "failing.py",
            "import os\nfrom pytest_aexp.model import ledger\n"
            "ledger.MOST_LOOKED_UP = 0  # the folder is listed before any item is judged\n"
            "real = os.scandir\ndef scandir(path='.'):\n"
            f"    if str(path).endswith('/{folder}'):\n"
            "        raise PermissionError(13, 'Permission denied', str(path))\n"
            "    return real(path)\n"
            "def pytest_configure():\n    os.scandir = scandir\n",
        )
        done = TestPytest.check("env", "PYTHONPATH=.", "PYTEST_PLUGINS=failing")
        assert done.returncode in (1, 2), done
        said = [line for line in done.stdout.splitlines() if not line.startswith("PASSED")]
        assert "INTERNALERROR" not in done.stdout + done.stderr
        assert "pytest_aexp/" not in done.stdout + done.stderr
        assert any("Permission denied" in line and folder in line for line in said), done.stdout
        assert not any("was not found" in line for line in said)
