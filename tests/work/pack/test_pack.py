"""Runs that no finding cites move into segments, and back; whatever happens, none is lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from repositories import (
    add_entry,
    add_finding,
    add_jobs,
    add_segment,
    batch,
    entry_of,
    git,
    job,
    packed,
    packed_paths,
    sealed_path,
    segment,
    write,
)

from pytest_aexp.cli import main
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.ledger import backfill_ledger, load_ledger_entry, promote_to_ledger
from pytest_aexp.linking import link_to_experiment
from pytest_aexp.model.entry import entry_bytes, entry_path
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.packs.packs import Packs
from pytest_aexp.model.problems import Policy
from pytest_aexp.work.check.ledger import check_ledger
from pytest_aexp.work.pack import pack as pack_module
from pytest_aexp.work.pack.pack import NotUnpackable, Packed, Plan, pack, plan_pack, unpack

FOLDER = ".aexp/ledger/packs/box"
FIRST = f"{FOLDER}/0a1b2c3d4e5f6071.jsonl"


def named(documents: Mapping[str, Mapping[str, Any]]) -> str:
    """The name of a segment of these entries."""
    return f"{sha256(segment(documents.values())).hexdigest()[:16]}.jsonl"


@pytest.fixture(autouse=True)
def _machine(repo: Path) -> None:
    write(repo, ".aexp/installed.json", '{"machine_label": "box"}')


def point(number: int) -> dict[str, Any]:
    return {"experiment_id": f"E{number % 3 + 1:03d}", "seed": number}


def add_runs(repo: Path, count: int) -> list[str]:
    """The sorted job ids of new loose entries."""
    return sorted(add_entry(repo, point(number)) for number in range(count))


def packed_now(repo: Path, **options: bool) -> list[Packed]:
    repository = Repository.open(repo)
    return list(pack(repository, plan_pack(repository), **options))


def loose(repo: Path) -> set[str]:
    return set(Ledger(WorkTree(repo)).loose)


def snapshot(repo: Path) -> dict[str, Any]:
    """What the ledger says of each run, and that nothing is wrong with it."""
    ledger = Ledger(WorkTree(repo))
    outcome, _ = check_ledger(ledger, Policy(for_entries=True))
    assert outcome.problems == ()
    return {job_id: ledger.document(job_id) for job_id in ledger.job_ids}


def files(repo: Path) -> list[str]:
    folder = repo / ".aexp/ledger"
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def leftovers(repo: Path) -> list[str]:
    return sorted(path.name for path in (repo / ".aexp").rglob("*.tmp"))


# What is packed


def test_runs_that_no_finding_cites_move_into_a_segment(repo: Path) -> None:
    every = add_runs(repo, 9)
    before = snapshot(repo)
    add_finding(repo, "F001-a", job(every[4]), batch("E002"))
    cited = {
        every[4],
        *(job_id for job_id in every if before[job_id]["statepoint"]["seed"] % 3 == 1),
    }
    plan = plan_pack(Repository.open(repo))
    assert plan == Plan(tuple(sorted(set(every) - cited)), len(cited))
    [done] = packed_now(repo)
    assert done == Packed(sealed_path(repo), 9 - len(cited), 9 - len(cited), ())
    assert loose(repo) == cited
    assert (repo / sealed_path(repo)).read_bytes() == segment(
        before[job_id] for job_id in plan.job_ids
    )
    assert snapshot(repo) == before
    assert leftovers(repo) == []


def test_another_pack_has_nothing_to_do(repo: Path) -> None:
    add_runs(repo, 3)
    packed_now(repo)
    there = files(repo)
    assert packed_now(repo) == []
    assert files(repo) == there


def test_a_segment_never_changes_and_the_next_has_another_name(repo: Path) -> None:
    add_runs(repo, 3)
    packed_now(repo)
    path = sealed_path(repo)
    first = (repo / path).read_bytes()
    add_entry(repo, point(7))
    [done] = packed_now(repo)
    assert {done.path, path} == set(packed_paths(repo))
    assert (repo / path).read_bytes() == first


def test_segments_hold_so_many_lines_and_so_many_bytes(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack_module, "SEGMENT_LINES", 4)
    add_runs(repo, 10)
    before = snapshot(repo)
    done = packed_now(repo)
    assert [each.written for each in done] == [4, 4, 2]
    assert [each.path for each in done] == packed_paths(repo)
    for number in range(20, 26):
        add_entry(repo, {"pad": "x" * 100, "seed": number})
    length = len(packed(entry_of({"pad": "x" * 100, "seed": 20})))
    monkeypatch.setattr(pack_module, "SEGMENT_LIMIT", 3 * length + 1)
    assert [each.written for each in packed_now(repo)] == [3, 3]
    assert before.items() <= snapshot(repo).items()


def test_the_lines_of_all_segments_are_sorted(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_module, "SEGMENT_LINES", 4)
    every = add_runs(repo, 10)
    packed_now(repo)
    lines = b"".join((repo / path).read_bytes() for path in packed_paths(repo))
    assert [json.loads(line)["job_id"] for line in lines.splitlines()] == every


def test_a_dry_run_tells_and_writes_nothing(repo: Path) -> None:
    add_runs(repo, 3)
    there, before = files(repo), snapshot(repo)
    assert packed_now(repo, dry_run=True) == [Packed(f"{FOLDER}/{named(before)}", 3, 3, ())]
    assert files(repo) == there


def test_what_is_redacted_is_packed(repo: Path) -> None:
    add_entry(repo, {"data": "<redacted>"}, redacted=["/statepoint/data"])
    assert [each.written for each in packed_now(repo)] == [1]


UNSOUND: dict[str, Callable[[dict[str, Any]], str | bytes]] = {
    "a leak": lambda e: json.dumps({**e, "code_commit": "/home/me/code"}),
    "a newer format": lambda e: json.dumps({**e, "schema_version": 2}),
    "an unknown field": lambda e: json.dumps({**e, "colour": "red"}),
    "an edited statepoint": lambda e: json.dumps({**e, "statepoint": {"seed": 8}}),
    "no end": lambda e: json.dumps({**e, "status": "running"}),
    "NaN": lambda e: json.dumps({**e, "wallclock_s": float("nan")}),
    "a number beyond all bounds": lambda e: json.dumps({**e, "wallclock_s": 7.25}).replace(
        "7.25", "1e999"),
    "no JSON": lambda e: "{",
    "conflict markers": lambda e: "<<<<<<< a\n",
    "no UTF-8": lambda e: b"\xff",
}  # fmt: skip


@pytest.mark.parametrize("what", UNSOUND)
def test_what_is_not_sound_stays_loose_and_is_named(repo: Path, what: str) -> None:
    entry = entry_of({"seed": 7})
    path = f".aexp/ledger/{entry['job_id']}.json"
    content = UNSOUND[what](entry)
    write(repo, path, content)
    add_runs(repo, 2)
    [done] = packed_now(repo)
    assert (done.written, [left.path for left in done.left]) == (2, [path])
    assert done.left[0].reason.startswith("the ledger entry")
    kept = (repo / path).read_bytes()
    assert kept == (content if isinstance(content, bytes) else content.encode())


def test_a_link_stays_and_what_it_leads_to(repo: Path) -> None:
    entry = entry_of({"seed": 7})
    target = write(repo, "elsewhere.json", entry_bytes(entry))
    link = repo / f".aexp/ledger/{entry['job_id']}.json"
    link.parent.mkdir(parents=True)
    link.symlink_to(target)
    [done] = packed_now(repo)
    assert [left.path for left in done.left] == [f".aexp/ledger/{entry['job_id']}.json"]
    assert link.is_symlink()


def test_what_two_places_tell_differently_stays_loose(repo: Path) -> None:
    job_id = add_entry(repo, point(1), status="failed")
    add_segment(repo, [entry_of(point(1))], "laptop/2026-05-001")
    [done] = packed_now(repo)
    assert (done.path, done.removed) == (None, 0)
    assert "two entries that differ" in done.left[0].reason
    assert loose(repo) == {job_id}


def test_what_would_be_too_large_when_unpacked_stays_loose(repo: Path) -> None:
    deep: Any = list(range(9000))
    for _ in range(90):
        deep = [deep]
    entry = entry_of({"deep": deep})
    write(repo, f".aexp/ledger/{entry['job_id']}.json", json.dumps(entry))
    assert len(entry_bytes(entry)) > 1 << 20
    [done] = packed_now(repo)
    assert (done.path, len(done.left)) == (None, 1)


@pytest.mark.parametrize(
    "citation", ["{type: job}", "{type: job, id: xyz}", "just text", "{type: batch, selector: {}}"]
)
def test_nothing_is_packed_while_a_citation_cannot_be_read(repo: Path, citation: str) -> None:
    every = add_runs(repo, 3)
    add_finding(repo, "F007-a", citation)
    with pytest.raises(UsageError, match=r"F007-a\.md:4:\d+ cites, so nothing is packed"):
        plan_pack(Repository.open(repo))
    assert loose(repo) == set(every)


def test_nothing_is_packed_while_a_finding_cannot_be_read(repo: Path) -> None:
    add_runs(repo, 3)
    write(repo, "kb/research/findings/F007-a.md", "---\nsupporting_runs: [\n---\n")
    with pytest.raises(UsageError, match="is not clear which runs"):
        plan_pack(Repository.open(repo))


# Where git would not share a segment


@pytest.mark.parametrize("rule", ["*.jsonl", ".aexp/", "packs/", "/.aexp/ledger/packs/box"])
def test_nothing_is_packed_where_git_ignores_segments(repo: Path, rule: str) -> None:
    every = add_runs(repo, 3)
    write(repo, ".gitignore", f"# nothing large\n{rule}\n")
    with pytest.raises(UsageError, match=r"\(\.gitignore, line 2: ") as refusal:
        packed_now(repo)
    assert f'"{rule}"' in str(refusal.value)
    assert loose(repo) == set(every)


def test_nothing_is_packed_where_git_keeps_segments_elsewhere(repo: Path) -> None:
    every = add_runs(repo, 3)
    write(repo, ".gitattributes", "*.jsonl filter=lfs diff=lfs merge=lfs -text\n")
    with pytest.raises(UsageError, match='filter "lfs"'):
        packed_now(repo)
    assert loose(repo) == set(every)
    write(repo, ".gitattributes", "*.jsonl filter=lfs\n.aexp/ledger/packs/** !filter\n")
    assert [each.written for each in packed_now(repo)] == [3]


def test_nothing_is_packed_through_a_link_that_leaves_the_repository(
    repo: Path, tmp_path: Path
) -> None:
    every = add_runs(repo, 3)
    (tmp_path / "outside").mkdir()
    (repo / ".aexp/ledger/packs").symlink_to(tmp_path / "outside")
    with pytest.raises(UsageError, match="is a link"):
        packed_now(repo)
    assert loose(repo) == set(every)


def test_a_file_where_the_folder_must_be_ends_in_an_error(repo: Path) -> None:
    every = add_runs(repo, 3)
    write(repo, FOLDER, "a file")
    with pytest.raises(OSError, match=r"exists|directory"):
        packed_now(repo)
    assert loose(repo) == set(every)


def test_it_works_without_git(tmp_path: Path) -> None:
    write(tmp_path / "bare", ".aexp/installed.json", '{"machine_label": "box"}')
    add_runs(tmp_path / "bare", 3)
    assert [each.written for each in packed_now(tmp_path / "bare")] == [3]


def test_two_branches_pack_without_a_conflict(repo: Path) -> None:
    add_runs(repo, 2)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "loose")
    git(repo, "checkout", "-q", "-b", "other")
    packed_now(repo)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "packed")
    git(repo, "checkout", "-q", "main")
    before = snapshot(repo)
    add_entry(repo, point(7))
    packed_now(repo)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "packed here, too")
    git(repo, "merge", "-q", "other")
    assert before.items() <= snapshot(repo).items()


def test_a_label_that_cannot_name_a_folder_is_made_one(repo: Path) -> None:
    write(repo, ".aexp/installed.json", '{"machine_label": "../my laptop"}')
    add_runs(repo, 1)
    [done] = packed_now(repo)
    assert done.path == sealed_path(repo, machine="my-laptop")
    assert len(snapshot(repo)) == 1


# Back into files


def test_unpacking_writes_the_entry_as_it_was(repo: Path) -> None:
    entry = entry_of({"seed": 1, "text": "é\u2028", "lr": 1e-05}, wallclock_s=1.0)
    path = write(repo, f".aexp/ledger/{entry['job_id']}.json", entry_bytes(entry))
    packed_now(repo)
    path_of_segment = repo / sealed_path(repo)
    sealed = path_of_segment.read_bytes()
    assert not path.exists()
    assert unpack(repo, Packs(WorkTree(repo)), str(entry["job_id"]))
    assert path.read_bytes() == entry_bytes(entry)
    assert path_of_segment.read_bytes() == sealed
    assert snapshot(repo) == {entry["job_id"]: entry}
    [done] = packed_now(repo)
    assert done == Packed(None, 0, 1, ())
    assert not path.exists()


def test_a_number_keeps_each_of_its_digits_when_it_is_packed(repo: Path) -> None:
    entry = entry_of({"seed": 1}, metrics={"loss": 0.5})
    number = b"0.12345678901234567890123"
    data = entry_bytes(entry).replace(b"0.5", number)
    path = write(repo, f".aexp/ledger/{entry['job_id']}.json", data)
    packed_now(repo)
    assert number in (repo / sealed_path(repo)).read_bytes()
    assert unpack(repo, Packs(WorkTree(repo)), str(entry["job_id"]))
    assert path.read_bytes() == data


def test_unpacking_leaves_a_loose_entry_alone(repo: Path) -> None:
    job_id = add_entry(repo, point(1), promoted_at="2026-06-01T00:00:00Z")
    add_segment(repo, [entry_of(point(1))])
    before = (repo / f".aexp/ledger/{job_id}.json").read_bytes()
    assert not unpack(repo, Packs(WorkTree(repo)), job_id)
    assert (repo / f".aexp/ledger/{job_id}.json").read_bytes() == before


def test_a_line_that_cannot_be_used_is_not_unpacked(repo: Path) -> None:
    entry = entry_of(point(1))
    write(repo, FIRST, packed(entry).replace(b'"complete"', b'"running"'))
    with pytest.raises(NotUnpackable, match=f"{FIRST}:1"):
        unpack(repo, Packs(WorkTree(repo)), str(entry["job_id"]))
    assert loose(repo) == set()


# Promotion of packed runs


@pytest.fixture
def stored(repo: Path) -> list[str]:
    """The job ids of three runs that are in the store, promoted and packed."""
    (repo / ".aexp/installed.json").write_text('{"machine_label": "box"}', encoding="utf-8")
    done = {"status": "complete", "ended_at": "2026-05-01T00:00:00Z"}
    every = add_jobs(repo, [{"statepoint": point(number), "doc": done} for number in range(3)])
    assert backfill_ledger(repo) == (3, 0)
    packed_now(repo)
    assert loose(repo) == set()
    return every


def test_a_packed_run_that_has_not_changed_is_not_promoted_again(
    repo: Path, stored: list[str]
) -> None:
    there = files(repo)
    assert promote_to_ledger(stored[0], repo_root=repo) == repo / sealed_path(repo)
    assert backfill_ledger(repo) == (0, 3)
    assert files(repo) == there
    assert load_ledger_entry(repo, stored[0]) == snapshot(repo)[stored[0]]


def test_a_packed_run_that_was_linked_counts_as_it_is_now(repo: Path, stored: list[str]) -> None:
    # All of this happens within one second, in which clocks cannot tell the promotions apart.
    opened = link_to_experiment(stored[0], experiment_id="E007", repo_root=repo)
    assert loose(repo) == {stored[0]}
    assert snapshot(repo)[stored[0]]["run_link"]["experiment_id"] == "E007"
    assert [e.job_id for e in Ledger(WorkTree(repo)).select("E007", {})] == [stored[0]]
    packed_now(repo)
    assert loose(repo) == set()
    opened.doc["status"] = "failed"
    promote_to_ledger(stored[0], repo_root=repo)
    entry = snapshot(repo)[stored[0]]
    assert (entry["status"], entry["run_link"]["experiment_id"]) == ("failed", "E007")
    assert backfill_ledger(repo) == (0, 3)


def test_another_label_is_a_change(repo: Path, stored: list[str]) -> None:
    promote_to_ledger(stored[0], repo_root=repo, machine_label="cluster")
    assert snapshot(repo)[stored[0]]["registered_machine"] == "cluster"


def test_overwriting_writes_packed_runs_as_files(repo: Path, stored: list[str]) -> None:
    assert backfill_ledger(repo, overwrite=True) == (3, 0)
    assert loose(repo) == set(stored)
    assert len(snapshot(repo)) == 3


def test_a_packed_line_that_was_damaged_is_promoted_again(repo: Path, stored: list[str]) -> None:
    data = (repo / sealed_path(repo)).read_bytes()
    write(repo, sealed_path(repo), data.replace(b'"complete"', b'"running"'))
    assert backfill_ledger(repo) == (3, 0)
    assert loose(repo) == set(stored)


@pytest.mark.parametrize("year", ["9999-12-31T23:59:59Z", "3000-01-01T00:00:00+14:00"])
def test_a_promotion_from_the_future_does_not_stop_another(
    repo: Path, stored: list[str], year: str
) -> None:
    entry = {**snapshot(repo)[stored[0]], "promoted_at": year, "status": "failed"}
    add_segment(repo, [entry], "laptop/2026-05-001")
    promote_to_ledger(stored[0], repo_root=repo)
    assert loose(repo) == {stored[0]}
    if year < "9":
        assert snapshot(repo)[stored[0]]["status"] == "complete"


# Merged


def test_a_run_that_one_side_packed_and_the_other_promoted_again(repo: Path) -> None:
    job_id = add_entry(repo, point(1))
    git(repo, "add", ".aexp/ledger")
    git(repo, "commit", "-q", "-m", "loose")
    git(repo, "checkout", "-q", "-b", "other")
    add_entry(repo, point(1), promoted_at="2026-06-01T00:00:00Z", status="failed")
    add_entry(repo, point(2))
    git(repo, "add", ".aexp/ledger")
    git(repo, "commit", "-q", "-m", "promoted again")
    git(repo, "checkout", "-q", "main")
    packed_now(repo)
    git(repo, "add", ".aexp/ledger")
    git(repo, "commit", "-q", "-m", "packed")
    git(repo, "merge", "-q", "other", check=False)
    assert main(["ledger", "resolve"]) == 0
    git(repo, "commit", "-q", "-m", "merged")
    entries = snapshot(repo)
    assert len(entries) == 2
    assert entries[job_id]["status"] == "failed"
    packed_now(repo)
    assert loose(repo) == set()
    assert snapshot(repo) == entries


# Interrupted


STEPS = ("link", "replace", "rename", "unlink", "fsync", "mkdir", "open", "chmod", "close")


class Fault:
    """Raises an error at the n-th system call that changes a file or waits for the disk."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, error: BaseException) -> None:
        self.calls = 0
        for name in STEPS:
            monkeypatch.setattr(os, name, self._wrapped(getattr(os, name), at, error))

    def _wrapped(self, original: Any, at: int, error: BaseException) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            if self.calls == at:
                raise error
            return original(*arguments, **named)

        return call


class Killed(BaseException):
    """The process ends here, as far as its files are concerned."""


@pytest.mark.slow
@pytest.mark.parametrize("error", [Killed(), OSError(28, "No space left on device")])
def test_an_error_at_any_step_loses_no_run_and_the_next_pack_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr(pack_module, "SEGMENT_LINES", 2)
    for step in range(1, 400):
        repo = tmp_path / str(step)
        write(repo, ".aexp/installed.json", '{"machine_label": "box"}')
        add_runs(repo, 3)
        before = snapshot(repo)
        repository = Repository.open(repo)
        plan = plan_pack(repository)
        with monkeypatch.context() as patch:
            fault = Fault(patch, step, error)
            try:
                list(pack(repository, plan))
            except type(error):
                pass
        assert snapshot(repo) == before, f"after step {step}"
        packed_now(repo)
        assert snapshot(repo) == before
        assert loose(repo) == set()
        assert not any(name.endswith(".packed.tmp") for name in leftovers(repo))
        if fault.calls < step:
            assert step > 30
            return
    pytest.fail("a pack has an end")


KILLED = """
import sys
from pytest_aexp.work.pack import pack
from pytest_aexp.ground.repository import Repository
pack.SEGMENT_LINES = 8
repository = Repository.open(sys.argv[1])
print("ready", flush=True)
for _ in range(int(sys.argv[2])):
    list(pack.pack(repository, pack.plan_pack(repository)))
"""


def start(repo: Path, times: int = 1) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(repo), str(times)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.slow
def test_a_pack_that_is_killed_at_any_moment_loses_no_run(repo: Path) -> None:
    add_runs(repo, 200)
    before = snapshot(repo)
    chance = random.Random(7)
    for _ in range(20):
        with start(repo) as process:
            time.sleep(chance.uniform(0, 0.08))
            process.send_signal(signal.SIGKILL)
        assert snapshot(repo) == before
        every = sorted(before)
        for job_id in chance.sample(every, 60):
            unpack(repo, Packs(WorkTree(repo)), job_id)
    packed_now(repo)
    assert loose(repo) == set()
    assert snapshot(repo) == before


def test_where_there_are_no_hard_links(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    every = add_runs(repo, 3)
    before = snapshot(repo)
    original = pack_module.write_new

    def slowly(path: Path, data: bytes) -> None:
        original(path, data)
        add_entry(repo, before[every[0]]["statepoint"], promoted_at="2026-06-01T00:00:00Z")

    with monkeypatch.context() as patch:
        patch.setattr(pack_module, "write_new", slowly)
        assert packed_now(repo) == [Packed(sealed_path(repo), 3, 2, ())]
    assert loose(repo) == {every[0]}
    assert [each.removed for each in packed_now(repo)] == [1]
    assert leftovers(repo) == []


def test_two_packs_at_once_lose_nothing(repo: Path) -> None:
    add_runs(repo, 120)
    before = snapshot(repo)
    running = [start(repo) for _ in range(3)]
    assert [process.communicate() and process.returncode for process in running] == [0, 0, 0]
    assert loose(repo) == set()
    assert snapshot(repo) == before
    assert leftovers(repo) == []


def test_readers_find_every_run_while_others_pack_and_unpack(repo: Path) -> None:
    every = add_runs(repo, 40)
    with start(repo, times=12) as process:
        while process.poll() is None:
            ledger = Ledger(WorkTree(repo))
            assert [entry.job_id for entry in ledger.entries(every) if entry.usable] == every
            packs = Packs(WorkTree(repo))
            for job_id in every[::7]:
                unpack(repo, packs, job_id)
    assert process.returncode == 0


def test_an_entry_that_changes_while_it_is_packed_stays(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = add_entry(repo, point(1))
    original = pack_module.write_new

    def slowly(path: Path, data: bytes) -> None:
        original(path, data)
        add_entry(repo, point(1), status="failed", promoted_at="2026-06-01T00:00:00Z")

    monkeypatch.setattr(pack_module, "write_new", slowly)
    assert packed_now(repo) == [Packed(sealed_path(repo), 1, 0, ())]
    assert loose(repo) == {job_id}
    assert snapshot(repo)[job_id]["status"] == "failed"
    assert leftovers(repo) == []


def test_an_entry_that_is_gone_before_it_is_packed_is_passed_over(repo: Path) -> None:
    every = add_runs(repo, 2)
    repository = Repository.open(repo)
    plan = plan_pack(repository)
    (repo / f".aexp/ledger/{every[0]}.json").unlink()
    assert [each.written for each in pack(repository, plan)] == [1]


def test_the_same_segment_that_another_pack_wrote_meanwhile_will_do(repo: Path) -> None:
    every = add_runs(repo, 2)
    documents = [snapshot(repo)[job_id] for job_id in every]
    path = f"{FOLDER}/{named(snapshot(repo))}"
    write(repo, path, segment(documents))
    for document in documents:
        write(repo, entry_path(document["job_id"]), entry_bytes(document))
    assert [each.removed for each in packed_now(repo)] == [2]
    assert packed_paths(repo) == [path]


def test_another_file_of_that_name_is_not_replaced(repo: Path) -> None:
    add_runs(repo, 2)
    path = write(repo, f"{FOLDER}/{named(snapshot(repo))}", "other")
    with pytest.raises(FileExistsError):
        packed_now(repo)
    assert path.read_text() == "other"
    assert len(loose(repo)) == 2


def test_two_clones_of_one_label_pack_without_a_conflict(repo: Path) -> None:
    """A script's run on two machines of one host name; each then packs, and knows of no other."""
    every = add_runs(repo, 4)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "loose")
    git(repo, "branch", "clone")
    before = snapshot(repo)
    add_finding(repo, "F001-a", job(every[0]))
    packed_now(repo)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "packed here")
    git(repo, "checkout", "-q", "clone")
    packed_now(repo)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "packed there")
    git(repo, "merge", "-q", "main")
    assert len(packed_paths(repo)) == 2
    assert snapshot(repo) == before
