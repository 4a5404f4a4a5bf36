"""What a check said is remembered, and only while nothing that it rests on has changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from repositories import add_entry, add_finding, add_jobs, batch, git, job, write

from pytest_aexp.ground.git import cache_dir
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.problems import Outcome, Policy
from pytest_aexp.work.check import result_cache
from pytest_aexp.work.check.checker import Checker, judge_repository
from pytest_aexp.work.check.result_cache import outcome_of

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")

NOWHERE = "deadbeef" * 4
POINT = {"experiment_id": "E001", "seed": 1}
LONG_AGO = -(10**18)


class JudgedAgain(Exception):
    """The check was not remembered."""


@pytest.fixture(params=["alone", "beside"])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are looked at by this process, or by a copy of it."""
    monkeypatch.setattr(result_cache, "MANY", 1)
    monkeypatch.setattr(result_cache, "COARSEST", LONG_AGO)
    beside = request.param == "beside" and sys.platform == "linux"
    monkeypatch.setattr(result_cache, "can_share", lambda: beside)


@pytest.fixture
def told(repo: Path, ways: None) -> Outcome:
    """What the first check of a repository said; it has something to complain about."""
    entry = add_entry(repo, POINT)
    add_finding(repo, "F001", job(entry), batch("E001", "{seed: 1}"))
    add_finding(repo, "F002", job(NOWHERE))
    add_jobs(repo, [{"statepoint": {"a": 1}, "doc": {"status": "running"}}])
    write(repo, ".aexp/runs-index/other.json", "{}")
    outcome = checked(repo)
    assert {problem.severity for problem in outcome.problems} == {"error", "warning"}
    return outcome


def checked(
    repo: Path, policy: Policy | None = None, judge: Callable[[], Outcome] | None = None
) -> Outcome:
    repository, policy = Repository.open(repo), policy or Policy()
    whole = Checker(repository, WorkTree(repo), policy)
    return outcome_of(repository, policy, judge or (lambda: judge_repository(whole)))


def again(repo: Path, policy: Policy | None = None) -> Outcome:
    """What a check says that may not judge."""

    def judge() -> Outcome:
        raise JudgedAgain

    return checked(repo, policy, judge)


def kept(repo: Path) -> list[Path]:
    return sorted((repo / ".git/aexp").glob("*"))


def test_the_same_is_said_again(repo: Path, told: Outcome) -> None:
    assert again(repo) == told
    assert again(repo) == told


def same_size_and_time(repo: Path) -> None:
    (path,) = (repo / ".aexp/ledger").glob("*.json")
    info = path.stat()
    path.write_text(path.read_text().replace('"seed": 1', '"seed": 2'))
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))


def another_in_its_place(repo: Path) -> None:
    (path,) = (repo / "kb/research/findings").glob("F001*")
    info = path.stat()
    copy = path.with_suffix(".tmp")
    shutil.copy2(path, copy)
    os.utime(copy, ns=(info.st_atime_ns, info.st_mtime_ns))
    copy.replace(path)


def renamed(repo: Path) -> None:
    (path,) = (repo / "kb/research/findings").glob("F001*")
    path.rename(path.with_name("F009-other.md"))


def removed(repo: Path) -> None:
    next((repo / ".aexp/ledger").glob("*.json")).unlink()


def come_and_gone(repo: Path) -> None:
    write(repo, f".aexp/ledger/{'0' * 32}.json", "{}").unlink()


def the_run_ends(repo: Path) -> None:
    (path,) = (repo / ".runs/workspace").glob("*/signac_job_document.json")
    path.write_text('{"status": "complete"}')


def no_store(repo: Path) -> None:
    shutil.rmtree(repo / ".runs")


CHANGES: dict[str, Callable[[Path], object]] = {
    "an entry of the same size and time": same_size_and_time,
    "an entry more": lambda repo: add_entry(repo, {"experiment_id": "E001", "seed": 3}),
    "an entry less": removed,
    "an entry that came and went": come_and_gone,
    "a stray": lambda repo: write(repo, ".aexp/ledger/stray.json", "{}"),
    "a segment": lambda repo: write(repo, ".aexp/ledger/packs/a/2026-01-001.jsonl", "{}\n"),
    "a folder for segments": lambda repo: (repo / ".aexp/ledger/packs").mkdir(),
    "another finding in its place": another_in_its_place,
    "a finding renamed": renamed,
    "a finding more": lambda repo: add_finding(repo, "F003"),
    "an index": lambda repo: write(repo, ".aexp/runs-index/more.json", "{}"),
    "the marker": lambda repo: write(repo, ".aexp/installed.json", "{"),
    "the settings": lambda repo: write(repo, "pyproject.toml", "[tool.aexp]\nfindings = 'x/*'\n"),
    "a run that ends": the_run_ends,
    "a run more": lambda repo: add_jobs(repo, [{"statepoint": {"a": 2}, "doc": {}}]),
    "no store": no_store,
    "who may read": lambda repo: next((repo / ".aexp/ledger").glob("*.json")).chmod(0o600),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changed_is_judged_again(
    repo: Path, told: Outcome, change: Callable[[Path], object]
) -> None:
    change(repo)
    with pytest.raises(JudgedAgain):
        again(repo)
    now = checked(repo)
    assert again(repo) == now


def test_so_is_what_is_judged_by_another_policy(repo: Path, told: Outcome) -> None:
    for policy in (Policy("warn"), Policy("off"), Policy(severity={"ledger.leak": "off"})):
        with pytest.raises(JudgedAgain):
            again(repo, policy)
    assert again(repo) == told


def test_so_is_what_another_program_would_judge(
    repo: Path, told: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(JudgedAgain):
        again(repo)
    checked(repo)
    (tmp_path / "site/other.dist-info").mkdir()
    with pytest.raises(JudgedAgain):
        again(repo)


def test_a_file_that_is_not_read_changes_nothing(repo: Path, told: Outcome) -> None:
    write(repo, "README.md", "more")
    write(repo, "kb/research/experiments/E001-x.md", "more")
    assert again(repo) == told


@pytest.mark.usefixtures("ways")
@pytest.mark.parametrize("place", [".aexp/ledger", "kb/research/findings", ".aexp"])
def test_nothing_is_remembered_of_what_is_reached_by_a_link(repo: Path, place: str) -> None:
    add_finding(repo, "F001", job(add_entry(repo, POINT)))
    folder = repo / place
    folder.rename(repo / "elsewhere")
    folder.symlink_to(repo / "elsewhere")
    checked(repo)
    assert kept(repo) == []


@pytest.mark.usefixtures("ways")
def test_nor_of_a_file_that_is_a_link(repo: Path) -> None:
    path = write(repo, "elsewhere.md", "---\n---\n")
    add_finding(repo, "F001")
    (repo / "kb/research/findings/F002-x.md").symlink_to(path)
    checked(repo)
    assert kept(repo) == []


def test_nor_of_what_is_so_new_that_it_may_change_in_the_same_tick(
    repo: Path, told: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(repo / ".git/aexp")
    monkeypatch.setattr(result_cache, "COARSEST", 3_000_000_000)
    assert checked(repo) == told
    assert kept(repo) == []
    # What was at rest for longer is.
    monkeypatch.setattr(result_cache, "COARSEST", 0)
    assert checked(repo) == told
    assert again(repo) == told


def test_nor_of_little(repo: Path, told: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(repo / ".git/aexp")
    monkeypatch.setattr(result_cache, "MANY", 500)
    assert checked(repo) == told
    assert kept(repo) == []


@pytest.mark.parametrize("damage", [b"", b"x", b"flip", b"half"])
def test_a_damaged_memory_is_not_believed(repo: Path, told: Outcome, damage: bytes) -> None:
    (path,) = kept(repo)
    whole = path.read_bytes()
    flipped = whole.replace(b'"error"', b'"warn!"')
    path.write_bytes({b"flip": flipped, b"half": whole[: len(whole) // 2]}.get(damage, damage))
    with pytest.raises(JudgedAgain):
        again(repo)
    assert checked(repo) == told
    assert again(repo) == told


def test_a_link_in_its_place_is_not_followed(repo: Path, told: Outcome, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    shutil.move(repo / ".git/aexp", outside)
    before = sorted(outside.iterdir())
    (repo / ".git/aexp").symlink_to(outside)
    with pytest.raises(JudgedAgain):
        again(repo)
    assert checked(repo) == told
    assert sorted(outside.iterdir()) == before


def test_where_nothing_can_be_written_all_is_judged(repo: Path, told: Outcome) -> None:
    shutil.rmtree(repo / ".git/aexp")
    write(repo, ".git/aexp", "in the way")
    assert checked(repo) == told


def test_only_the_last_few_are_kept(repo: Path, told: Outcome) -> None:
    for seed in range(6):
        add_entry(repo, {"experiment_id": "E002", "seed": seed})
        checked(repo)
    assert 1 < len(kept(repo)) <= 4


@pytest.mark.usefixtures("ways")
def test_a_linked_work_tree_has_its_own(repo: Path, tmp_path: Path) -> None:
    add_finding(repo, "F001", job(add_entry(repo, POINT)))
    git(repo, "add", "--all", "--force")
    git(repo, "commit", "-q", "-m", "all")
    other = tmp_path / "other"
    git(repo, "worktree", "add", "-q", str(other))
    assert cache_dir.memory_folder(other) == repo / ".git/aexp"
    checked(repo)
    with pytest.raises(JudgedAgain):
        again(other)
    removed(other)
    assert not checked(other).ok
    assert again(repo).ok


def test_outside_of_git_nothing_is_remembered(tmp_path: Path) -> None:
    write(tmp_path, ".aexp/installed.json", "{}")
    assert cache_dir.memory_folder(tmp_path) is None
    assert checked(tmp_path).ok


def test_checks_at_once_and_after_one_another_say_the_same(repo: Path) -> None:
    for seed in range(result_cache.MANY + 1):
        add_entry(repo, {"experiment_id": "E001", "seed": seed})
    add_finding(repo, "F001", job(NOWHERE))
    command = (sys.executable, "-m", "pytest_aexp", "validate", "--format", "json")
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    said = {process.communicate()[0] for process in running}
    said.add(subprocess.run(command, capture_output=True, check=False).stdout)
    assert len(said) == 1
    assert NOWHERE.encode() in said.pop()
