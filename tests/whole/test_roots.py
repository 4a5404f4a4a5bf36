"""No file that is added to a folder hides the repository around it from a face."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cases import ARGUMENTS
from faces import Faces
from hooking import NOWHERE, commit
from lanes import a_few
from repositories import add_entry, add_finding, git, job, write

from pytest_aexp.cli import main

BLOCK = "# agentic-experiments:begin\n# agentic-experiments:end\n"
MARKS = {
    "marker": ".aexp/installed.json",
    "ledger": ".aexp/ledger/x.json",
    "ledger file": ".aexp/ledger",
    "index": ".aexp/runs-index/x.json",
    "index in two": ".aexp/runs-index",
    "block": ".gitignore",
    "other block": ".gitattributes",
    "settings": "pyproject.toml",
}
FOLDERS = ("kb", "kb/research", "kb/research/findings")
INIS = {
    "pytest.ini": "[pytest]\n",
    "tox.ini": "[pytest]\n",
    "setup.cfg": "[tool:pytest]\n",
    "conftest.py": "",
}
WAYS: dict[str, tuple[str, ...]] = {
    "folder": ("kb/research/findings",),
    "absolute": ("{repo}/kb/research/findings",),
    "dots": ("tests/../kb/research/findings",),
    "file": ("kb/research/findings/F002-x.md",),
    "node": ("kb/research/findings/F002-x.md::supporting_runs[0]",),
    "above": ("kb",),
    "beside tests": ("tests", "kb/research/findings"),
    "arguments in a file": ("@arguments.txt",),
    "rootdir": ("--rootdir=kb", "kb/research/findings"),
    "configuration": ("-c", "kb/pytest.ini", "kb/research/findings"),
    "cut": ("--confcutdir=kb", "kb/research/findings"),
    "nothing": (),
}


@pytest.fixture
def holder(repo: Path) -> Path:
    """A repository with a citation of nothing."""
    add_entry(repo, {"seed": 1})
    add_finding(repo, "F002-x", job(NOWHERE))
    write(repo, "tests/test_one.py", "def test_one(): pass\n")
    write(repo, "kb/research/findings/test_two.py", "def test_two(): pass\n")
    write(repo, "arguments.txt", "kb/research/findings\n")
    commit(repo)
    return repo


def mark(repo: Path, folder: str, path: str, *, own: bool = False) -> None:
    """Make a folder look like a repository, with a sound finding of its ``own`` or without."""
    write(repo / folder, path, BLOCK if path.startswith(".git") else "[tool.aexp]\n")
    if own:
        add_finding(repo / folder, "F001-x")
    git(repo, "add", "--all", "--force")
    git(repo, "commit", "-q", "-m", "mark")


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("folder", a_few(FOLDERS, 1))
@pytest.mark.parametrize("kind", a_few(list(MARKS), 2))
def test_from_the_top_and_from_the_folder_every_face_refuses(
    holder: Path,
    kind: str,
    folder: str,
    own: bool,
    capsys: pytest.CaptureFixture[str],
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mark(holder, folder, MARKS[kind], own=own)
    write(holder / folder, "pytest.ini", "[pytest]\n")
    for place in (holder, holder / folder):
        faces = Faces(holder, capsys, pytester, monkeypatch)
        monkeypatch.chdir(place)
        reported = {judged.face: judged.verdict for judged in faces.everywhere()}
        assert set(reported.values()) == {"refused"}, (place, reported)


@pytest.mark.parametrize("way", a_few(list(WAYS), 12))
@pytest.mark.parametrize("ini", a_few(list(INIS), 1))
@pytest.mark.parametrize("kind", a_few(["marker", "index in two", "block"], 1))
def test_pytest_refuses_however_it_is_given_the_findings(
    holder: Path,
    kind: str,
    ini: str,
    way: str,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if way == "arguments in a file" and pytest.version_tuple < (8, 2):
        pytest.skip("pytest reads @FILE since 8.2")
    mark(holder, "kb", MARKS[kind])
    write(holder, f"kb/{ini}", INIS[ini])
    write(holder, "kb/pytest.ini", "[pytest]\n")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.chdir(holder)
    arguments = [word.format(repo=holder) for word in WAYS[way]]
    result = pytester.runpytest_inprocess("--aexp-strict-runs=error", *ARGUMENTS, *arguments)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*finding.broken_run_citation*"])


def test_a_link_is_a_way_into_the_repository_it_lies_in(
    holder: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    (holder / "kb").rename(holder / "other")
    (holder / "kb").symlink_to("other")
    mark(holder, "other", MARKS["ledger"], own=True)
    write(holder, "other/pytest.ini", "[pytest]\n")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for place, argument in ((holder, "kb/research/findings"), (holder / "other", "research")):
        monkeypatch.chdir(place)
        result = pytester.runpytest_inprocess("--aexp", *ARGUMENTS, argument)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        assert main(["validate"]) == 1


def test_a_marker_alone_makes_no_other_repository_in_a_folder(
    holder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(holder, "docs/.aexp/installed.json", "{}")
    add_finding(holder / "docs", "F001-x")
    monkeypatch.chdir(holder / "docs")
    assert main(["validate"]) == 1
    assert "kb/research/findings/F002-x.md" in capsys.readouterr().out


def test_a_project_in_a_folder_is_judged_by_itself_from_there(
    holder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = holder / "project"
    add_finding(project, "F001-x", job(add_entry(project, {"seed": 2})))
    monkeypatch.chdir(project)
    assert main(["validate"]) == 0
    shutil.rmtree(project / "kb")
    assert main(["validate"]) == 1
