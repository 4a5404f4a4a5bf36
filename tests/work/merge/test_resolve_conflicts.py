"""Conflicts that git left behind: found wherever git still has both sides, and made one entry."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from repositories import add_segment, entry_of, entry_text, git, job_id_of, write
from sides import COMPLETE, E1, E2, EARLY, FAILED, LATE, entry

from pytest_aexp.ground.errors import GitError, RunNotFound, UsageError
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import LEDGER_DIR, entry_path
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.ledger_survey import contradictions
from pytest_aexp.model.packs.segment import segment_name
from pytest_aexp.work.install.driver import DRIVER_KEY, driver_command
from pytest_aexp.work.merge.merge import MergeConflict, Merged
from pytest_aexp.work.merge.resolve_conflicts import ConflictResult, resolve
from pytest_aexp.work.pack.files import line_of

RUN = job_id_of({"seed": 3})
PATH = entry_path(RUN)
AGAIN = f"run `aexp ledger promote {RUN} --replace` on the machine that has the run"


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


def only(resolutions: list[ConflictResult]) -> ConflictResult:
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
    assert isinstance(refused, MergeConflict)
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
    ledger = Ledger(WorkTree(repo))
    assert not list(contradictions(ledger, ledger.job_ids))


def put_stages(repo: Path, stages: dict[int, tuple[str, bytes]]) -> None:
    """Put these modes and contents into the index as the stages of the entry."""
    lines = ""
    for stage, (mode, content) in stages.items():
        blob = git(repo, "hash-object", "-w", str(write(repo, "version", content))).strip()
        lines += f"{mode} {blob} {stage}\t{PATH}\n"
    subprocess.run(["git", "update-index", "--index-info"], input=lines.encode(), check=True)


def test_an_entry_both_sides_gave_up_is_left_to_the_user(repo: Path) -> None:
    put_stages(repo, {1: ("100644", entry(FAILED))})
    assert only(resolve(repo)).outcome == MergeConflict("both sides deleted or renamed it")


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
    assert only(resolve(repo)).outcome == MergeConflict(
        "git has lost one of its versions (`git fsck` says more)"
    )


def test_what_is_refused_stays_as_git_left_it(repo: Path) -> None:
    edited = json.loads(entry(FAILED)) | {"statepoint": {"seed": 4}}
    diverge(repo, None, entry(COMPLETE), entry_text(edited).encode())
    merge(repo)
    before = (repo / PATH).read_bytes(), git(repo, "ls-files", "-s")
    resolution = only(resolve(repo))
    assert resolution.outcome == MergeConflict(
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
    assert isinstance(outcome, MergeConflict)
    assert f'says that it is of run "{RUN}", but its file is named for {"0" * 32}' in outcome.reason


def renamed_to_git(repo: Path, *, packed_twice: bool) -> dict[str, bytes]:
    """A conflict of runs that git takes for one, and what must become of the entries."""
    points = [{"experiment_id": "E001", "seed": seed} for seed in (1, 2, 3)]
    texts = {job_id_of(p): entry_text(entry_of(p, status="failed")) for p in points}
    old, mine, other = texts
    line = line_of(texts[old].encode())
    assert line is not None
    segment = {f"{LEDGER_DIR}/packs/other/{segment_name(line)}": line + b"\n"}
    commit(repo, {entry_path(old): texts[old].encode()}, "base")
    git(repo, "branch", "other")
    later = entry_of(points[0], status="complete", promoted_at="2030-01-01T00:00:00Z")
    changed = entry_text(later).encode()
    new = {entry_path(old): None, entry_path(mine): texts[mine].encode()}
    commit(repo, new if packed_twice else {entry_path(old): changed}, "ours")
    git(repo, "checkout", "-q", "other")
    new = {entry_path(old): None, entry_path(other): texts[other].encode()}
    commit(repo, {**segment, **new}, "theirs")
    git(repo, "checkout", "-q", "main")
    kept = {entry_path(old): texts[old].encode() if packed_twice else changed}
    kept[entry_path(other)] = texts[other].encode()
    return kept | ({entry_path(mine): texts[mine].encode()} if packed_twice else {})


@pytest.mark.parametrize(("packed_twice", "alone"), [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("operation", ["merge", "rebase", "cherry-pick"])
def test_runs_that_git_takes_for_one_that_was_renamed_are_separate(
    repo: Path, operation: str, packed_twice: bool, alone: bool
) -> None:
    git(repo, "config", DRIVER_KEY, driver_command("/nowhere/python"))
    write(repo, ".gitattributes", ".aexp/ledger/*.json merge=aexp-ledger\n")
    kept = renamed_to_git(repo, packed_twice=packed_twice)
    git(repo, operation, "other", check=False)
    (*_, unmerged) = git(repo, "ls-files", "-u").splitlines()
    resolutions = resolve(repo, Path(unmerged.split()[-1]).stem if alone else None)
    assert all(isinstance(r.outcome, Merged) for r in resolutions), resolutions
    assert git(repo, "ls-files", "-u") == ""
    assert {p: (repo / p).read_bytes() for p in kept} == kept
    assert git(repo, "diff", "--name-only") == ""


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
    assert outcome == MergeConflict("it cannot be written: Is a directory")
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


# Conflict markers that were added


@pytest.mark.parametrize("committed", [False, True])
def test_markers_that_were_added_are_left_with_advice_to_promote_again(
    repo: Path, committed: bool
) -> None:
    diverge(repo, *MIXED)
    merge(repo)
    text = (repo / PATH).read_bytes()
    git(repo, "add", PATH)
    if committed:
        git(repo, "commit", "-q", "-m", "markers and all")
    resolution = only(resolve(repo, RUN[:8]))
    assert resolution.outcome == MergeConflict(
        "its conflict markers were added, so git no longer lists both versions"
    )
    assert resolution.fix == (
        f"run `git checkout --merge -- {PATH}` and `aexp ledger resolve {RUN}`; "
        f"if the markers are committed, {AGAIN}"
    )
    assert (repo / PATH).read_bytes() == text
    if not committed:
        git(repo, "checkout", "--merge", "--", PATH)
        assert isinstance(only(resolve(repo)).outcome, Merged)
        check_resolved(repo, JOINED)


@pytest.mark.parametrize(
    "text", [b"", b"{}", b'{"a": "<<<<<<< HEAD"}', b"<<<<<<<< eight\n", b"{\n <<<<<<< indented\n}"]
)
def test_a_text_without_markers_is_not_in_conflict(repo: Path, text: bytes) -> None:
    commit(repo, {PATH: text}, "something else")
    assert resolve(repo) == []
