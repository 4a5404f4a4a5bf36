"""Conflicts that git left behind: found wherever git still has both sides, and made one entry."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repositories import add_segment, entry_of, entry_text, git, job_id_of, write
from sides import COMPLETE, E1, E2, EARLY, FAILED, LATE, entry

from pytest_aexp.ground.errors import GitError, RunNotFound, UsageError
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import entry_path, judge_entry
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.work.merge.merge import Merged, Refused
from pytest_aexp.work.merge.resolve_conflicts import Resolution, Sides, resolve, split_markers

RUN = job_id_of({"seed": 3})
PATH = entry_path(RUN)
AGAIN = f"run `aexp ledger promote {RUN}` on the machine that has the run"


def commit(repo: Path, files: dict[str, bytes | None], message: str) -> None:
    """Commit these contents; None deletes a file."""
    for path, content in files.items():
        if content is None:
            (repo / path).unlink()
        else:
            write(repo, path, content)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--allow-empty", "-m", message)


def diverge(
    repo: Path, base: bytes | None, ours: bytes | None, theirs: bytes | None, path: str = PATH
) -> None:
    """A branch ``other`` with their version, and ``main``, which is checked out, with ours."""
    commit(repo, {"README": b"", **({} if base is None else {path: base})}, "base")
    git(repo, "branch", "other")
    commit(repo, {path: ours}, "ours")
    git(repo, "checkout", "-q", "other")
    commit(repo, {path: theirs}, "theirs")
    git(repo, "checkout", "-q", "main")


def merge(repo: Path, *options: str) -> None:
    """Merge the branch ``other``, which must end in a conflict."""
    git(repo, *options, "merge", "-q", "other", check=False)
    assert git(repo, "ls-files", "-u"), "no conflict"


def only(resolutions: list[Resolution]) -> Resolution:
    (resolution,) = resolutions
    return resolution


def check_resolved(repo: Path, expected: bytes, path: str = PATH) -> None:
    """The entry is on disk and in the index, and nothing else is left to do."""
    assert (repo / path).read_bytes() == expected
    assert git(repo, "ls-files", "-u") == ""
    assert git(repo, "show", f":./{path}").encode() == expected
    assert not [name for name in os.listdir((repo / path).parent) if name.endswith(".tmp")]


SIDES = {
    "both added": (None, entry(COMPLETE, EARLY), entry(FAILED, LATE), entry(COMPLETE, EARLY)),
    "both changed": (
        entry(FAILED, EARLY, run_link=E1),
        entry(FAILED, LATE, run_link=E2),
        entry(COMPLETE, promoted_at="2026-01-02T01:00:02Z", run_link=E1),
        entry(COMPLETE, promoted_at="2026-01-02T01:00:02Z", run_link=E2),
    ),
    "we deleted it": (entry(FAILED), None, entry(COMPLETE), entry(COMPLETE)),
}


# Only our side ran again, and git finds a conflict in one of the lines that tell of it.
MIXED = (
    entry(FAILED, EARLY),
    entry(COMPLETE, EARLY),
    entry(FAILED, EARLY, settings=1),
)
JOINED = entry(COMPLETE, EARLY, settings=1)


@pytest.mark.parametrize("swapped", [False, True], ids=["", "swapped"])
@pytest.mark.parametrize("case", SIDES)
def test_the_stages_of_the_index_become_one_entry(repo: Path, case: str, swapped: bool) -> None:
    base, ours, theirs, expected = SIDES[case]
    diverge(repo, base, *((theirs, ours) if swapped else (ours, theirs)))
    merge(repo)
    assert isinstance(only(resolve(repo)).outcome, Merged)
    check_resolved(repo, expected)
    assert resolve(repo) == []
    git(repo, "commit", "-q", "--no-edit")
    assert resolve(repo) == []


def test_what_a_merge_does_with_a_deletion_is_said(repo: Path) -> None:
    diverge(repo, entry(FAILED), None, entry(COMPLETE))
    merge(repo)
    outcome = only(resolve(repo)).outcome
    assert outcome == Merged(
        entry(COMPLETE), "kept, though one side deleted it: a merge deletes no evidence"
    )


def test_a_deletion_does_not_bring_back_what_cannot_be_used(repo: Path) -> None:
    diverge(repo, entry(FAILED), None, entry(COMPLETE, promoted_at="yesterday"))
    merge(repo)
    refused = only(resolve(repo)).outcome
    assert isinstance(refused, Refused)
    assert refused.reason.startswith(
        "one side deleted or renamed it, and what the other has cannot be used: the ledger entry's"
    )
    assert git(repo, "ls-files", "-u")


SECOND = {"promoted_at": "2026-02-01T00:00:01Z", "registered_machine": "cluster"}
THIRD = {"promoted_at": "2026-02-01T00:00:02Z", "registered_machine": "laptop"}
PACKED: dict[str, tuple[bytes, bytes, bytes, bytes]] = {
    # what both had, what one side packed, what the other side has, and what counts then
    "marked anew in the same second": (
        entry(FAILED, LATE), entry(FAILED, LATE), entry(COMPLETE, LATE), entry(COMPLETE, THIRD),
    ),
    "marked anew later": (
        entry(FAILED, EARLY), entry(FAILED, EARLY), entry(COMPLETE, LATE), entry(COMPLETE, LATE),
    ),
    "two attempts, the packed one complete": (
        entry(FAILED, EARLY), entry(COMPLETE, SECOND), entry(FAILED, LATE, run_link=E1),
        entry(COMPLETE, SECOND | {"promoted_at": "2026-02-01T00:00:02Z"}, run_link=E1),
    ),
    "two attempts, the other complete": (
        entry(FAILED, EARLY), entry(FAILED, SECOND, run_link=E1), entry(COMPLETE, LATE),
        entry(COMPLETE, THIRD, run_link=E1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("swapped", [False, True], ids=["", "swapped"])
@pytest.mark.parametrize("case", PACKED)
def test_what_one_side_packed_is_its_version(repo: Path, case: str, swapped: bool) -> None:
    base, theirs, ours, expected = PACKED[case]
    diverge(repo, base, *((None, ours) if swapped else (ours, None)))
    git(repo, "checkout", "-q", "main" if swapped else "other")
    add_segment(repo, [json.loads(theirs)])
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "packed")
    git(repo, "checkout", "-q", "main")
    merge(repo)
    assert isinstance(only(resolve(repo)).outcome, Merged)
    check_resolved(repo, expected)
    assert not list(Ledger(WorkTree(repo)).all_conflicts())


def put_stages(repo: Path, stages: dict[int, tuple[str, bytes]]) -> None:
    """Put these modes and contents into the index as the stages of the entry."""
    lines = ""
    for stage, (mode, content) in stages.items():
        blob = git(repo, "hash-object", "-w", str(write(repo, "version", content))).strip()
        lines += f"{mode} {blob} {stage}\t{PATH}\n"
    subprocess.run(["git", "update-index", "--index-info"], input=lines.encode(), check=True)


def test_an_entry_both_sides_gave_up_is_left_to_the_user(repo: Path) -> None:
    put_stages(repo, {1: ("100644", entry(FAILED))})
    assert only(resolve(repo)).outcome == Refused("both sides deleted or renamed it")


@pytest.mark.parametrize("link", [2, 3])
def test_a_side_that_is_a_link_gives_way(repo: Path, link: int) -> None:
    put_stages(repo, {5 - link: ("100755", entry(COMPLETE)), link: ("120000", entry(COMPLETE))})
    outcome = only(resolve(repo)).outcome
    assert isinstance(outcome, Merged)
    assert outcome.note.endswith("in the other, the ledger entry is not a regular file")
    check_resolved(repo, entry(COMPLETE))


def test_a_version_that_git_lost_is_not_given_up(repo: Path) -> None:
    put_stages(repo, {2: ("100644", entry(COMPLETE)), 3: ("100644", entry(FAILED))})
    blob = git(repo, "ls-files", "-u").split()[1]
    (repo / ".git/objects" / blob[:2] / blob[2:]).unlink()
    assert only(resolve(repo)).outcome == Refused(
        "git has lost one of its versions (`git fsck` tells more)"
    )


def test_what_is_refused_stays_as_git_left_it(repo: Path) -> None:
    edited = json.loads(entry(FAILED)) | {"statepoint": {"seed": 4}}
    diverge(repo, None, entry(COMPLETE), entry_text(edited).encode())
    merge(repo)
    before = (repo / PATH).read_bytes(), git(repo, "ls-files", "-s")
    resolution = only(resolve(repo))
    assert resolution.outcome == Refused(
        "the two versions have different statepoints under one id; the one in ours is the run's"
    )
    assert resolution.fix == (
        f"take the right one with `git checkout --ours -- {PATH}` or `git checkout --theirs -- "
        f"{PATH}`, or {AGAIN}; then `git add {PATH}`"
    )
    assert ((repo / PATH).read_bytes(), git(repo, "ls-files", "-s")) == before


def test_a_version_over_the_limit_gives_way(repo: Path) -> None:
    diverge(repo, None, entry(FAILED), entry(COMPLETE, host="x" * (1 << 20)))
    merge(repo)
    outcome = only(resolve(repo)).outcome
    assert isinstance(outcome, Merged)
    assert outcome.note.endswith("in the other, the ledger entry is larger than 1 MiB")
    check_resolved(repo, entry(FAILED))


def test_versions_of_another_run_than_the_file_is_named_for_are_refused(repo: Path) -> None:
    path = entry_path("0" * 32)
    diverge(repo, None, entry(FAILED), entry(COMPLETE), path)
    merge(repo)
    outcome = only(resolve(repo)).outcome
    assert isinstance(outcome, Refused)
    assert f'says that it is of run "{RUN}", but its file is named for {"0" * 32}' in outcome.reason


def test_one_of_several_is_resolved_by_how_its_id_begins(repo: Path) -> None:
    runs = [{"seed": seed} for seed in range(40)]
    ids = sorted(job_id_of(run) for run in runs)
    both = [
        {
            entry_path(job_id_of(run)): entry_text(entry_of(run, status=status)).encode()
            for run in runs
        }
        for status in ("failed", "complete")
    ]
    commit(repo, {"README": b""}, "base")
    git(repo, "branch", "other")
    commit(repo, both[0], "ours")
    git(repo, "checkout", "-q", "other")
    commit(repo, both[1], "theirs")
    git(repo, "checkout", "-q", "main")
    merge(repo)
    assert only(resolve(repo, ids[0][:8])).job_id == ids[0]
    assert resolve(repo, ids[0]) == []
    with pytest.raises(RunNotFound):
        resolve(repo, "0" * 32)
    assert [resolution.job_id for resolution in resolve(repo)] == ids[1:]
    for path, expected in both[1].items():
        check_resolved(repo, expected, path)


@pytest.mark.parametrize("name", ["notes.json", RUN, f"old/{RUN}.json"])
def test_other_files_in_conflict_are_none_of_its_business(repo: Path, name: str) -> None:
    diverge(repo, None, b"ours\n", b"theirs\n", f".aexp/ledger/{name}")
    merge(repo)
    assert resolve(repo) == []
    assert git(repo, "ls-files", "-u")


@pytest.mark.parametrize("folder", ["a b", "größe", "-x"])
def test_the_repository_may_lie_below_the_top_of_git(repo: Path, folder: str) -> None:
    write(repo, f"{folder}/.aexp/installed.json", "{}")
    diverge(repo, *MIXED, f"{folder}/{PATH}")
    merge(repo)
    assert isinstance(only(resolve(repo / folder)).outcome, Merged)
    check_resolved(repo / folder, JOINED)


@pytest.mark.parametrize("folder", ["a b", "größe", "-x"])
def test_so_it_may_with_markers_in_a_merge_commit(repo: Path, tmp_path: Path, folder: str) -> None:
    write(repo, f"{folder}/.aexp/installed.json", "{}")
    diverge(repo, *MIXED, f"{folder}/{PATH}")
    merge(repo)
    git(repo, "commit", "-q", "-a", "-m", "markers and all")
    git(tmp_path, "clone", "-q", str(repo), "clone")
    assert isinstance(only(resolve(tmp_path / "clone" / folder)).outcome, Merged)
    check_resolved(tmp_path / "clone" / folder, JOINED)


def test_in_a_linked_work_tree(repo: Path, tmp_path: Path) -> None:
    diverge(repo, None, entry(FAILED), entry(COMPLETE))
    linked = tmp_path / "linked"
    git(repo, "worktree", "add", "-q", "--detach", str(linked))
    merge(linked)
    assert isinstance(only(resolve(linked)).outcome, Merged)
    check_resolved(linked, entry(COMPLETE))


def test_an_ignored_entry_is_staged_all_the_same(repo: Path) -> None:
    diverge(repo, None, entry(FAILED), entry(COMPLETE))
    merge(repo)
    write(repo, ".gitignore", ".aexp/\n")
    resolve(repo)
    check_resolved(repo, entry(COMPLETE))


def test_an_entry_that_cannot_be_written_is_said(repo: Path) -> None:
    diverge(repo, entry(FAILED), None, entry(COMPLETE))
    merge(repo)
    (repo / PATH).unlink()
    (repo / PATH / "in the way").mkdir(parents=True)
    outcome = only(resolve(repo)).outcome
    assert outcome == Refused("it cannot be written: Is a directory")
    assert git(repo, "ls-files", "-u")


def test_a_ledger_outside_the_repository_is_not_written(repo: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (repo / ".aexp").mkdir()
    (repo / ".aexp/ledger").symlink_to(outside)
    with pytest.raises(UsageError, match="leaves the repository"):
        resolve(repo)


def test_without_git_nothing_can_be_known(tmp_path: Path) -> None:
    write(tmp_path, ".aexp/installed.json", "{}")
    with pytest.raises(GitError):
        resolve(tmp_path)


# Conflict markers that were added, or even committed


def markers(repo: Path, base: bytes | None, ours: bytes, theirs: bytes, *options: str) -> bytes:
    """The text with conflict markers that git leaves in the work tree."""
    diverge(repo, base, ours, theirs)
    merge(repo, *options)
    text = (repo / PATH).read_bytes()
    assert text.count(b"<<<<<<< ") >= 1
    judged = judge_entry(RUN, PATH, text)
    assert judged.cause is not None
    assert judged.cause.fix == f"run `aexp ledger resolve {RUN}`"
    return text


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        (MIXED, JOINED),
        (
            (entry(FAILED), entry(FAILED, run_link=E1), entry(FAILED, run_host=1)),
            entry(FAILED, run_link=E1, run_host=1),
        ),
    ],
    ids=["enclosed in part", "enclosed without what they came from"],
)
def test_markers_that_were_added_are_taken_back(
    repo: Path, sides: tuple[bytes, bytes, bytes], expected: bytes
) -> None:
    markers(repo, *sides)
    git(repo, "add", PATH)
    assert isinstance(only(resolve(repo)).outcome, Merged)
    check_resolved(repo, expected)


@pytest.mark.parametrize("written", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("more", [0, 2])
def test_markers_in_a_merge_commit_lead_to_its_parents(
    repo: Path, tmp_path: Path, more: int, written: bytes
) -> None:
    markers(repo, *MIXED)
    git(repo, "commit", "-q", "-a", "-m", "markers and all")
    for number in range(more):
        commit(repo, {"README": str(number).encode()}, "on top")
    git(tmp_path, "clone", "-q", str(repo), "clone")
    clone = tmp_path / "clone"
    assert git(clone, "ls-files", "--resolve-undo") == ""
    (clone / PATH).write_bytes((clone / PATH).read_bytes().replace(b"\n", written))
    assert isinstance(only(resolve(clone)).outcome, Merged)
    check_resolved(clone, JOINED)


def test_an_older_merge_does_not_stand_for_markers_that_came_later(repo: Path) -> None:
    markers(repo, *MIXED)
    resolve(repo)
    git(repo, "commit", "-q", "--no-edit")
    git(repo, "reset", "-q", "--hard")
    later = entry(COMPLETE, EARLY, settings=2)
    text = b"<<<<<<< a\n" + entry(FAILED, EARLY) + b"=======\n" + later + b">>>>>>> b\n"
    write(repo, PATH, text)
    assert isinstance(only(resolve(repo)).outcome, Merged)
    check_resolved(repo, later)


def test_markers_in_a_file_that_git_does_not_track(repo: Path) -> None:
    write(
        repo, PATH, b"<<<<<<< a\n" + entry(FAILED) + b"=======\n" + entry(COMPLETE) + b">>>>>>> b\n"
    )
    assert isinstance(only(resolve(repo)).outcome, Merged)
    check_resolved(repo, entry(COMPLETE))


def committed_alone(repo: Path, text: bytes) -> Path:
    """A clone that knows the text only from a commit with one parent, as a rebase makes it."""
    git(repo, "merge", "--abort")
    commit(repo, {PATH: text}, "markers and all")
    git(repo, "branch", "-q", "-D", "other")
    git(repo, "clone", "-q", "--no-local", ".", "../clone")
    return repo.parent / "clone"


@pytest.mark.parametrize(
    ("base", "theirs", "expected"),
    [
        (None, entry(COMPLETE, LATE), entry(COMPLETE, LATE)),
        (
            entry(FAILED, EARLY),
            entry(FAILED, LATE, run_link=E1),
            entry(FAILED, LATE, run_link=E1),
        ),
    ],
    ids=["every part of the outcome differs", "no part does"],
)
def test_markers_alone_are_enough_where_nothing_can_be_mixed(
    repo: Path, base: bytes | None, theirs: bytes, expected: bytes
) -> None:
    ours = entry(FAILED, promoted_at="2026-02-05T00:00:00Z")
    clone = committed_alone(repo, markers(repo, base, ours, theirs))
    assert isinstance(only(resolve(clone)).outcome, Merged)
    check_resolved(clone, expected)


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("merge", entry(FAILED, EARLY, run_link=E1)),
        ("diff3", entry(FAILED, EARLY, run_link=E1, run_host=1)),
    ],
)
def test_the_common_version_is_taken_from_the_markers_that_show_it(
    repo: Path, style: str, expected: bytes
) -> None:
    base = entry(FAILED, EARLY)
    ours, theirs = entry(FAILED, EARLY, run_link=E1), entry(FAILED, EARLY, run_host=1)
    text = markers(repo, base, ours, theirs, "-c", f"merge.conflictStyle={style}")
    clone = committed_alone(repo, text)
    resolve(clone)
    check_resolved(clone, expected)


def test_markers_that_may_mix_two_attempts_are_refused(repo: Path) -> None:
    text = markers(repo, *MIXED)
    sides = split_markers(text)
    assert sides is not None
    assert sides.theirs not in MIXED, "git mixed nothing here: the case shows nothing"
    clone = committed_alone(repo, text)
    resolution = only(resolve(clone))
    assert resolution.outcome == Refused("its conflict markers do not enclose two whole versions")
    assert resolution.fix == f"restore a version that `git log -p -- {PATH}` shows, or {AGAIN}"
    assert (clone / PATH).read_bytes() == text


def test_two_texts_that_git_knows_are_whole_versions(repo: Path) -> None:
    ours, theirs = entry(COMPLETE, EARLY), entry(COMPLETE, LATE, wallclock_s=5)
    text = markers(repo, None, ours, theirs)
    git(repo, "merge", "--abort")
    commit(repo, {PATH: text}, "markers and all")
    assert isinstance(only(resolve(repo)).outcome, Merged)
    check_resolved(repo, theirs)


UNBALANCED = {
    "no end": b"<<<<<<< a\n{}\n=======\n{}\n",
    "no middle": b"<<<<<<< a\n{}\n>>>>>>> b\n",
    "no start": b"=======\n{}\n>>>>>>> b\n<<<<<<< a\n",
    "nested": b"<<<<<<< a\n<<<<<<< a\n=======\n>>>>>>> b\n>>>>>>> b\n",
    "two middles": b"<<<<<<< a\n=======\n=======\n>>>>>>> b\n",
    "base after the middle": b"<<<<<<< a\n=======\n||||||| c\n>>>>>>> b\n",
}


@pytest.mark.parametrize("text", UNBALANCED.values(), ids=UNBALANCED)
def test_markers_that_are_not_balanced_are_refused(repo: Path, text: bytes) -> None:
    assert split_markers(text) is None
    commit(repo, {PATH: text}, "damaged")
    outcome = only(resolve(repo)).outcome
    assert outcome == Refused("its conflict markers do not enclose two whole versions")
    assert (repo / PATH).read_bytes() == text


@pytest.mark.parametrize(
    "text", [b"", b"{}", b'{"a": "<<<<<<< HEAD"}', b"<<<<<<<< eight\n", b"{\n <<<<<<< indented\n}"]
)
def test_what_holds_no_markers_is_no_conflict(repo: Path, text: bytes) -> None:
    commit(repo, {PATH: text}, "something else")
    assert resolve(repo) == []
    assert split_markers(text) is None


LINES = st.lists(
    st.sampled_from([b"a\n", b"b\n", b"{\n", b"=======x\n", b"  =======\n"]), max_size=12
)


@settings(max_examples=60)
@given(LINES, LINES)
def test_what_git_encloses_comes_out_again(ours: list[bytes], theirs: list[bytes]) -> None:
    check_markers(None, b"".join(ours), b"".join(theirs))


@settings(max_examples=60)
@given(st.lists(LINES, min_size=3, max_size=3))
def test_a_common_version_comes_out_again(each: list[list[bytes]]) -> None:
    base, ours, theirs = (b"".join(lines) for lines in each)
    check_markers(base, ours, theirs)


def check_markers(base: bytes | None, ours: bytes, theirs: bytes) -> None:
    """What lies between git's markers is what git takes when told to favour one side."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("ours", ours), ("base", base or b""), ("theirs", theirs)):
            write(Path(folder), name, text)
        text = merge_file(folder)
        shown = merge_file(folder, "--diff3")
        sides, full = split_markers(text), split_markers(shown)
        if b"<<<<<<< " not in text:
            assert sides is None
            return
        favoured = [merge_file(folder, "--ours"), merge_file(folder, "--theirs")]
    assert sides == Sides(None, *favoured)
    assert full is not None
    assert [full.ours, full.theirs] == favoured
    assert isinstance(full.base, bytes)
    if base is None:
        assert favoured == [ours, theirs]


def merge_file(folder: str, *options: str) -> bytes:
    command = ["git", "merge-file", "-p", *options, "ours", "base", "theirs"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).stdout
