"""The run store on another device than the repository, and a ledger that is a mount of its own."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from repositories import add_finding, add_jobs, job, write
from runscripts import entry_in

from pytest_aexp.cli import main
from pytest_aexp.ground.files import write_new
from pytest_aexp.install import install_scaffold
from pytest_aexp.ledger import list_ledger_job_ids
from pytest_aexp.model.entry import entry_path
from pytest_aexp.runs import create_run, find_runs, get_run_store, mark_status, run_lifecycle
from pytest_aexp.validate import validate_repo

pytestmark = pytest.mark.skipif(os.name == "nt", reason="devices as POSIX has them")


@pytest.fixture
def elsewhere(repo: Path) -> Iterator[Path]:
    """A folder on another device than the repository."""
    here = repo.stat().st_dev
    for place in ("/dev/shm", tempfile.gettempdir(), "/var/tmp", Path.home()):
        if os.path.isdir(place) and os.access(place, os.W_OK) and os.stat(place).st_dev != here:
            with tempfile.TemporaryDirectory(dir=place) as folder:
                yield Path(folder)
            return
    pytest.skip("there is one device only")


def configured(repo: Path, store: Path) -> None:
    write(repo, "pyproject.toml", f"[tool.aexp]\nrun_store = {json.dumps(str(store))}\n")


def marked(repo: Path, store: Path) -> None:
    write(repo, ".aexp/installed.json", json.dumps({"run_store_path": str(store)}))


def linked(repo: Path, store: Path) -> None:
    (repo / ".runs").symlink_to(store)


@pytest.mark.parametrize("way", [configured, marked, linked])
def test_a_store_on_another_device(
    way: Callable[[Path, Path], None], repo: Path, elsewhere: Path, tmp_path: Path
) -> None:
    store = elsewhere / "runs"
    way(repo, store)
    assert main(["install", "--machine-label", "here"]) == 0
    assert os.path.samefile(get_run_store().path, store)
    runs = [
        create_run(experiment_id="E001", statepoint={"seed": seed}, include_commit=False)
        for seed in range(3)
    ]
    assert all(os.path.samefile(run.path, store / "workspace" / run.id) for run in runs)
    ids = [run.id for run in runs]
    # A run's script is started anywhere: the entry goes to the repository it was opened for.
    os.chdir(tmp_path)
    with run_lifecycle(runs[0]):
        pass
    mark_status(runs[1], "stopped")
    os.chdir(repo)
    assert list_ledger_job_ids(repo) == set(ids[:2])
    runs[2].doc["status"] = "failed"
    assert main(["ledger", "promote", ids[2]]) == 0
    assert main(["link", ids[2], "--experiment", "E002"]) == 0
    assert entry_in(repo, ids[2])["run_link"]["experiment_id"] == "E002"
    (repo / entry_path(ids[0])).unlink()
    assert main(["ledger", "backfill"]) == 0
    assert [entry_in(repo, i)["status"] for i in ids] == ["complete", "stopped", "failed"]
    assert {run.id for run in find_runs(experiment_id="E001")} == set(ids)
    assert main(["runs-export-index"]) == 0
    index = json.loads((repo / ".aexp/runs-index/here.json").read_bytes())
    assert {entry["job_id"] for entry in index["entries"]} == set(ids)
    add_finding(repo, "F001-x", *map(job, ids))
    assert {issue.code for issue in validate_repo(repo)} == {"evidence.failed_run"}
    assert not list(repo.rglob("*.tmp"))
    assert sorted(path.name for path in elsewhere.iterdir()) == ["runs"]
    assert not [path for path in store.rglob("*") if ".aexp" in path.parts]
    assert not [path for path in store.rglob("*") if path.name.startswith("._")]


@pytest.mark.parametrize("way", [configured, marked, linked])
def test_a_script_finds_the_repository_of_a_store_that_signac_opened(
    way: Callable[[Path, Path], None], repo: Path, elsewhere: Path
) -> None:
    import signac

    store = elsewhere / "runs"
    way(repo, store)
    install_scaffold(repo)
    add_jobs(elsewhere, [{"statepoint": {"a": 1}, "doc": {"status": "running"}}], "runs")
    (run,) = signac.get_project(str(store))
    mark_status(run, "complete")
    assert list_ledger_job_ids(repo) == {run.id}


def test_without_hard_links_a_new_file_that_fails_leaves_no_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    write_new(tmp_path / "x", b"1")
    assert (tmp_path / "x").read_bytes() == b"1"
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError):
        write_new(tmp_path / "y", b"2")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root")
class TestMounted:
    """A file system of its own: nothing can be renamed into it from outside."""

    @pytest.fixture(params=[".aexp/ledger", ".aexp/ledger/packs"])
    def runs(self, request: pytest.FixtureRequest, repo: Path) -> Iterator[list[str]]:
        install_scaffold(repo)
        points = [{"experiment_id": "E001", "seed": seed} for seed in range(3)]
        ids = add_jobs(repo, [{"statepoint": p, "doc": {"status": "complete"}} for p in points])
        place = repo / request.param
        place.mkdir(exist_ok=True)
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)]
        if not shutil.which("mount") or subprocess.run(mount, check=False).returncode:
            pytest.skip("no file system can be mounted here")
        try:
            assert place.stat().st_dev != repo.stat().st_dev
            yield ids
        finally:
            subprocess.run(["umount", place], check=True)

    @staticmethod
    def temporary(repo: Path) -> list[str]:
        return [path.name for path in (repo / ".aexp").rglob("*") if path.suffix == ".tmp"]

    def test_all_that_writes_works(self, runs: list[str], repo: Path) -> None:
        assert main(["ledger", "promote", runs[0]]) == 0
        assert main(["ledger", "backfill"]) == 0
        assert main(["mark", runs[0], "failed"]) == 0
        assert entry_in(repo, runs[0])["status"] == "failed"
        assert list_ledger_job_ids(repo) == set(runs)
        assert self.temporary(repo) == []
        assert main(["ledger", "pack"]) == 0
        assert not list((repo / ".aexp/ledger").glob("*.json"))
        assert list_ledger_job_ids(repo) == set(runs)
        assert main(["ledger", "unpack", runs[1]]) == 0
        assert (repo / entry_path(runs[1])).is_file()
        assert self.temporary(repo) == []
        add_finding(repo, "F001-x", *map(job, runs))
        assert {issue.code for issue in validate_repo(repo)} == {"evidence.failed_run"}

    def test_where_it_may_only_be_read_a_run_ends_as_it_ended(
        self, runs: list[str], repo: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["ledger", "backfill"]) == 0
        assert main(["ledger", "pack"]) == 0
        assert main(["ledger", "unpack", runs[0]]) == 0
        (mounted,) = (p for p in (".aexp/ledger", ".aexp/ledger/packs") if os.path.ismount(p))
        subprocess.run(["mount", "-o", "remount,ro", repo / mounted], check=True)
        capfd.readouterr()
        writable = mounted != ".aexp/ledger"
        assert main(["mark", runs[0], "failed"]) == (0 if writable else 1)
        output = capfd.readouterr().err
        assert output.count("\n") == (0 if writable else 1)
        assert writable or "Read-only file system" in output
        assert entry_in(repo, runs[0])["status"] == ("failed" if writable else "complete")
        # The other two are packed already.
        assert main(["ledger", "pack"]) == 2
        assert "aexp: Read-only file system: " in capfd.readouterr().err
        assert self.temporary(repo) == []
        assert list_ledger_job_ids(repo) == set(runs)
