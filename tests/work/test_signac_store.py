"""Where the run store is, and whose it is, wherever it lies."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import signac
from repositories import new_repository, write

from pytest_aexp.cli import main
from pytest_aexp.ground.errors import (
    AexpError,
    NotPromotable,
    RepositoryNotFound,
    RunStoreNotInitialized,
)
from pytest_aexp.ledger import load_ledger_entry
from pytest_aexp.runs import (
    create_run,
    find_runs,
    get_run_store,
    init_run_store,
    mark_status,
    open_run,
    run_lifecycle,
)
from pytest_aexp.work.signac_store import opened_for, repository_of


def configure(repo: Path, store: Path | str) -> None:
    write(repo, "pyproject.toml", f"[tool.aexp]\nrun_store = {json.dumps(str(store))}\n")


def test_a_store_is_made_once(repo: Path) -> None:
    made = init_run_store(repo)
    job = made.open_job({"a": 1}).init()
    assert Path(made.path) == repo / ".runs"
    assert (repo / ".runs/.signac/config").is_file()
    assert [each.id for each in init_run_store(repo)] == [job.id]
    assert Path(get_run_store().path) == Path(get_run_store(str(repo)).path) == repo / ".runs"


def test_the_store_that_is_configured_is_the_store(repo: Path) -> None:
    init_run_store(repo, "data/runs")
    with pytest.raises(RunStoreNotInitialized):
        get_run_store()
    write(repo, ".aexp/installed.json", '{"run_store_path": "data/runs"}')
    assert Path(get_run_store().path) == repo / "data/runs"
    init_run_store(repo, "other")
    configure(repo, "other")
    assert Path(get_run_store().path) == repo / "other"


def test_a_signac_project_further_up_is_not_the_store(tmp_path: Path, repo: Path) -> None:
    signac.init_project(str(tmp_path))
    for folder in (None, repo / ".runs"):
        if folder:
            folder.mkdir()
        with pytest.raises(RunStoreNotInitialized) as caught:
            get_run_store(repo)
        assert str(repo / ".runs") in str(caught.value)
        assert "aexp install" in str(caught.value)
    assert Path(init_run_store(repo).path) == repo / ".runs"


def test_the_error_is_also_what_callers_expect(repo: Path) -> None:
    with pytest.raises(RuntimeError):
        get_run_store(repo)


def test_outside_of_any_repository_there_is_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RepositoryNotFound):
        get_run_store()


@pytest.mark.parametrize("config", ["schema_version = 1\n", "[[[", "schema_version = 99\n"])
def test_a_store_that_signac_cannot_open_is_said_in_one_line(repo: Path, config: str) -> None:
    init_run_store(repo)
    write(repo, ".runs/.signac/config", config)
    for attempt in (get_run_store, init_run_store):
        with pytest.raises(AexpError) as caught:
            attempt(repo)
        assert str(repo / ".runs") in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_link_whose_target_does_not_exist_yet_is_followed(tmp_path: Path, repo: Path) -> None:
    (repo / ".runs").symlink_to(tmp_path / "scratch" / "runs")
    init_run_store(repo)
    assert (tmp_path / "scratch/runs/.signac/config").is_file()


def test_without_signac_the_error_says_how_to_install_it(repo: Path) -> None:
    code = (
        "import sys; sys.modules['signac'] = None\n"
        "from pytest_aexp.cli import main\n"
        "sys.exit(main(['new-run', '--experiment', 'E001']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repo, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "pip install 'pytest-aexp[runs]'" in done.stderr
    assert "Traceback" not in done.stderr


# Whose store it is


@dataclass(frozen=True)
class Place:
    """A run store somewhere, configured or not, for the repository ``repo``."""

    store: str
    configured: bool = True
    link: str | None = None


PLACES = {
    "usual": Place("repo/.runs", configured=False),
    "inside": Place("repo/data/runs"),
    "inside, not configured": Place("repo/data/runs", configured=False),
    "absolute": Place("scratch/runs"),
    "a link": Place("scratch/runs", configured=False, link="repo/.runs"),
    "a link that is configured": Place("scratch/runs", link="repo/data/runs"),
    "inside another repository": Place("other/runs"),
    "inside a repository in the repository": Place("repo/vendored/runs"),
}
HERE = ("repo", "repo/sub", "other", ".")


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Place, str], Path]:
    """The repository with its store at a place; the second argument becomes the current folder."""

    def making(place: Place, here: str) -> Path:
        repo = new_repository(tmp_path / "repo")
        (repo / "sub").mkdir()
        new_repository(tmp_path / "other")
        new_repository(repo / "vendored")
        store = tmp_path / place.store
        store.mkdir(parents=True)
        signac.init_project(str(store))
        if place.link:
            (tmp_path / place.link).parent.mkdir(exist_ok=True)
            (tmp_path / place.link).symlink_to(store)
        if place.configured:
            configure(repo, tmp_path / (place.link or place.store))
        monkeypatch.chdir(tmp_path / here)
        return repo

    return making


@pytest.mark.parametrize("here", HERE)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_entries_of_a_store_opened_here_go_to_its_repository(
    make: Callable[[Place, str], Path], tmp_path: Path, place: Place, here: str
) -> None:
    repo = make(place, here)
    if place.store == "repo/data/runs" and not place.configured:
        job = init_run_store(repo, "data/runs").open_job({"experiment_id": "E001"}).init()
    else:
        job = create_run(experiment_id="E001", repo_root=repo)
    mark_status(job, "complete")
    assert load_ledger_entry(repo, job.id)
    assert not list(tmp_path.glob("**/ledger/*.json"))[1:]


# Whoever opens a store through signac itself gives no more away than where he is and where it is.
FOUND = {
    "usual": HERE,
    "inside": HERE,
    "inside, not configured": HERE,
    "absolute": ("repo", "repo/sub"),
    "a link": ("repo", "repo/sub"),
    "a link that is configured": ("repo", "repo/sub"),
    "inside another repository": ("repo", "repo/sub"),
    "inside a repository in the repository": HERE,
}


@pytest.mark.parametrize("here", HERE)
@pytest.mark.parametrize("place", PLACES)
def test_entries_of_a_store_opened_by_signac_go_to_the_repository_that_has_it(
    make: Callable[[Place, str], Path], tmp_path: Path, place: str, here: str
) -> None:
    repo = make(PLACES[place], here)
    job = signac.get_project(str(tmp_path / PLACES[place].store)).open_job({"a": 1}).init()
    if here in FOUND[place]:
        assert repository_of(job) == repo
    elif place == "inside another repository":
        assert repository_of(job) == tmp_path / "other"
    else:
        with pytest.raises(NotPromotable) as caught:
            repository_of(job)
        assert "run_store = " in str(caught.value)
        assert str(tmp_path / PLACES[place].store) in str(caught.value)


def test_a_link_in_the_repository_is_as_good_as_a_folder(
    make: Callable[[Place, str], Path], tmp_path: Path
) -> None:
    repo = make(PLACES["a link"], ".")
    job = signac.get_project(str(repo / ".runs")).open_job({"a": 1}).init()
    assert repository_of(job) == repo


def test_a_link_to_a_store_in_the_repository_leads_to_the_repository(
    make: Callable[[Place, str], Path], tmp_path: Path
) -> None:
    repo = make(PLACES["inside"], ".")
    (tmp_path / "short").symlink_to(repo / "data/runs")
    job = signac.get_project(str(tmp_path / "short")).open_job({"a": 1}).init()
    assert repository_of(job) == repo


def test_a_run_whose_repository_is_unknown_still_ends(
    make: Callable[[Place, str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(PLACES["absolute"], ".")
    job = signac.get_project(str(tmp_path / "scratch/runs")).open_job({"a": 1}).init()
    mark_status(job, "complete")
    assert job.doc["status"] == "complete"
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert f"aexp ledger promote {job.id}" in lines[0]


@pytest.mark.parametrize(
    "pyproject",
    [
        "[tool.aexp]\nrun_store = 3",
        "[",
        '[tool.aexp]\nrun_store = "~nobody-9/x"',
        '[tool.aexp]\nrun_store = "a\\u0000b"',
    ],
)
def test_a_configuration_that_cannot_be_read_leaves_the_place(repo: Path, pyproject: str) -> None:
    job = init_run_store(repo).open_job({"a": 1}).init()
    write(repo, "pyproject.toml", pyproject)
    opened = signac.get_project(str(repo / ".runs")).open_job(id=job.id)
    assert repository_of(opened) == repo


def test_a_project_knows_its_repository_in_another_process_too(
    make: Callable[[Place, str], Path],
) -> None:
    repo = make(PLACES["absolute"], ".")
    job = create_run(experiment_id="E001", repo_root=repo)
    sent = pickle.loads(pickle.dumps(job))
    assert opened_for(sent.project) == repo
    assert repository_of(open_run(job.id, repo_root=repo)) == repo
    found: list[Any] = list(get_run_store(repo).find_jobs({"experiment_id": "E001"}))
    assert [repository_of(each) for each in found] == [repo]


def never_ends(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/zero")


def pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)


def large(path: Path) -> None:
    with path.open("ab") as stream:
        stream.truncate((16 << 20) + 1)


TRAPS = {"a named pipe, not a file": pipe, "a device, not a file": never_ends}
TRAPS_OF_A_RUN = {**TRAPS, "larger than 16 MiB": large}
STORE_FILES = (".signac/config", ".signac/statepoint_cache.json.gz", "signac.rc")
VERBS = ("install", "install --dry-run", "new-run --experiment E001 --no-commit")
RUN_VERBS = ("mark {id} failed", "link {id} --experiment E002")


@pytest.mark.skipif(os.name == "nt", reason="has no named pipes")
class TestWhatSignacWouldWaitFor:
    """Or read without end: it is told, and nothing opens it."""

    @pytest.mark.parametrize("name", STORE_FILES)
    @pytest.mark.parametrize("said", TRAPS)
    @pytest.mark.parametrize("verb", VERBS)
    def test_a_trap_in_the_store_is_named_and_not_waited_for(
        self, repo: Path, name: str, said: str, verb: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        if name != STORE_FILES[0]:
            init_run_store(repo)
        path = repo / ".runs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        TRAPS[said](path)
        assert main(verb.split()) == 2
        assert capsys.readouterr() == ("", self.reported(path, said))
        assert not (repo / ".aexp").exists()

    @pytest.mark.parametrize("name", ["signac_statepoint.json", "signac_job_document.json"])
    @pytest.mark.parametrize("said", TRAPS_OF_A_RUN)
    @pytest.mark.parametrize("verb", RUN_VERBS)
    def test_a_trap_in_a_run_is_named_and_not_waited_for(
        self, repo: Path, name: str, said: str, verb: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        job = self.run(repo)
        TRAPS_OF_A_RUN[said](Path(job.fn(name)))
        assert main(verb.format(id=job.id).split()) == 2
        assert capsys.readouterr() == ("", self.reported(job.fn(name), said))

    def test_where_a_run_is_made_again(self, repo: Path) -> None:
        job = self.run(repo)
        pipe(Path(job.fn("signac_statepoint.json")))
        with pytest.raises(AexpError, match="is a named pipe"):
            self.run(repo)

    def test_a_trap_in_a_search_is_named_and_not_waited_for(self, repo: Path) -> None:
        pipe(Path(self.run(repo).fn("signac_job_document.json")))
        with pytest.raises(AexpError, match="is a named pipe"):
            find_runs(**{"seed.$gt": 0})

    def test_a_run_goes_on_that_cannot_be_recorded(
        self, repo: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        job = self.run(repo)
        pipe(Path(job.fn("signac_job_document.json")))
        with run_lifecycle(job):
            pass
        assert capsys.readouterr().err.count("is a named pipe") == 2

    def run(self, repo: Path) -> Any:
        init_run_store(repo)
        return create_run(experiment_id="E001", statepoint={"seed": 1}, include_commit=False)

    def reported(self, path: Path | str, said: str) -> str:
        return f"aexp: {path} is {said}, so signac must not open it: restore or remove it\n"
