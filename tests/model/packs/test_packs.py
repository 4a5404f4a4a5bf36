"""Loose and packed entries are one ledger, whoever asks and from wherever it is read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from repositories import (
    add_entry,
    add_finding,
    add_segment,
    batch,
    entry_of,
    entry_text,
    git,
    job,
    packed,
    write,
)

from pytest_aexp.cli import main
from pytest_aexp.ground.git.view import INDEX, GitView
from pytest_aexp.ground.views import View, WorkTree
from pytest_aexp.model.entry import Entry
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.packs import packs as packs_module
from pytest_aexp.model.packs.packs import Packs

PACKS = ".aexp/ledger/packs"
LATER = {"promoted_at": "2026-06-01T00:00:00Z", "status": "failed"}


def run(number: int, **fields: Any) -> dict[str, Any]:
    """The entry of one run of a family; runs of even numbers belong to E002, the others to E001."""
    experiment = f"E{2 - number % 2:03d}"
    return entry_of({"experiment_id": experiment, "seed": number}, **fields)


def ids(*numbers: int) -> list[str]:
    return sorted(str(run(number)["job_id"]) for number in numbers)


def add_loose(repo: Path, *numbers: int, **fields: Any) -> None:
    for number in numbers:
        entry = run(number, **fields)
        write(repo, f".aexp/ledger/{entry['job_id']}.json", entry_text(entry))


@pytest.fixture(params=["worktree", "index", "HEAD"])
def view(repo: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Commits what there is and shows it, each time it is called, from one of the three places."""
    opened: list[GitView] = []

    def show() -> View:
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "--allow-empty", "-m", "as it is")
        if request.param == "worktree":
            return WorkTree(repo)
        opened.append(GitView.at(repo, INDEX if request.param == "index" else "HEAD"))
        return opened[-1]

    yield show
    for each in opened:
        each.close()


def test_the_ledger_is_both(repo: Path, view: Any) -> None:
    add_loose(repo, 1, 2)
    path = add_segment(repo, [run(3), run(4)])
    other = add_segment(repo, [run(5)], "laptop/2026-04-001")
    ledger = Ledger(view())
    assert ledger.job_ids == set(ids(1, 2, 3, 4, 5))
    assert ledger.loose == set(ids(1, 2))
    assert sorted(entry.job_id for entry in ledger) == ids(1, 2, 3, 4, 5)
    assert all(entry.usable and not entry.faults for entry in ledger)
    assert {entry.path for entry in ledger.entries(ids(3, 4, 5))} == {path, other}
    assert ledger.machines == ("cluster",)
    assert ledger.strays == ()


def test_a_run_is_found_by_its_id(repo: Path, view: Any) -> None:
    add_loose(repo, 1)
    path = add_segment(repo, [run(2)])
    ledger = Ledger(view())
    for number in (1, 2):
        [job_id] = ids(number)
        assert ledger.has(job_id)
        entry = ledger.get(job_id)
        assert entry is not None
        assert entry.usable
        assert ledger.document(job_id) == run(number)
    assert ledger.get(ids(2)[0]).path == path  # type: ignore[union-attr]
    for missing in (ids(3)[0], "", "nothing", "../../etc/passwd"):
        assert not ledger.has(missing)
        assert ledger.get(missing) is None
        assert ledger.document(missing) is None


def test_a_batch_has_its_loose_and_its_packed_runs(repo: Path, view: Any) -> None:
    add_loose(repo, 1, 2)
    add_segment(repo, [run(n) for n in (1, 3, 4)])
    add_segment(repo, [run(3), run(5)], "box/2026-05-002")
    shown = view()
    assert [e.job_id for e in Ledger(shown).select("E001", {"seed": 3})] == ids(3)
    ledger = Ledger(shown)
    assert sorted(e.job_id for e in ledger.select("E001", {})) == ids(1, 3, 5)
    assert sorted(e.job_id for e in ledger.select("E002", {})) == ids(2, 4)
    assert ledger.select("E009", {}) == []
    assert ledger.batches.experiments == ("E001", "E002")
    assert ledger.batches.counts("E001", "seed") == {"1": 1, "3": 1, "5": 1}
    assert ledger.batches.keys("E002") == {"experiment_id", "seed"}


def test_batches_that_are_expected_are_found_in_one_go(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_segment(repo, [run(n) for n in range(8)])
    reads: list[str] = []
    original = WorkTree.read

    def read(self: WorkTree, path: str, limit: int, *, whole: bool = True) -> Any:
        reads.append(path)
        return original(self, path, limit, whole=whole)

    monkeypatch.setattr(WorkTree, "read", read)
    ledger = Ledger(WorkTree(repo))
    ledger.load(experiments=["E001", "E002", "E003"])
    for experiment, count in (("E001", 4), ("E002", 4), ("E003", 0)):
        assert len(ledger.select(experiment, {})) == count
    assert len(reads) <= 2


def reported(
    capsys: pytest.CaptureFixture[str], *arguments: str
) -> list[tuple[str, str, str, int]]:
    capsys.readouterr()
    status = main([*arguments, "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    assert status == (0 if document["ok"] else 1)
    return [(p["severity"], p["code"], p["path"], p["line"]) for p in document["problems"]]


@pytest.mark.parametrize("at", [[], ["--at", "index"], ["--at", "HEAD"]])
def test_citations_of_packed_runs_hold(
    repo: Path, capsys: pytest.CaptureFixture[str], at: list[str]
) -> None:
    add_segment(repo, [run(1), run(2)])
    add_finding(repo, "F001-a", job(ids(1)[0]), batch("E002", "{seed: 2}"))
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "all")
    assert reported(capsys, "validate", *at) == []
    assert reported(capsys, "validate", "F001", *at) == []
    add_finding(repo, "F002-b", job(ids(3)[0]), batch("E002", "{seed: 4}"))
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "more")
    codes = [code for _, code, _, _ in reported(capsys, "validate", *at)]
    assert codes == ["finding.broken_run_citation", "finding.empty_batch"]


def test_hints_know_the_packed_runs(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_segment(repo, [run(1)])
    [job_id] = ids(1)
    slip = job_id[:-1] + ("0" if job_id[-1] != "0" else "1")
    add_finding(repo, "F001-a", job(slip), batch("E001", "{seed: '1'}"), batch("E987"))
    main(["validate"])
    output = capsys.readouterr().out
    assert job_id in output
    assert "1 entry" in output
    assert "drop the quotes" in output
    assert "there is E001" in output


def test_pytest_and_its_fixture_see_one_ledger(repo: Path, pytester: pytest.Pytester) -> None:
    add_loose(pytester.path, 1)
    add_segment(pytester.path, [run(2), run(3, registered_machine="laptop")])
    (pytester.path / ".git").mkdir()
    add_finding(pytester.path, "F001-a", job(ids(2)[0]), batch("E001"))
    pytester.makepyfile(
        f"""
        def test_ledger(aexp_ledger):
            assert set(aexp_ledger) == {set(ids(1, 2, 3))!r}
            assert len(aexp_ledger) == 3
            assert aexp_ledger[{ids(2)[0]!r}]["statepoint"]["seed"] == 2
            assert [e["statepoint"]["seed"] for e in aexp_ledger.batch("E001", seed=3)] == [3]
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:xdist", "-p", "no:hypothesispytest")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["aexp: 3 entries from cluster and laptop;*"])


def test_check_show_and_list_see_one_ledger(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_loose(repo, 1)
    path = add_segment(repo, [run(2), run(4, code_commit="/home/me/code")])
    assert reported(capsys, "ledger", "check", ids(2)[0]) == []
    line = 1 + ids(2, 4).index(ids(4)[0])
    assert reported(capsys, "ledger", "check") == [("error", "ledger.leak", path, line)]
    assert reported(capsys, "ledger", "check", ids(4)[0][:8]) == [
        ("error", "ledger.leak", path, line)
    ]
    assert main(["ledger", "check"]) == 1
    assert "3 ledger entries: 1 error" in capsys.readouterr().out
    assert main(["ledger", "show", ids(2)[0][:10], "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == run(2)
    assert main(["ledger", "list", "--experiment", "E002", "--format", "json"]) == 0
    assert sorted(e["job_id"] for e in json.loads(capsys.readouterr().out)) == ids(2, 4)


def test_files_among_the_segments_that_are_none(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_loose(repo, 1)
    strays = [f"{PACKS}/2026-05-001.jsonl", f"{PACKS}/box/{ids(2)[0]}.json"]
    strays += [f"{PACKS}/box/deep/2026-05-001.jsonl", f"{PACKS}/box/2026-5-1.jsonl"]
    for path in strays:
        write(repo, path, packed(run(2)))
    for path in ("README.md", "box/.2026-05-001.tmp", "box/.gitattributes"):
        write(repo, f"{PACKS}/{path}", "not ours\n")
    assert Ledger(WorkTree(repo)).job_ids == set(ids(1))
    problems = reported(capsys, "ledger", "check")
    assert [(s, c, p) for s, c, p, _ in problems] == [
        ("error", "ledger.invalid_entry", path) for path in sorted(strays)
    ]
    assert reported(capsys, "validate")[1:] == [("warning", *problem[1:]) for problem in problems]


# One run in several places: which counts is tested with `duplicates`


SEGMENT = f"{PACKS}/box/2026-05-001.jsonl"
OTHER = f"{PACKS}/laptop/2026-05-001.jsonl"
CONFLICT = ("ledger.invalid_entry", f".aexp/ledger/{ids(1)[0]}.json", 1)


@pytest.mark.parametrize(
    "citation", [None, job(ids(1)[0]), batch("E001", "{seed: 1}"), job(ids(2)[0])]
)
def test_two_entries_that_differ_fail_the_check_if_one_is_cited(
    repo: Path, capsys: pytest.CaptureFixture[str], citation: str | None
) -> None:
    add_loose(repo, 1, status="failed")
    add_segment(repo, [run(1), run(2)])
    add_finding(repo, "F001-a", *filter(None, [citation]))
    is_cited = citation is not None and ids(2)[0] not in citation
    at_finding = ("error", CONFLICT[0], "kb/research/findings/F001-a.md", 4)
    expected = [at_finding] if is_cited else [("warning", *CONFLICT)]
    assert reported(capsys, "validate") == expected
    if citation is not None:
        assert reported(capsys, "validate", "F001") == [each for each in expected if is_cited]
    main(["validate"])
    output = capsys.readouterr().out
    assert f"{SEGMENT}:{1 + ids(1, 2).index(ids(1)[0])}" in output
    assert f"{ids(1)[0]}.json:1" in output
    assert f"aexp ledger promote {ids(1)[0]}" in output


def test_a_packed_line_that_cannot_be_used_does_not_hide_the_loose_entry(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = packed(run(1)).replace(b'"seed":1', b'"seed":7')
    write(repo, SEGMENT, broken)
    add_finding(repo, "F001-a", job(ids(1)[0]))
    assert reported(capsys, "validate") == [
        ("error", "ledger.identity_mismatch", "kb/research/findings/F001-a.md", 4)
    ]
    add_loose(repo, 1)
    assert reported(capsys, "validate") == [("warning", "ledger.identity_mismatch", SEGMENT, 1)]
    assert reported(capsys, "validate", "F001") == []


def test_a_line_that_cannot_be_used_does_not_hide_another(repo: Path) -> None:
    write(repo, SEGMENT, packed(run(1, **LATER)).replace(b'"seed":1', b'"seed":7'))
    add_segment(repo, [run(1)], "laptop/2026-05-001")
    ledger = Ledger(WorkTree(repo))
    assert ledger.document(ids(1)[0]) == run(1)
    entry = ledger.get(ids(1)[0])
    assert entry is not None
    assert entry.path == OTHER


def test_a_damaged_segment_harms_no_line_but_its_own(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = sorted(range(1, 6), key=lambda n: ids(n)[0])
    lines = [packed(run(number)) for number in [*order[3:], *order[:3]]]
    write(repo, SEGMENT, b"".join([lines[0], b"\xff\n", *lines[1:], b"{"]))
    add_finding(repo, "F001-a", *(job(job_id) for job_id in ids(1, 2, 3, 4, 5)), batch("E001"))
    assert reported(capsys, "validate") == [
        ("warning", "ledger.invalid_entry", SEGMENT, 2),
        ("error", "ledger.invalid_entry", SEGMENT, 4),
        ("warning", "ledger.invalid_entry", SEGMENT, 7),
    ]
    assert Packs(WorkTree(repo)).job_ids == set(ids(1, 2, 3, 4, 5))


@pytest.mark.parametrize("kind", ["pipe", "outside", "loop", "folder", "large"])
def test_a_segment_that_is_no_file_of_ours_is_told_and_passed_over(
    repo: Path, capsys: pytest.CaptureFixture[str], kind: str, tmp_path: Path
) -> None:
    add_loose(repo, 1)
    path = repo / SEGMENT
    path.parent.mkdir(parents=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "large":
        with path.open("wb") as stream:
            stream.truncate((8 << 20) + 1)
    else:
        (tmp_path / "outside").write_bytes(packed(run(2)))
        path.symlink_to(tmp_path / "outside" if kind == "outside" else path)
    expected = [] if kind == "folder" else [("warning", "ledger.invalid_entry", SEGMENT, 1)]
    assert reported(capsys, "validate")[1:] == expected
    assert Ledger(WorkTree(repo)).job_ids == set(ids(1))


# While somebody packs


def test_an_entry_that_is_packed_between_listing_and_reading(repo: Path) -> None:
    add_loose(repo, 1, 2)
    ledger = Ledger(WorkTree(repo))
    assert ledger.job_ids == set(ids(1, 2))
    path = add_segment(repo, [run(1), run(2)])
    for number in (1, 2):
        (repo / f".aexp/ledger/{ids(number)[0]}.json").unlink()
    entries = list(ledger)
    assert [(entry.path, entry.usable) for entry in entries] == [(path, True)] * 2


def test_an_entry_that_is_packed_after_the_segments_were_listed(repo: Path) -> None:
    add_loose(repo, 1)
    add_segment(repo, [run(2)])
    ledger = Ledger(WorkTree(repo))
    assert ledger.get(ids(2)[0]) is not None
    path = add_segment(repo, [run(1)], "box/2026-05-002")
    (repo / f".aexp/ledger/{ids(1)[0]}.json").unlink()
    entry = ledger.get(ids(1)[0])
    assert entry is not None
    assert entry.path == path


def test_a_segment_that_is_gone_is_not_believed(repo: Path) -> None:
    first = Packs(WorkTree(repo))
    assert first.renewed() is first
    add_segment(repo, [run(1)])
    packs = Packs(WorkTree(repo))
    assert packs.version(ids(1)[0]) is not None
    assert packs.renewed() is packs
    (repo / SEGMENT).unlink()
    add_segment(repo, [run(2)], "laptop/2026-05-001")
    now = packs.renewed()
    assert now.job_ids == set(ids(2))
    assert now.version(ids(1)[0]) is None


def test_an_entry_that_is_simply_deleted_is_missed(repo: Path) -> None:
    add_loose(repo, 1)
    ledger = Ledger(WorkTree(repo))
    assert ledger.job_ids == set(ids(1))
    (repo / f".aexp/ledger/{ids(1)[0]}.json").unlink()
    [entry] = ledger
    assert not entry.usable
    assert "does not exist" in entry.faults[0].message


def test_without_segments_their_folder_is_looked_for_and_nothing_is_read(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_entry(repo, {"experiment_id": "E001"})
    add_finding(repo, "F001-a", batch("E001"))
    scans: list[str] = []
    original = os.scandir

    def scandir(path: Any = ".") -> Any:
        scans.append(str(path))
        return original(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert main(["validate"]) == 0
    assert len([path for path in scans if path.endswith("packs")]) == 1


# One run's lines


def version_of(repo: Path, entry: dict[str, Any]) -> Any:
    return Packs(WorkTree(repo)).version(str(entry["job_id"]))


def test_of_two_lines_of_an_attempt_the_later_promotion_is_found(repo: Path) -> None:
    old = run(1, promoted_at="2026-05-01T00:00:00Z")
    later = {"promoted_at": "2026-05-01T01:30:00+01:00", "status": "failed"}
    path = add_segment(repo, [{**old, **later}])
    add_segment(repo, [old], "box/2026-05-002")
    assert version_of(repo, old).path == path


def test_junk_pipes_and_links_are_passed_over(repo: Path) -> None:
    write(repo, f"{PACKS}/box/2026-05-001.jsonl", b"\xff" * 100_000)
    write(repo, f"{PACKS}/box/2026-05-002.jsonl", b"{}\n" * 9000)
    os.mkfifo(repo / PACKS / "box/2026-05-003.jsonl")
    (repo / PACKS / "box/2026-05-004.jsonl").symlink_to("/dev/zero")
    assert version_of(repo, run(1)) is None
    path = add_segment(repo, [run(1)], "box/2026-05-009")
    assert version_of(repo, run(1)).path == path


def test_a_segment_behind_a_link_is_searched(repo: Path) -> None:
    path = add_segment(repo, [run(1)])
    (repo / path).rename(repo / "elsewhere")
    (repo / path).symlink_to(repo / "elsewhere")
    assert version_of(repo, run(1)).path == path


def test_only_the_members_of_experiments_are_judged(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[bytes] = []
    original = packs_module.judge_line

    def judge(path: str, number: int, line: bytes, job_id: str | None = None) -> Entry:
        judged.append(line)
        return original(path, number, line, job_id)

    monkeypatch.setattr(packs_module, "judge_line", judge)
    linked = entry_of({"seed": 9}, run_link={"experiment_id": "E002"})
    add_segment(repo, [run(1), run(2), linked])
    packs = Packs(WorkTree(repo))
    assert packs.load((), ["E009", "E00", "002"])[1] == {"E009": [], "E00": [], "002": []}
    assert judged == []
    found = packs.load((), [f"E{number:03d}" for number in range(2, 40)])[1]
    assert {e.job_id for e in found["E002"]} == {run(2)["job_id"], linked["job_id"]}
    assert len(judged) == 2


def test_for_runs_and_experiments_each_segment_is_read_once(
    repo: Path, view: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [add_segment(repo, [run(1), run(2)]), add_segment(repo, [run(4)], "box/2026-05-002")]
    shown, reads = view(), list[str]()
    read = shown.read
    monkeypatch.setattr(
        shown, "read", lambda path, limit: (reads.append(path), read(path, limit))[1]
    )
    ledger = Ledger(shown)
    ledger.load(ids(1, 3), ["E002"])
    assert [entry.job_id for entry in ledger.packed_runs("E002")] == [*ids(2), *ids(4)]
    assert (ledger.has(ids(1)[0]), ledger.has(ids(3)[0])) == (True, False)
    assert sorted(reads) == sorted(paths)
