"""Beside the real agentic-experiments: what either installed, the other's install keeps."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from reference import reference_python, reference_validates, run_reference
from repositories import git, new_repository, write

from pytest_aexp.install import block_merge_gitignore, install_scaffold
from pytest_aexp.work.install.managed_block import BEGIN, END

pytestmark = pytest.mark.slow

OWN_FILES = (".gitattributes", ".git/config", ".gitignore")
"""What our install may add to or change in what the other left."""


@pytest.fixture(scope="module")
def python() -> Path:
    return reference_python()


@pytest.fixture(scope="module")
def made(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that agentic-experiments installed into; copied by whoever changes it."""
    repo = new_repository(tmp_path_factory.mktemp("reference") / "repo")
    write(repo, ".gitignore", b"# caf\xc3\xa9\n*.pyc\n/.runs/\n")
    install_as_they_do(python, repo, "--machine-label", "cluster")
    return repo


@pytest.fixture
def theirs(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "repo", symlinks=True))


def install_as_they_do(python: Path, repo: Path, *arguments: str) -> None:
    command = [python, "-m", "aexp", "install", "--yes", *arguments]
    done = subprocess.run(command, cwd=repo, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def content(repo: Path) -> dict[str, bytes]:
    return {
        path.relative_to(repo).as_posix(): path.read_bytes()
        for path in repo.rglob("*")
        if path.is_file()
    }


def marker(repo: Path) -> Any:
    return json.loads((repo / ".aexp/installed.json").read_bytes())


def rules(text: bytes) -> list[bytes]:
    """The rules of a .gitignore but that of the run store, which their block does not have."""
    lines = text.splitlines()
    return [line for line in lines if line not in (b"", b"/.runs/") and line[:1] != b"#"]


def test_their_install_is_kept_and_only_extended(theirs: Path) -> None:
    before = content(theirs)
    actions = install_scaffold(theirs)
    after = content(theirs)
    assert {name: after[name] for name in before if name not in OWN_FILES} == {
        name: data for name, data in before.items() if name not in OWN_FILES
    }
    assert rules(after[".gitignore"]) == rules(before[".gitignore"])
    assert set(after) - set(before) == {".gitattributes"}
    assert after[".git/config"].startswith(before[".git/config"])
    assert (theirs / ".aexp/ledger").is_dir()
    assert [action for action in actions if action.is_warning] == []


def test_with_force_their_values_and_rules_stay(theirs: Path) -> None:
    before = content(theirs)
    install_scaffold(theirs, force=True)
    after = content(theirs)
    assert json.loads(after[".aexp/installed.json"]) == json.loads(before[".aexp/installed.json"])
    assert rules(after[".gitignore"]) == rules(before[".gitignore"])
    owned = {*OWN_FILES, ".aexp/installed.json"}
    assert {n: d for n, d in after.items() if n not in owned} == {
        n: d for n, d in before.items() if n not in owned
    }


def test_their_own_check_and_their_runs_still_work(theirs: Path, python: Path) -> None:
    install_scaffold(theirs, machine_label="laptop")
    run_reference(
        python,
        theirs,
        "import aexp\n"
        "from aexp.runs import create_run, mark_status\n"
        "from aexp.utils.paths import read_machine_label\n"
        "aexp.new_hypothesis(title='It helps', repo_root='.')\n"
        "aexp.new_experiment(title='It against none', hypothesis_id='H001', repo_root='.')\n"
        "run = create_run(experiment_id='E001', hypothesis_id='H001', statepoint={'a': 1})\n"
        "mark_status(run, 'complete')\n"
        "assert read_machine_label('.') == 'laptop'\n",
    )
    (entry,) = (theirs / ".aexp/ledger").iterdir()
    assert json.loads(entry.read_bytes())["registered_machine"] == "laptop"
    checked = reference_validates(python, theirs)
    assert checked.returncode == 0, checked.stdout
    git(theirs, "add", ".")
    assert entry.relative_to(theirs).as_posix() in git(theirs, "ls-files").split("\n")


@pytest.mark.parametrize("arguments", [[], ["--force"]])
def test_their_install_again_changes_nothing_of_ours(
    theirs: Path, python: Path, arguments: list[str]
) -> None:
    install_scaffold(theirs, machine_label="laptop")
    before, known = content(theirs), marker(theirs)
    install_as_they_do(python, theirs, *arguments)
    after = content(theirs)
    for name in (".gitattributes", ".git/config", ".runs/.signac/config"):
        assert after[name] == before[name]
    assert rules(after[".gitignore"]) == rules(before[".gitignore"])
    assert marker(theirs)["machine_label"] == "laptop"
    assert marker(theirs) | {"installed_at": known["installed_at"]} == known
    install_scaffold(theirs)
    assert content(theirs) == after | {".gitignore": before[".gitignore"]}


def test_their_install_after_ours_finds_label_store_and_block(repo: Path, python: Path) -> None:
    write(repo, ".gitignore", b"*.pyc\n/data/\n")
    install_scaffold(repo, machine_label="cluster")
    before = content(repo)
    install_as_they_do(python, repo)
    after = content(repo)
    assert marker(repo)["machine_label"] == "cluster"
    assert rules(after[".gitignore"]) == rules(before[".gitignore"])
    assert after[".gitignore"].count(BEGIN) == after[".gitignore"].count(END) == 1
    for name in (".gitattributes", ".git/config", ".runs/.signac/config"):
        assert after[name] == before[name]
    install_scaffold(repo)
    assert content(repo) == after | {".gitignore": before[".gitignore"]}
    assert reference_validates(python, repo).returncode == 0


@pytest.mark.parametrize(
    "existing",
    [
        "*.pyc\n",
        "*.pyc\n\n",
        "*.pyc",
        "a\n# agentic-experiments:begin\nOLD\n# agentic-experiments:end\nb\n",
        "# agentic-experiments:begin\nOLD\n# agentic-experiments:end\n",
    ],
)
def test_where_a_file_is_sound_both_merge_it_alike(
    existing: str, python: Path, tmp_path: Path
) -> None:
    body = "# why\n.aexp/*\n!.aexp/ledger/\n"
    code = (
        "import json, sys\n"
        "from aexp.install import block_merge_gitignore\n"
        f"sys.stdout.write(json.dumps(block_merge_gitignore({existing!r}, {body!r})))\n"
    )
    assert json.loads(run_reference(python, tmp_path, code)) == block_merge_gitignore(
        existing, body
    )
