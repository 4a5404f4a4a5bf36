"""What was found of segments is remembered by their content, and by nothing else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from repositories import add_segment, entry_of, git, packed, segment, write

import pytest_aexp
from pytest_aexp.ground.git import cache_dir
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.packs import clean_cache, worker_pool
from pytest_aexp.model.packs import segment as segment_module
from pytest_aexp.model.packs.segment import Survey

SEGMENT = ".aexp/ledger/packs/box/2026-05-001.jsonl"
OTHER = ".aexp/ledger/packs/box/2026-05-002.jsonl"
ENTRIES = [entry_of({"experiment_id": "E001", "seed": seed}) for seed in range(4)]
REDACTED = entry_of({"data": "<redacted>"}, redacted=["/statepoint/data"])
LEAKY = packed(entry_of({"seed": 9}, code_commit="/home/me/code"))


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the lines that are judged, in order."""
    numbers: list[int] = []
    original = segment_module.judge_line

    def judge(path: str, number: int, line: bytes, job_id: str | None = None) -> Any:
        numbers.append(number)
        return original(path, number, line, job_id)

    monkeypatch.setattr(segment_module, "judge_line", judge)
    return numbers


def surveyed(repo: Path) -> Survey:
    return Ledger(WorkTree(repo), repo).survey()


def memory(repo: Path) -> list[Path]:
    return sorted((repo / ".git/aexp").glob("*"))


def test_a_sound_segment_is_judged_once(repo: Path, judged: list[int]) -> None:
    add_segment(repo, ENTRIES)
    first = surveyed(repo)
    assert judged == [1, 2, 3, 4]
    assert surveyed(repo) == first == Survey(4)
    assert judged == [1, 2, 3, 4]
    assert git(repo, "status", "--porcelain", "--ignored").split() == ["??", ".aexp/"]


def test_a_segment_whose_last_line_has_no_end_counts_it(repo: Path) -> None:
    write(repo, SEGMENT, segment(ENTRIES).rstrip(b"\n"))
    assert surveyed(repo) == surveyed(repo) == Survey(4)


def test_it_may_move_and_is_known_again(repo: Path, judged: list[int]) -> None:
    add_segment(repo, ENTRIES)
    surveyed(repo)
    (repo / SEGMENT).rename(repo / OTHER)
    assert surveyed(repo) == Survey(4)
    assert judged == [1, 2, 3, 4]


def test_an_edit_that_keeps_size_and_time_is_seen(repo: Path) -> None:
    path = repo / add_segment(repo, ENTRIES)
    surveyed(repo)
    stamp = path.stat()
    path.write_bytes(path.read_bytes().replace(b'"seed":2', b'"seed":7'))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert path.stat().st_size == stamp.st_size
    [bad] = surveyed(repo).notable
    assert "hashes to" in bad.faults[0].message


def test_what_has_faults_is_told_every_time_in_the_order_of_the_segments(repo: Path) -> None:
    write(repo, SEGMENT, segment(ENTRIES[:2]) + LEAKY + b"{\n")
    add_segment(repo, ENTRIES[2:], "box/2026-05-002")
    write(repo, ".aexp/ledger/packs/box/2026-05-003.jsonl", b"".join(map(packed, ENTRIES[::-1])))
    first = surveyed(repo)
    assert [fault.path for fault in first.faults][-1].endswith("003.jsonl")
    assert [entry.path for entry in first.notable] == [SEGMENT] * 2
    assert surveyed(repo) == first


def test_a_leak_in_a_sorted_segment_is_told_every_time(repo: Path) -> None:
    write(repo, SEGMENT, LEAKY)
    first = surveyed(repo)
    assert len(first.notable) == 1
    assert first.faults == ()
    assert surveyed(repo) == first


def test_the_order_is_the_same_whichever_are_known(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_pool, "_processes", lambda count: 2)
    for number in range(1, 7):
        content = LEAKY if number % 2 else packed(REDACTED)
        write(repo, f".aexp/ledger/packs/box/2026-05-00{number}.jsonl", content)
    first = surveyed(repo)
    assert [entry.path[-7] for entry in first.notable] == list("123456")
    assert surveyed(repo) == first


def test_what_is_unsorted_is_not_remembered_as_sound(repo: Path) -> None:
    write(repo, SEGMENT, b"".join(packed(entry) for entry in (ENTRIES * 2)[:5]))
    assert surveyed(repo).faults
    assert surveyed(repo).faults


def test_a_redacted_identity_is_told_every_time(repo: Path, judged: list[int]) -> None:
    add_segment(repo, [*ENTRIES, REDACTED])
    first = surveyed(repo)
    assert [entry.job_id for entry in first.notable] == [REDACTED["job_id"]]
    judged.clear()
    assert surveyed(repo) == first
    assert len(judged) == 1


def test_other_rules_judge_anew(
    repo: Path, judged: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_segment(repo, ENTRIES)
    surveyed(repo)
    [before] = memory(repo)
    monkeypatch.setattr(clean_cache, "rules", lambda: "0123456789abcdef")
    surveyed(repo)
    assert judged == [1, 2, 3, 4] * 2
    assert [path.name for path in memory(repo)] == ["segments-0123456789abcdef"]
    assert not before.exists()


def test_every_file_of_the_package_is_a_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "package"
    shutil.copytree(cache_dir.PACKAGE, copy)
    assert Path(pytest_aexp.__file__).parent == cache_dir.PACKAGE
    monkeypatch.setattr(cache_dir, "PACKAGE", copy)
    before = cache_dir.rules()
    assert cache_dir.rules() == before
    with (copy / "model/redaction/redact.py").open("a", encoding="utf-8") as stream:
        stream.write("# stricter\n")
    assert cache_dir.rules() != before


@pytest.mark.parametrize(
    "damage",
    [b"", b"\xff\n" * 9, b"\0" * 64, b"0" * (17 << 20)],
    ids=["empty", "no-text", "zeros", "too-large"],
)
def test_a_damaged_memory_costs_nothing_but_time(
    repo: Path, judged: list[int], damage: bytes
) -> None:
    add_segment(repo, ENTRIES)
    surveyed(repo)
    memory(repo)[0].write_bytes(damage)
    assert surveyed(repo) == Survey(4)
    assert surveyed(repo) == Survey(4)
    assert judged == [1, 2, 3, 4] * 2


@pytest.mark.parametrize("what", ["a file", "read-only", "no git"])
def test_where_nothing_can_be_remembered(
    repo: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    add_segment(repo, ENTRIES)
    if what == "a file":
        write(repo, ".git/aexp", "in the way")
    elif what == "no git":
        shutil.rmtree(repo / ".git")
    else:
        monkeypatch.setattr(clean_cache, "write_atomic", _refuse)
    assert surveyed(repo) == surveyed(repo) == Survey(4)


def _refuse(path: Path, data: bytes) -> None:
    raise PermissionError(13, "Permission denied", str(path))


def test_without_a_root_nothing_is_remembered(repo: Path) -> None:
    add_segment(repo, ENTRIES)
    assert Ledger(WorkTree(repo)).survey() == Survey(4)
    assert memory(repo) == []


def test_linked_work_trees_share_what_is_remembered(
    repo: Path, judged: list[int], tmp_path: Path
) -> None:
    add_segment(repo, ENTRIES)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "packed")
    surveyed(repo)
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"))
    assert surveyed(tmp_path / "linked") == Survey(4)
    assert judged == [1, 2, 3, 4]


def test_of_too_many_only_those_that_are_there_are_kept(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_segment(repo, ENTRIES)
    surveyed(repo)
    add_segment(repo, ENTRIES[:3])
    surveyed(repo)
    assert len(memory(repo)[0].read_text().split()) == 2
    monkeypatch.setattr(clean_cache, "_MOST", 2)
    add_segment(repo, ENTRIES[:2])
    surveyed(repo)
    assert len(memory(repo)[0].read_text().split()) == 1


def test_no_process_is_started_for_what_is_known(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_pool, "_processes", lambda count: 2)
    for number in range(1, 5):
        add_segment(repo, ENTRIES[:number], f"box/2026-05-00{number}")
    first = surveyed(repo)

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("nothing is left to do")

    monkeypatch.setattr(worker_pool, "_Helper", refuse)
    assert surveyed(repo) == first == Survey(4)
