"""Nothing read is not nothing wrong: what keeps findings from being read is named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from repositories import add_entry, add_finding, git, job, new_repository, write

from pytest_aexp.cli import main

CODE = "finding.none_collected"
FOLDER = "kb/research/findings"
Validate = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def validate(capsys: pytest.CaptureFixture[str]) -> Validate:
    def run(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        status = main(["validate", "--format", "json", *arguments])
        return status, json.loads(capsys.readouterr().out)["problems"]

    return run


@pytest.fixture
def cited(repo: Path) -> Path:
    """A repository with a finding in a commit."""
    add_finding(repo, "F001-x", job(add_entry(repo, {"seed": 1})))
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "first")
    return repo


def commit(repo: Path) -> None:
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "change")


def test_a_repository_without_findings_has_a_warning(repo: Path, validate: Validate) -> None:
    status, [problem] = validate()
    assert (status, problem["code"], problem["severity"]) == (0, CODE, "warning")
    assert "nothing matches kb/research/findings/**" in problem["message"]


@pytest.mark.parametrize("at", ["worktree", "index", "HEAD"])
def test_a_configured_glob_that_fits_nothing(cited: Path, validate: Validate, at: str) -> None:
    globs = [f"{FOLDER}/*.md", "notes/*.md", "kb/research/finding/*.md"]
    write(cited, "pyproject.toml", f"[tool.aexp]\nfindings = {globs}\n")
    write(cited, "notes/a.md", "---\na: 1\n---\n")
    commit(cited)
    status, problems = validate("--at", at)
    assert (status, [p["code"] for p in problems]) == (1, [CODE])
    assert globs[2] in problems[0]["message"]


def outside(repo: Path) -> str:
    (repo / FOLDER).rename(repo.parent / "outside")
    return str(repo.parent / "outside")


TARGETS: dict[str, Callable[[Path], str]] = {
    "outside": outside,
    "dangling": lambda _: "nowhere",
    "loop": lambda _: Path(FOLDER).name,
}


@pytest.mark.parametrize("at", ["worktree", "index", "HEAD"])
@pytest.mark.parametrize("kind", TARGETS)
def test_a_link_in_the_place_of_the_folder(
    cited: Path, validate: Validate, kind: str, at: str
) -> None:
    target = TARGETS[kind](cited)
    git(cited, "rm", "-rq", "--ignore-unmatch", FOLDER)
    (cited / FOLDER).parent.mkdir(parents=True, exist_ok=True)
    (cited / FOLDER).symlink_to(target)
    commit(cited)
    status, [problem] = validate("--at", at)
    assert (status, problem["code"], problem["path"]) == (1, CODE, FOLDER)


@pytest.mark.parametrize("at", ["worktree", "index", "HEAD"])
def test_a_link_in_the_place_of_a_folder_above(cited: Path, validate: Validate, at: str) -> None:
    git(cited, "rm", "-rq", "kb")
    (cited / "kb").symlink_to("nowhere")
    commit(cited)
    status, [problem] = validate("--at", at)
    assert (status, problem["code"], problem["path"]) == (1, CODE, "kb")


def test_a_link_inside_the_repository_is_followed_in_the_work_tree_alone(
    cited: Path, validate: Validate
) -> None:
    (cited / FOLDER).rename(cited / "notes")
    (cited / FOLDER).symlink_to("../../notes")
    commit(cited)
    assert validate() == (0, [])
    for at in ("index", "HEAD"):
        status, [problem] = validate("--at", at)
        assert (status, problem["code"], problem["path"]) == (1, CODE, FOLDER)


def test_a_folder_beside_that_leads_out_of_the_repository(cited: Path, validate: Validate) -> None:
    (cited.parent / "outside").mkdir()
    (cited / FOLDER / "more").symlink_to(cited.parent / "outside")
    status, [problem] = validate()
    assert (status, problem["code"], problem["severity"]) == (1, CODE, "error")


@pytest.mark.parametrize("at", ["worktree", "index", "HEAD"])
@pytest.mark.parametrize("place", ["kb/research/Findings", "kb/Research/findings", "KB"])
def test_findings_in_a_second_folder_in_other_letters(
    cited: Path, validate: Validate, at: str, place: str
) -> None:
    if place == "KB":
        shutil.copytree(cited / "kb", cited / "KB")
    else:
        shutil.copytree(cited / FOLDER, cited / place)
    commit(cited)
    status, [problem] = validate("--at", at)
    assert (status, problem["code"]) == (1, CODE)
    assert problem["path"].lower() == FOLDER
    assert f"run `git mv {problem['path']} {FOLDER}`" in problem["fix"]


@pytest.mark.parametrize("at", ["worktree", "index", "HEAD"])
@pytest.mark.parametrize("place", [FOLDER, "kb"])
def test_a_file_in_the_place_of_the_folder(
    cited: Path, validate: Validate, at: str, place: str
) -> None:
    shutil.rmtree(cited / place)
    write(cited, place, "")
    commit(cited)
    status, [problem] = validate("--at", at)
    assert (status, problem["code"], problem["path"]) == (1, CODE, place)


@pytest.mark.parametrize("at", ["worktree", "index", "HEAD"])
def test_a_link_below_the_findings_that_leads_nowhere(
    cited: Path, validate: Validate, at: str
) -> None:
    (cited / FOLDER / "more").symlink_to("nowhere")
    (cited / FOLDER / "picture.png").symlink_to("nowhere")
    commit(cited)
    status, [problem] = validate("--at", at)
    assert (status, problem["code"], problem["path"]) == (1, CODE, f"{FOLDER}/more")


@pytest.mark.parametrize("at", ["worktree", "index", "HEAD"])
def test_a_submodule_below_the_findings(
    cited: Path, tmp_path: Path, validate: Validate, at: str
) -> None:
    other = new_repository(tmp_path / "other")
    write(other, "README", "")
    commit(other)
    allow = ("-c", "protocol.file.allow=always")
    git(cited, *allow, "submodule", "--quiet", "add", str(other), f"{FOLDER}/more")
    commit(cited)
    git(cited, "submodule", "--quiet", "deinit", "-f", f"{FOLDER}/more")
    status, [problem] = validate("--at", at)
    assert (status, problem["code"], problem["path"]) == (1, CODE, f"{FOLDER}/more")


@pytest.mark.parametrize("at", ["index", "HEAD"])
def test_a_submodule_with_the_name_of_a_finding(cited: Path, validate: Validate, at: str) -> None:
    place = f"{FOLDER}/F002-y.md"
    git(cited, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},{place}")
    git(cited, "commit", "-qm", "change")
    status, [problem] = validate("--at", at)
    assert (status, problem["code"], problem["path"]) == (1, CODE, place)


@pytest.mark.parametrize("at", ["worktree", "index", "HEAD"])
def test_a_finding_in_a_hidden_folder(cited: Path, validate: Validate, at: str) -> None:
    add_finding(cited, ".old/F002-y", job("0" * 32))
    write(cited, f"{FOLDER}/.git/F003-z.md", "---\nsupporting_runs: [x]\n---\n")
    commit(cited)
    status, [problem] = validate("--at", at)
    assert (status, problem["code"]) == (0, "finding.not_collected")
    assert problem["path"] == f"{FOLDER}/.old/F002-y.md"
    assert "begins with a dot" in problem["message"]


@pytest.mark.parametrize("at", ["worktree", "index", "HEAD"])
def test_a_name_in_other_letters(cited: Path, validate: Validate, at: str) -> None:
    git(cited, "mv", FOLDER, "kb/research/Findings")
    commit(cited)
    status, [problem] = validate("--at", at)
    assert (status, problem["code"], problem["path"]) == (1, CODE, "kb/research/Findings")


def test_findings_that_a_sparse_checkout_leaves_out(
    cited: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(cited, "sparse-checkout", "set", "--cone", ".aexp")
    assert not (cited / "kb").exists()
    assert main(["validate"]) == 2
    assert f"git sparse-checkout add {FOLDER}" in capsys.readouterr().err
    git(cited, "sparse-checkout", "set", "--cone", ".aexp", FOLDER)
    assert main(["validate"]) == 0


@pytest.mark.parametrize("place", ["kb", FOLDER, ".aexp/ledger"])
def test_a_findings_folder_that_is_a_submodule_is_reported(
    cited: Path, tmp_path: Path, validate: Validate, place: str
) -> None:
    other = new_repository(tmp_path / "other")
    write(other, "README", "")
    commit(other)
    (cited / place).rename(other / "content")
    commit(other)
    allow = ("-c", "protocol.file.allow=always")
    git(cited, "rm", "-rq", "--cached", place)
    git(cited, *allow, "submodule", "--quiet", "add", "-f", str(other), place)
    commit(cited)
    for at in ("worktree", "index", "HEAD"):
        status, problems = validate("--at", at)
        assert status == 1
        assert place in [p["path"] for p in problems], problems
    git(cited, "submodule", "--quiet", "deinit", "-f", place)
    assert os.listdir(cited / place) == []
    status, problems = validate()
    assert status == 1
    advice = f"run `git submodule update --init {place}`"
    assert advice in [p["fix"] for p in problems]


def test_a_submodule_elsewhere_is_no_fault_where_findings_may_be_anywhere(
    cited: Path, tmp_path: Path, validate: Validate
) -> None:
    other = new_repository(tmp_path / "other")
    write(other, "README", "")
    commit(other)
    allow = ("-c", "protocol.file.allow=always")
    git(cited, *allow, "submodule", "--quiet", "add", str(other), "vendor/other")
    write(cited, "pyproject.toml", '[tool.aexp]\nfindings = ["**/F*.md"]\n')
    commit(cited)
    assert validate() == (0, [])
    write(cited, "vendor/other/F002-x.md", "---\nid: F002\n---\n")
    status, [problem] = validate()
    assert (status, problem["code"], problem["path"]) == (1, CODE, "vendor/other")


@pytest.mark.parametrize("at", ["worktree", "index", "HEAD"])
@pytest.mark.parametrize("setting", ["", f'[tool.aexp]\nfindings = ["{FOLDER}/*.md"]\n'])
def test_findings_that_a_commit_before_has_are_to_be_restored(
    cited: Path, validate: Validate, at: str, setting: str
) -> None:
    write(cited, "pyproject.toml", setting)
    commit(cited)
    git(cited, "rm", "-rq", FOLDER)
    if at == "HEAD":
        commit(cited)
    _, [problem] = validate("--at", at)
    command, _, other = problem["fix"].removeprefix("run `").partition("`")
    assert "or " in other
    git(cited, *command.split()[1:])
    assert validate("--at", "index") == (0, [])


def test_other_files_of_the_folder_are_no_findings_to_restore(
    cited: Path, validate: Validate
) -> None:
    git(cited, "mv", f"{FOLDER}/F001-x.md", f"{FOLDER}/notes.txt")
    git(cited, "commit", "-q", "--amend", "-m", "x")
    _, [problem] = validate()
    assert "git" not in problem["fix"]
