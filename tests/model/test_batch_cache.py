"""What is remembered of a ledger is what is in it, or it is not believed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hooking import commit, entry_of_run, stage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from repositories import add_entry, git, new_repository, write

from pytest_aexp.ground.git import cache_dir
from pytest_aexp.ground.git.listing import Location
from pytest_aexp.ground.git.objects import Blobs
from pytest_aexp.ground.git.view import GitView
from pytest_aexp.model import batch_cache
from pytest_aexp.model.batch_cache import CachedBatches, CommittedRuns, committed_runs
from pytest_aexp.model.entry import Entry
from pytest_aexp.model.ledger import Ledger

EXPERIMENTS = ("E001", "E002", "E003", "E404")


@pytest.fixture(autouse=True)
def from_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_cache, "MANY", 3)


@pytest.fixture
def ledger(repo: Path) -> list[str]:
    """Six committed entries of two experiments, one of them linked to a third."""
    ids = [add_entry(repo, {"experiment_id": f"E00{n % 2 + 1}", "seed": n}) for n in range(6)]
    add_entry(repo, {"experiment_id": "E001", "seed": 0}, run_link={"experiment_id": "E003"})
    commit(repo)
    return ids


def fields_of(entry: Entry) -> tuple[Any, ...]:
    cause = entry.cause.message if entry.cause else None
    return entry.job_id, entry.usable, entry.status, entry.experiments, entry.statepoint, cause


def recalled(repo: Path, changed: Iterable[str] = (), revision: str = "HEAD") -> dict[str, Any]:
    """What the batches of each experiment would be, from memory."""
    at = "index" if revision == "HEAD" else revision
    with GitView.at(repo, at) as view:
        ledger = Ledger(view)
        runs = committed_runs(Location.of(repo), revision, changed, ledger.entries)
        assert runs is not None
        every = {name: list(map(fields_of, runs.of_experiment(name))) for name in EXPERIMENTS}
        assert {name for name, found in every.items() if found} <= set(runs.experiments)
        return every


def read(repo: Path, at: str = "index") -> dict[str, Any]:
    """The same from the entries."""
    with GitView.at(repo, at) as view:
        batches = Ledger(view).batches
        return {name: list(map(fields_of, batches.select(name, {}))) for name in EXPERIMENTS}


def files(repo: Path) -> list[Path]:
    return sorted((repo / ".git/aexp").glob("*"))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the objects that were read for remembering."""
    names: list[str] = []
    reading = Blobs.read_many

    def spy(self: Blobs, chosen: list[str], limit: int) -> Iterator[Any]:
        names.extend(chosen)
        return reading(self, chosen, limit)

    monkeypatch.setattr(Blobs, "read_many", spy)
    return names


class TestSameAsRead:
    def test_at_first_and_again(self, repo: Path, ledger: list[str], asked: list[str]) -> None:
        expected = read(repo)
        assert [len(found) for found in expected.values()] == [3, 3, 1, 0]
        assert recalled(repo) == expected
        asked.clear()
        assert recalled(repo) == expected
        assert asked == []

    def test_what_changed_is_read(self, repo: Path, ledger: list[str]) -> None:
        recalled(repo)
        git(repo, "rm", "-q", entry_of_run(ledger[1]))
        write(repo, entry_of_run(ledger[2]), "{}")
        new = add_entry(repo, {"experiment_id": "E002", "seed": 9})
        stage(repo)
        assert recalled(repo, {ledger[1], ledger[2], new}) == read(repo)

    def test_after_a_commit_only_what_changed_is_read(
        self, repo: Path, ledger: list[str], asked: list[str]
    ) -> None:
        recalled(repo)
        git(repo, "rm", "-q", entry_of_run(ledger[1]))
        add_entry(repo, {"experiment_id": "E001", "seed": 2}, run_link={"experiment_id": "E002"})
        add_entry(repo, {"experiment_id": "E003", "seed": 9})
        write(repo, ".aexp/ledger/README", "no entry")
        write(repo, ".aexp/ledger/packs/x", "no entry")
        commit(repo)
        expected = read(repo)
        asked.clear()
        assert recalled(repo) == expected
        assert len(asked) == 4
        assert len(files(repo)) == 2

    def test_an_entry_that_proves_nothing_says_why(self, repo: Path, ledger: list[str]) -> None:
        text = (repo / entry_of_run(ledger[0])).read_text()
        write(repo, entry_of_run(ledger[0]), text.replace('"seed": 0', '"seed": 77'))
        write(repo, entry_of_run(ledger[1]), "{")
        commit(repo)
        expected = read(repo)
        assert "edited or damaged" in str(expected["E001"])
        assert recalled(repo) == expected
        assert recalled(repo) == expected

    def test_an_entry_that_is_a_link_is_read(self, repo: Path, ledger: list[str]) -> None:
        file = repo / entry_of_run(ledger[0])
        file.rename(repo / "elsewhere")
        file.symlink_to("../../elsewhere")
        commit(repo)
        assert recalled(repo) == read(repo)
        write(repo, "elsewhere", "{}")
        commit(repo)
        assert recalled(repo) == read(repo)

    def test_the_runs_of_an_earlier_commit_are_those_it_has(
        self, repo: Path, ledger: list[str]
    ) -> None:
        first = git(repo, "rev-parse", "HEAD").strip()
        recalled(repo)
        git(repo, "rm", "-q", *map(entry_of_run, ledger[:2]))
        commit(repo)
        assert recalled(repo) == read(repo)
        assert recalled(repo, revision=first) == read(repo, first)

    def test_a_root_below_gits_own_and_a_linked_work_tree(self, repo: Path) -> None:
        inner = repo / "a study"
        for seed in range(4):
            add_entry(inner, {"experiment_id": "E001", "seed": seed})
        commit(repo)
        assert len(recalled(inner)["E001"]) == 4
        git(repo, "worktree", "add", "-q", "../linked")
        assert recalled(repo.parent / "linked/a study") == recalled(inner)
        assert len(files(repo)) == 1


class TestNotBelieved:
    @pytest.mark.slow
    def test_a_file_of_which_any_bit_differs(
        self, repo: Path, ledger: list[str], asked: list[str]
    ) -> None:
        expected = recalled(repo)
        [file] = files(repo)
        whole = file.read_bytes()
        for place in range(0, len(whole), 7):
            asked.clear()
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
            assert recalled(repo) == expected
            assert len(asked) >= 6
            assert file.read_bytes() == whole

    @pytest.mark.parametrize("content", [b"", b"\0" * 500, b"0" * 64 + b"\n{}\n", None])
    def test_what_is_no_such_file(
        self, repo: Path, ledger: list[str], content: bytes | None
    ) -> None:
        expected = recalled(repo)
        [file] = files(repo)
        if content is None:
            whole = file.read_bytes()
            content = whole[: len(whole) // 2]
        file.write_bytes(content)
        assert recalled(repo) == expected

    def test_another_program_remembers_for_itself(
        self, repo: Path, ledger: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        recalled(repo)
        monkeypatch.setattr(cache_dir, "source_fingerprint", lambda: "others")
        assert recalled(repo) == read(repo)
        assert len(files(repo)) == 1

    def test_where_git_has_lost_what_was_all_is_read_anew(
        self, repo: Path, ledger: list[str], asked: list[str]
    ) -> None:
        recalled(repo)
        name = git(repo, "rev-parse", f"HEAD:{entry_of_run(ledger[0])}").strip()
        git(repo, "rm", "-q", entry_of_run(ledger[0]))
        commit(repo)
        (repo / ".git/objects" / name[:2] / name[2:]).unlink()
        expected = read(repo)
        asked.clear()
        assert recalled(repo) == expected
        assert len(asked) >= 5


class TestOutOfTheWay:
    def test_where_nothing_can_be_written_nothing_is(self, repo: Path, ledger: list[str]) -> None:
        write(repo, ".git/aexp", "in the way")
        assert recalled(repo) == read(repo)
        assert (repo / ".git/aexp").read_text() == "in the way"

    def test_nor_is_it_through_a_link(self, repo: Path, ledger: list[str], tmp_path: Path) -> None:
        (tmp_path / "outside").mkdir()
        (repo / ".git/aexp").symlink_to(tmp_path / "outside")
        assert recalled(repo) == read(repo)
        assert list((tmp_path / "outside").iterdir()) == []

    def test_a_small_ledger_is_just_read(
        self, repo: Path, ledger: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(batch_cache, "MANY", 7)
        assert committed_runs(Location.of(repo), "HEAD", (), lambda _: []) is None
        assert files(repo) == []

    @pytest.mark.parametrize("revision", ["HEAD", "nope"])
    def test_where_there_is_no_ledger_nothing_is_remembered(
        self, repo: Path, revision: str
    ) -> None:
        assert committed_runs(Location.of(repo), revision, (), lambda _: []) is None
        write(repo, ".aexp/ledger", "a file")
        commit(repo)
        assert committed_runs(Location.of(repo), "HEAD", (), lambda _: []) is None

    def test_few_files_are_kept(self, repo: Path, ledger: list[str]) -> None:
        for seed in range(10, 16):
            add_entry(repo, {"experiment_id": "E001", "seed": seed})
            commit(repo)
            assert recalled(repo) == read(repo)
        assert len(files(repo)) == 3

    def test_git_sees_nothing_of_it(self, repo: Path, ledger: list[str]) -> None:
        recalled(repo)
        assert files(repo)
        assert git(repo, "status", "--porcelain", "--ignored") == ""
        assert git(repo, "fsck", "--no-dangling") == ""

    def test_several_processes_at_once_read_the_same(self, repo: Path, ledger: list[str]) -> None:
        expected = read(repo)
        code = (
            "from pathlib import Path; from pytest_aexp.model import batch_cache\n"
            "from pytest_aexp.ground.git.listing import Location\n"
            "batch_cache.MANY = 3\n"
            "here = Location.of(Path.cwd())\n"
            "runs = batch_cache.committed_runs(here, 'HEAD', (), lambda _: [])\n"
            "print(len(runs.of_experiment('E001')))"
        )
        started = [
            subprocess.Popen([sys.executable, "-c", code], cwd=repo, stdout=subprocess.PIPE)
            for _ in range(6)
        ]
        assert [process.communicate()[0] for process in started] == [b"3\n"] * 6
        assert len(files(repo)) == 1
        assert recalled(repo) == expected


POINTS = st.tuples(st.sampled_from(["E001", "E002"]), st.integers(0, 5))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), POINTS, st.sampled_from([None, "E002", "E003"])),
        st.tuples(st.sampled_from(["remove", "damage", "commit", "recall"]), POINTS, st.none()),
    ),
    max_size=14,
)


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_to_a_ledger(
    steps: list[tuple[str, tuple[str, int], str | None]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    repo = new_repository(tmp_path_factory.mktemp("any") / "repo")
    ids = [add_entry(repo, {"experiment_id": "E001", "seed": seed}) for seed in range(90, 94)]
    commit(repo)
    changed: set[str] = set()
    for kind, (experiment, seed), linked in [*steps, ("recall", ("", 0), None)]:
        if kind == "add":
            link = {"run_link": {"experiment_id": linked}} if linked else {}
            ids.append(add_entry(repo, {"experiment_id": experiment, "seed": seed}, **link))
            changed.add(ids[-1])
        elif kind in ("remove", "damage"):
            path = repo / entry_of_run(ids[seed % len(ids)])
            path.unlink(missing_ok=True)
            if kind == "damage":
                path.write_text("{")
            changed.add(ids[seed % len(ids)])
        elif kind == "commit":
            commit(repo)
            changed.clear()
        else:
            stage(repo)
            assert recalled(repo, changed) == read(repo)


def test_what_is_cached_is_what_was_written(repo: Path, ledger: list[str]) -> None:
    recalled(repo)
    [file] = files(repo)
    content = file.read_bytes().partition(b"\n")[2]
    cached = CachedBatches.from_bytes(content)
    assert cached.count == 6
    assert cached.to_bytes() == content
    assert len(CommittedRuns(cached, (), lambda _: []).of_experiment("E001")) == 3
    assert os.path.getsize(file) < 2000


def test_every_field_of_an_entry_is_cached(repo: Path) -> None:
    extra = {"metrics": {"a": 0.5}, "attempt": 2, "ended_at": "2026-05-26T01:00:00Z"}
    for seed in range(4):
        add_entry(repo, {"experiment_id": "E001", "seed": seed}, **extra)
    commit(repo)
    with GitView.at(repo, "index") as view:
        ledger = Ledger(view)
        location = Location.of(repo)
        for _ in range(2):
            runs = committed_runs(location, "HEAD", (), ledger.entries)
            assert runs is not None
            assert runs.of_experiment("E001") == ledger.entries(ledger.loose)
