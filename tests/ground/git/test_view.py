"""Index and commits are read as the working tree is, and judged to the same verdicts."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lanes import slow_unless
from repositories import (
    add_entry,
    add_finding,
    batch,
    build_case,
    entry_of,
    entry_text,
    git,
    job,
    job_id_of,
    new_repository,
    write,
)
from tree import DATA

from pytest_aexp.cli import main
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.files import MISSING, UNMERGED, Unreadable
from pytest_aexp.ground.git.listing import bare_root
from pytest_aexp.ground.git.view import A_SUBMODULE, INDEX, NOT_FOLLOWED, GitView, Unstaged
from pytest_aexp.ground.views import View, WorkTree

CASES, MORE = (
    json.loads((DATA / name).read_text(encoding="utf-8"))["cases"]
    for name in ("cases.json", "more_cases.json")
)
# Of the many others those with something but text in their files: links, folders, odd bytes.
CASES += [case for case in MORE if not all(isinstance(f, str) for f in case["files"].values())]
ODD = [case for case in CASES if not all(isinstance(f, str) for f in case["files"].values())]
NOWHERE = "deadbeefdeadbeefdeadbeefdeadbeef"
FINDING = "kb/research/findings/F001-x.md"
LIMIT = 1 << 20


def commit(repo: Path, message: str = "change") -> None:
    git(repo, "add", "--all", "--force", "--", ".", ":!.runs")
    git(repo, "commit", "-q", "--allow-empty", "-m", message)


@pytest.fixture
def aexp(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        status = main(["validate", "--format", "json", *arguments])
        reported = capsys.readouterr()
        assert reported.err == ""
        return status, json.loads(reported.out)["problems"]

    return run


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str) -> str:
        assert main(["validate", *arguments]) == 2
        reported = capsys.readouterr()
        assert reported.out == ""
        return reported.err

    return run


@pytest.fixture
def views() -> Iterator[Any]:
    opened: list[GitView] = []

    def at(root: Path, revision: str) -> GitView:
        opened.append(GitView.at(root, revision))
        return opened[-1]

    yield at
    for view in opened:
        view.close()


def codes(problems: list[dict[str, Any]]) -> list[str]:
    return [problem["code"] for problem in problems]


class TestSameVerdicts:
    """Where the files come from changes nothing of what is said of them."""

    @pytest.mark.tree
    @pytest.mark.parametrize("case", slow_unless(CASES, ODD), ids=lambda case: case["name"])
    def test_every_case_has_the_same_problems_in_the_index_and_in_a_commit(
        self, case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aexp: Any
    ) -> None:
        repo = build_case(case, tmp_path)
        for empty in (repo / ".aexp/ledger").glob("*.json/"):
            write(empty, ".gitkeep", "")  # else git has no such folder
        commit(repo)
        monkeypatch.chdir(repo / case.get("cwd", "."))
        strictness = f"--strict-runs={case['strict_runs']}"
        status, every = aexp(strictness)
        # Which files of a run store git has is asked in the working tree only.
        problems = [problem for problem in every if problem["code"] != "runs.tracked"]
        shared = [path for path in case["files"] if not path.startswith(".runs")]
        for at in ("index", "HEAD"):
            answer = aexp(strictness, "--at", at)
            if any("symlink" in case["files"][path] for path in shared):
                # What a link leads to in the work tree is not read there: it is named instead.
                assert answer[1]
            elif any("there is no ledger folder" in p["message"] for p in problems):
                # Where it is missing is part of that message.
                assert codes(answer[1]) == codes(problems)
            else:
                assert answer == (status, problems)

    def test_each_place_is_judged_by_what_it_holds(self, repo: Path, aexp: Any) -> None:
        held = add_entry(repo, {"seed": 1})
        add_finding(repo, "F001-x", job(held))
        commit(repo)
        add_finding(repo, "F001-x", job(held), job(NOWHERE))
        git(repo, "add", "kb")
        add_finding(repo, "F001-x", job(held), job(NOWHERE), job(NOWHERE))
        broken = "finding.broken_run_citation"
        assert codes(aexp("--at", "HEAD")[1]) == []
        assert codes(aexp("--at", "index")[1]) == [broken]
        assert codes(aexp("--at", "worktree")[1]) == [broken, broken]
        assert codes(aexp()[1]) == [broken, broken]

    def test_any_commit_can_be_named(self, repo: Path, aexp: Any) -> None:
        add_finding(repo, "F001-x", job(NOWHERE))
        commit(repo)
        git(repo, "tag", "-a", "-m", "then", "then")
        git(repo, "rm", "-q", FINDING)
        commit(repo)
        first = git(repo, "rev-parse", "HEAD~").strip()
        for then in ("then", "HEAD~", first, first[:8], "then^{tree}", "refs/tags/then"):
            assert codes(aexp("--at", then)[1]) == ["finding.no_run_store"], then
        assert codes(aexp("--at", "main")[1]) == ["finding.none_collected"]

    def test_chosen_findings_are_chosen_there(self, repo: Path, aexp: Any) -> None:
        (repo / ".aexp/ledger").mkdir(parents=True)
        add_entry(repo, {"seed": 1})
        add_finding(repo, "F001-x", job(NOWHERE))
        add_finding(repo, "F002-y", job(NOWHERE))
        commit(repo)
        git(repo, "rm", "-rq", "--cached", ".")
        assert [p["path"] for p in aexp("F002", "--at", "HEAD")[1]] == [
            "kb/research/findings/F002-y.md"
        ]

    def test_configuration_is_read_there_too(self, repo: Path, aexp: Any) -> None:
        add_entry(repo, {"seed": 1})
        add_finding(repo, "F001-x", job(NOWHERE))
        write(repo, "pyproject.toml", '[tool.aexp]\nstrict_runs = "warn"\n')
        commit(repo)
        write(repo, "pyproject.toml", "[tool.aexp]\nno_such_setting = 1\n")
        status, problems = aexp("--at", "HEAD")
        assert (status, problems[0]["severity"]) == (0, "warning")


class TestEntryOnDiskOnly:
    """What is on disk and not in the commit will be missing everywhere else."""

    @pytest.mark.parametrize("at", ["index", "HEAD"])
    def test_a_run_is_told_with_what_to_add(self, repo: Path, aexp: Any, at: str) -> None:
        write(repo, "README", "")
        job_id = job_id_of({"experiment_id": "E001"})
        add_finding(repo, "F001-x", job(job_id))
        commit(repo)
        add_entry(repo, {"experiment_id": "E001"})
        status, [problem] = aexp("--at", at)
        assert status == 1
        assert problem["code"] == "finding.unstaged_ledger_entry"
        assert problem["fix"] == f"run `git add .aexp/ledger/{job_id}.json`"
        assert aexp() == (0, [])

    def test_a_batch_is_told_with_what_to_add(self, repo: Path, aexp: Any) -> None:
        add_finding(repo, "F001-x", batch("E001"))
        commit(repo)
        ids = sorted(add_entry(repo, {"experiment_id": "E001", "seed": n}) for n in (1, 2))
        _, [problem] = aexp("--at", "index")
        assert problem["code"] == "finding.unstaged_ledger_entry"
        assert set(re.findall("[0-9a-f]{32}", problem["fix"])) == set(ids)

    def test_what_was_announced_with_add_n_is_not_in_the_commit(
        self, repo: Path, aexp: Any
    ) -> None:
        job_id = add_entry(repo, {"seed": 1})
        add_finding(repo, "F001-x", job(job_id))
        add_finding(repo, "F002-y", job(NOWHERE))
        git(repo, "add", FINDING)
        git(repo, "add", "-N", ".aexp", "kb")
        _, [problem] = aexp("--at", "index")
        assert problem["code"] == "finding.unstaged_ledger_entry"
        assert problem["path"] == FINDING

    def test_an_empty_file_that_was_added_is(self, repo: Path, aexp: Any) -> None:
        write(repo, FINDING, "")
        git(repo, "add", "kb")
        assert codes(aexp("--at", "index")[1]) == ["finding.unreadable"]


class TestWhereGitIs:
    """Repositories of every shape."""

    def test_before_the_first_commit_there_is_an_index(
        self, repo: Path, aexp: Any, refused: Any
    ) -> None:
        add_finding(repo, "F001-x", job(NOWHERE))
        assert codes(aexp("--at", "index")[1]) == ["finding.none_collected"]
        git(repo, "add", "kb")
        assert codes(aexp("--at", "index")[1]) == ["finding.no_run_store"]
        assert "there is no commit yet" in refused("--at", "HEAD")

    @pytest.mark.parametrize("inside", ["", "refs", "objects/info"])
    def test_a_bare_repository_has_commits(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aexp: Any, refused: Any, inside: str
    ) -> None:
        repo = new_repository(tmp_path / "outer")
        add_entry(repo, {"seed": 1})
        add_finding(repo, "F001-x", job(NOWHERE))
        commit(repo)
        bare = tmp_path / "mirror.git"
        git(repo, "clone", "-q", "--bare", ".", str(bare))
        monkeypatch.chdir(bare / inside)
        assert codes(aexp("--at", "HEAD")[1]) == ["finding.broken_run_citation"]
        assert codes(aexp("--at", "main", "F001")[1]) == ["finding.broken_run_citation"]
        assert "a bare repository has no index" in refused("--at", "index")

    def test_the_git_folder_of_a_work_tree_is_not_bare(self, repo: Path) -> None:
        assert bare_root(repo / ".git") is None
        assert bare_root(repo) is None

    def test_a_root_below_gits_own(
        self, repo: Path, monkeypatch: pytest.MonkeyPatch, aexp: Any
    ) -> None:
        inner = repo / "team a" / "study"
        job_id = add_entry(inner, {"seed": 1})
        add_finding(inner, "F001-x", job(job_id), job(NOWHERE))
        write(inner, ".aexp/installed.json", "{}")
        write(inner, "pyproject.toml", "[tool.aexp.severity]\n'finding.no_run_store' = 'off'\n")
        add_finding(repo, "F009-other", job(NOWHERE))
        commit(repo)
        monkeypatch.chdir(inner / "kb")
        reported = aexp()
        assert [(p["path"], p["code"]) for p in reported[1]] == [
            (FINDING, "finding.broken_run_citation")
        ]
        assert aexp("--at", "index") == reported
        assert aexp("--at", "HEAD") == reported

    def test_a_linked_work_tree_has_its_own_index(
        self, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aexp: Any
    ) -> None:
        write(repo, "README", "")
        add_entry(repo, {"seed": 1})
        commit(repo)
        git(repo, "worktree", "add", "-q", str(tmp_path / "linked"))
        monkeypatch.chdir(tmp_path / "linked")
        add_finding(tmp_path / "linked", "F001-x", job(NOWHERE))
        git(tmp_path / "linked", "add", "kb")
        assert codes(aexp("--at", "index")[1]) == ["finding.broken_run_citation"]
        # As git sets them for the hooks of a linked work tree.
        git_dir = git(tmp_path / "linked", "rev-parse", "--absolute-git-dir").strip()
        monkeypatch.setenv("GIT_DIR", git_dir)
        assert codes(aexp("--at", "index")[1]) == ["finding.broken_run_citation"]
        monkeypatch.delenv("GIT_DIR")
        monkeypatch.chdir(repo)
        assert codes(aexp("--at", "index")[1]) == ["finding.none_collected"]

    def test_a_hooks_own_index_counts(
        self, repo: Path, monkeypatch: pytest.MonkeyPatch, aexp: Any
    ) -> None:
        add_entry(repo, {"seed": 1})
        add_finding(repo, "F001-x", job(NOWHERE))
        git(repo, "add", "kb", ".aexp", GIT_INDEX_FILE=".git/another")
        assert codes(aexp("--at", "index")[1]) == ["finding.none_collected"]
        monkeypatch.setenv("GIT_INDEX_FILE", ".git/another")
        assert codes(aexp("--at", "index")[1]) == ["finding.broken_run_citation"]
        monkeypatch.chdir(repo / "kb")
        assert codes(aexp("--at", "index")[1]) == ["finding.broken_run_citation"]

    def test_longer_object_names(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aexp: Any
    ) -> None:
        repo = tmp_path / "repo"
        repo.mkdir()
        git(repo, "init", "-q", "--object-format=sha256")
        monkeypatch.chdir(repo)
        add_finding(repo, "F001-x", job(add_entry(repo, {"seed": 1})), job(NOWHERE))
        write(repo, "kb/research/findings/F002-new.md", "")
        git(repo, "add", FINDING, ".aexp")
        git(repo, "add", "-N", "kb")
        assert codes(aexp("--at", "index")[1]) == ["finding.broken_run_citation"]
        git(repo, "commit", "-qm", "x")
        assert codes(aexp("--at", "HEAD")[1]) == ["finding.broken_run_citation"]

    def test_a_submodule_is_not_entered(self, repo: Path, tmp_path: Path, aexp: Any) -> None:
        other = new_repository(tmp_path / "other")
        write(other, "F001-x.md", "no front matter")
        commit(other)
        allowed = ("-c", "protocol.file.allow=always")
        git(repo, *allowed, "submodule", "add", "-q", str(other), "kb/research/findings/more")
        git(repo, *allowed, "submodule", "add", "-q", str(other), ".aexp/ledger")
        commit(repo)
        for at in ("index", "HEAD"):
            assert codes(aexp("--at", at)[1]) == ["finding.none_collected"]
            with GitView.at(repo, at) as view:
                assert not view.has_file(".aexp/ledger")
                assert view.names(".aexp") == ()
                assert list(view.walk("kb")) == []
                assert view.read(".aexp/ledger", LIMIT) == Unreadable("is a folder, not a file")

    def test_outside_a_git_repository_git_says_so(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Any
    ) -> None:
        write(tmp_path, ".aexp/installed.json", "{}")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
        assert "not a git repository" in refused("--at", "index")


class TestWrongUsage:
    @pytest.mark.parametrize("revision", ["nope", "-x", "--help", "", "HEAD~5", "0" * 40, "a b"])
    def test_a_revision_that_does_not_exist(self, repo: Path, refused: Any, revision: str) -> None:
        commit(repo)
        assert f'git knows no commit, branch or tag "{revision}" here' in refused(
            f"--at={revision}"
        )

    @pytest.mark.parametrize("revision", ["HEAD@{100000}", "HEAD:a", ":/nowhere", "a^{tree}"])
    def test_one_that_is_written_by_rule(self, repo: Path, refused: Any, revision: str) -> None:
        write(repo, "a", "x")
        commit(repo)
        reported = f'aexp: git knows no commit, branch or tag "{revision}" here\n'
        assert refused(f"--at={revision}") == reported

    @pytest.mark.parametrize("revision", ["HEAD..main", "HEAD...main", "..main", "^HEAD"])
    def test_more_than_one_commit(self, repo: Path, refused: Any, revision: str) -> None:
        commit(repo)
        reported = f'aexp: "{revision}" is not one commit: name a single one, such as HEAD\n'
        assert refused(f"--at={revision}") == reported

    @pytest.mark.parametrize("revision", [":/init", ":/!-second", "HEAD^{/init}", "HEAD@{0}~1"])
    def test_a_commit_by_its_message(self, repo: Path, aexp: Any, revision: str) -> None:
        add_finding(repo, "F001-x", job(NOWHERE))
        commit(repo, "init")
        (repo / FINDING).unlink()
        commit(repo, "second")
        assert codes(aexp(f"--at={revision}")[1]) == ["finding.no_run_store"]

    def test_a_blob_is_no_commit(self, repo: Path) -> None:
        write(repo, "a", "x")
        commit(repo)
        with pytest.raises(UsageError):
            GitView.at(repo, "HEAD:a")


class TestConflicts:
    """A merge that is not finished."""

    @pytest.fixture
    def conflicted(self, repo: Path) -> str:
        job_id = add_entry(repo, {"seed": 1})
        add_finding(repo, "F001-x", job(job_id))
        commit(repo)
        git(repo, "checkout", "-qb", "theirs")
        add_entry(repo, {"seed": 1}, status="failed")
        add_finding(repo, "F001-x", job(job_id), extra="a: 1\n")
        commit(repo)
        git(repo, "checkout", "-q", "main")
        add_entry(repo, {"seed": 1}, status="stopped")
        add_finding(repo, "F001-x", job(job_id), extra="a: 2\n")
        commit(repo)
        git(repo, "merge", "-q", "theirs", check=False)
        return job_id

    def test_an_entry_in_conflict_names_the_command(
        self, repo: Path, conflicted: str, aexp: Any
    ) -> None:
        git(repo, "checkout", "-q", "--ours", FINDING)
        git(repo, "add", FINDING)
        status, [problem] = aexp("--at", "index")
        assert status == 1
        assert problem["code"] == "ledger.invalid_entry"
        assert problem["fix"] == f"run `aexp ledger resolve {conflicted}`"

    def test_a_finding_in_conflict_cannot_be_read(
        self, repo: Path, conflicted: str, aexp: Any, views: Any
    ) -> None:
        _, problems = aexp("--at", "index", "F001")
        assert codes(problems) == ["finding.unreadable"]
        assert f"git add {FINDING}" in problems[0]["fix"]
        assert views(repo, "index").read(FINDING, LIMIT) is UNMERGED

    def test_an_entry_that_one_side_deleted(self, repo: Path, conflicted: str, views: Any) -> None:
        git(repo, "merge", "--abort")
        git(repo, "checkout", "-q", "theirs")
        git(repo, "rm", "-rq", ".aexp")
        git(repo, "commit", "-qm", "gone")
        git(repo, "merge", "-q", "main", check=False)
        view = views(repo, "index")
        assert view.has_file(f".aexp/ledger/{conflicted}.json")
        assert view.read(f".aexp/ledger/{conflicted}.json", LIMIT) is UNMERGED


NAMES = ["a b.md", "ü\u0301\u65e5.md", "new\nline.md", "tab\t.md", "-x.md", "*?[a].md", '"q".md']
NAMES += [":(glob)x.md", "back\\slash.md", "%s.md", "é.md", os.fsdecode(b"latin-\xe9.md")]

AT_THE_TOP = [":!top", ":(exclude)top", ":/x", "-a", "--", "to*"]
"""Names that git would take for something else."""


class TestNames:
    """Whatever a file may be called."""

    @pytest.mark.parametrize("at", ["index", "HEAD"])
    def test_files_and_folders_of_any_name(self, repo: Path, views: Any, at: str) -> None:
        for name in NAMES:
            write(repo, f"top/{name}/F1{name}", name.encode(errors="surrogateescape"))
        for name in AT_THE_TOP:
            write(repo, name, name)
        commit(repo)
        paths = sorted(f"top/{name}/F1{name}" for name in NAMES)
        view = views(repo, at)
        assert list(view.walk("top")) == paths
        fresh = views(repo, at)
        for name in AT_THE_TOP:
            assert fresh.read(name, LIMIT) == name.encode()
        for path in paths:
            assert fresh.has_file(path)
            assert not fresh.has_file(f"{path}x")
            data = fresh.read(path, LIMIT)
            assert os.fsdecode(data) == path.rpartition("/")[2].removeprefix("F1")

    def test_a_name_that_is_not_utf8_is_shown_escaped(self, repo: Path, aexp: Any) -> None:
        write(repo, os.fsdecode(b"kb/research/findings/F1-\xe9.md"), "no front matter")
        commit(repo)
        _, [problem] = aexp("--at", "HEAD")
        assert problem["path"] == "kb/research/findings/F1-\\udce9.md"


class TestLinks:
    """A link is what git has there, wherever it leads: it is named, and not followed."""

    @pytest.mark.parametrize("at", ["index", "HEAD"])
    def test_they_are_not_followed(self, repo: Path, views: Any, at: str) -> None:
        write(repo, "real/deep/file", "content")
        targets = {"to-file": "real/deep/file", "to-folder": "real/deep", "loop": "loop"}
        targets |= {"outside": "../elsewhere", "absolute": str(repo), "dangling": "nothing"}
        for name, target in targets.items():
            (repo / name).symlink_to(target)
        commit(repo)
        view = views(repo, at)
        for name in targets:
            assert view.read(name, LIMIT) is NOT_FOLLOWED, name
            assert view.has_file(name)
            assert not view.has_folder(name)
            assert list(view.walk(name)) == []
            assert view.blocked(f"{name}/deeper") == (name, NOT_FOLLOWED)
        assert view.read("to-folder/file", LIMIT) is MISSING
        assert view.blocked("real/deep") is None
        assert set(targets) <= set(view.names(""))

    def test_a_submodule_blocks_the_way(self, repo: Path, views: Any) -> None:
        name = git(repo, "commit-tree", "-m", "x", git(repo, "write-tree").strip()).strip()
        git(repo, "update-index", "--add", "--cacheinfo", f"160000,{name},kb")
        assert views(repo, "index").blocked("kb/research") == ("kb", A_SUBMODULE)


class TestBounds:
    """Nothing large is read, and nothing damaged ends the work."""

    def test_an_entry_over_the_limit(self, repo: Path, aexp: Any) -> None:
        small, large = add_entry(repo, {"seed": 1}), add_entry(repo, {"seed": 2})
        path = f".aexp/ledger/{large}.json"
        write(repo, path, entry_text(entry_of({"seed": 2})) + " " * (3 << 20))
        add_finding(repo, "F001-x", job(large), job(small))
        commit(repo)
        for at in ("worktree", "index", "HEAD"):
            _, [problem] = aexp("--at", at)
            assert "is larger than 1 MiB" in problem["message"]

    @pytest.mark.parametrize("length", [99, 100, 101, 3 << 20])
    def test_a_file_is_cut_or_refused_at_the_limit(
        self, repo: Path, views: Any, length: int
    ) -> None:
        write(repo, "file", b"x" * length)
        write(repo, "next", "after")
        commit(repo)
        view = views(repo, "HEAD")
        assert view.read("file", 100, whole=False) == b"x" * min(length, 100)
        assert view.read("next", 100) == b"after"
        whole = view.read("file", 100)
        assert whole == (b"x" * length if length <= 100 else Unreadable("is larger than 100 bytes"))
        assert dict(view.read_many(["next", "file", "next"], 100)) == {
            "file": whole,
            "next": b"after",
        }

    def test_an_object_that_is_gone_or_damaged_hides_no_other(self, repo: Path, aexp: Any) -> None:
        ids = [add_entry(repo, {"seed": n}) for n in range(4)]
        add_finding(repo, "F001-x", *map(job, ids))
        commit(repo)
        names = [git(repo, "rev-parse", f"HEAD:.aexp/ledger/{i}.json").strip() for i in ids]
        gone, damaged, cut = (repo / ".git/objects" / n[:2] / n[2:] for n in names[:3])
        gone.unlink()
        for file, data in ((damaged, b"damaged"), (cut, cut.read_bytes()[:-30])):
            file.chmod(0o644)
            file.write_bytes(data)
        _, problems = aexp("--at", "HEAD")
        assert [(p["code"], p["line"]) for p in problems] == [
            ("ledger.invalid_entry", line) for line in (4, 5, 6)
        ]
        for problem in problems:
            assert "its content is missing from this clone, or damaged" in problem["message"]

    def test_many_files_of_every_kind_in_the_order_asked(self, repo: Path, views: Any) -> None:
        expected: dict[str, bytes | Unreadable] = {}
        for number in range(300):
            data = bytes([number % 256]) * (number * 37 % 9000)
            write(repo, f"folder/{number}", data)
            expected[f"folder/{number}"] = (
                data if len(data) <= 8000 else Unreadable("is larger than 8000 bytes")
            )
            expected[f"folder/none{number}"] = MISSING
        commit(repo)
        for at in ("index", "HEAD"):
            assert list(views(repo, at).read_many(expected, 8000)) == list(expected.items())
        # More questions than a pipe holds, whose answers nobody reads yet.
        often = ["folder/200"] * 4000
        answers = views(repo, "HEAD").read_many(often, 8000)
        assert {data for _, data in answers} == {expected["folder/200"]}

    def test_no_process_is_left(self, repo: Path) -> None:
        write(repo, "file", "x")
        commit(repo)
        with GitView.at(repo, "HEAD") as view:
            assert view.read("file", 100) == b"x"
            children = Path(f"/proc/self/task/{os.getpid()}/children")
            before = children.read_text().split() if children.exists() else ["?"]
            assert before
        if children.exists():
            assert len(children.read_text().split()) == len(before) - 1


class TestCost:
    """A few questions cost a few answers, however large the ledger is."""

    def asked(self, trace: Path) -> list[str]:
        return re.findall(r"built-in: git (.*)", trace.read_text())

    @pytest.mark.parametrize("at", ["index", "HEAD"])
    def test_four_citations_list_no_ledger(
        self, repo: Path, monkeypatch: pytest.MonkeyPatch, aexp: Any, at: str
    ) -> None:
        ids = [add_entry(repo, {"seed": number}) for number in range(40)]
        add_finding(repo, "F001-x", *map(job, ids[:4]))
        commit(repo)
        trace = repo / ".git/trace"
        monkeypatch.setenv("GIT_TRACE", str(trace))
        assert aexp("--at", at, FINDING) == (0, [])
        asked = self.asked(trace)
        assert len(asked) <= 8, asked
        about = [line for line in asked if " .aexp/ledger" in line]
        assert len(about) == 1
        assert set(re.findall("ledger/([0-9a-f]{32})", about[0])) == set(ids[:4])

    def test_everything_costs_no_more_processes_for_more_files(
        self, repo: Path, monkeypatch: pytest.MonkeyPatch, aexp: Any
    ) -> None:
        counts = []
        for size in (10, 100):
            ids = [add_entry(repo, {"seed": number}) for number in range(size)]
            for number in range(size):
                add_finding(repo, f"F{number}-x", job(ids[number]))
            commit(repo)
            trace = repo / f".git/trace{size}"
            monkeypatch.setenv("GIT_TRACE", str(trace))
            assert aexp("--at", "HEAD") == (0, [])
            monkeypatch.delenv("GIT_TRACE")
            counts.append(len(self.asked(trace)))
        assert counts[0] == counts[1]


PATH = st.lists(st.sampled_from(["a", "b", ".h", "F1.md"]), min_size=1, max_size=4).map("/".join)


def build(root: Path, paths: list[str]) -> None:
    """Make what can be made of ``paths``."""
    for path in paths:
        try:
            write(root, path, path)
        except OSError:
            continue  # a file stands where a folder is needed


def all_of(view: View, paths: list[str]) -> dict[str, Any]:
    """Everything that a view says of paths."""
    answers: dict[str, Any] = {}
    for path in paths:
        data = view.read(path, 100)
        answers[path] = (
            view.has_folder(path),
            view.has_file(path),
            view.names(path),
            view.folders(path),
            list(view.walk(path)),
            data if isinstance(data, bytes) else data.missing,
        )
    return answers


@pytest.mark.slow
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(tree=st.lists(PATH, max_size=9))
def test_any_tree_looks_the_same_from_everywhere(
    tree: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = new_repository(tmp_path_factory.mktemp("tree") / "repo")
    build(root, tree)
    commit(root)
    parts = [path.split("/") for path in tree]
    paths = sorted({"/".join(p[: n + 1]) for p in parts for n in range(len(p))})
    paths += [f"{path}/{name}" for path in paths for name in ("a", "F1.md")]
    expected = all_of(WorkTree(root), paths)
    for at in ("index", "HEAD"):
        with GitView.at(root, at) as view:
            assert all_of(view, paths) == expected
        with GitView.at(root, at) as view:
            view.prefetch(paths)
            assert all_of(view, paths[::-1]) == expected


@pytest.mark.parametrize("prefix", ["", "sub/"])
def test_what_differs_in_the_case_of_letters_in_the_index_and_in_a_tree(
    repo: Path, prefix: str
) -> None:
    for path in ("a/b/1.md", "a/B/2.md", "A/b/c/3.md", "a/bb/4.md", "x/a/B/5.md"):
        write(repo, prefix + path, "")
    git(repo, "add", "--all")
    for revision in (INDEX, git(repo, "write-tree").strip()):
        with GitView.at(repo / prefix, revision) as view:
            assert sorted(view.spelled_otherwise("a/b")) == ["A/b/c/3.md", "a/B/2.md"]
            assert view.spelled_otherwise("x/a/B") == []


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_only_what_differs_is_listed(tmp_path: Path, object_format: str) -> None:
    git(tmp_path, "init", "-q", f"--object-format={object_format}")
    for name in ("changed", "gone", "hidden", "same"):
        write(tmp_path, f"a/{name}", name)
    git(tmp_path, "add", ".")
    git(tmp_path, "update-index", "--assume-unchanged", "a/hidden")
    (tmp_path / "a/gone").unlink()
    for name in ("changed", "hidden", "new"):
        write(tmp_path, f"a/{name}", "otherwise")
    with GitView.at(tmp_path, INDEX) as view:
        tree = Unstaged(tmp_path, view)
        assert tree.names("a") == ("changed", "hidden", "new")
        assert tree.has_file("a/same")
        assert tree.names("b") == ()
