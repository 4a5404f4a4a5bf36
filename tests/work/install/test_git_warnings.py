"""The ledger reaches git and the runs do not; if not, the rule that is to blame is named."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from repositories import add_entry, add_segment, entry_of, git, write

from pytest_aexp.work.install.control_files import GITIGNORE, planned_files, whole_folder_rules
from pytest_aexp.work.install.git_warnings import git_warnings, legacy_warnings
from pytest_aexp.work.install.plan import InstallAction, carry_out

Ask = Callable[..., list[InstallAction]]

EXCLUDES = ".git/info/exclude"
LEGACY = "gitignore_migration_warning"
IGNORED = "ignored_ledger_warning"

PACKED = "!/.aexp/ledger/packs/ !/.aexp/ledger/packs/**"
ALL = f"!/.aexp/ !/.aexp/ledger/ !/.aexp/ledger/*.json {PACKED}"

BLAMED = [
    # file, its lines, kind, the line and the rule to blame, the lines that help
    (".gitignore", ".aexp/", LEGACY, 1, ".aexp/", ""),
    (".gitignore", "a\n.aexp", LEGACY, 2, ".aexp", ""),
    (".gitignore", "**/.aexp", LEGACY, 1, "**/.aexp", ""),
    (".gitignore", "*", IGNORED, 1, "*", ALL),
    (".gitignore", ".a*", IGNORED, 1, ".a*", ALL),
    (".gitignore", "*.json", IGNORED, 1, "*.json", "!/.aexp/ledger/*.json"),
    (".gitignore", "[0-9a-f]*.json  ", IGNORED, 1, "[0-9a-f]*.json", "!/.aexp/ledger/*.json"),
    (".gitignore", ".aexp/**", IGNORED, 1, ".aexp/**", f"!/.aexp/ledger/*.json {PACKED}"),
    (".gitignore", "*.jsonl", IGNORED, 1, "*.jsonl", PACKED),
    (".gitignore", "packs/", IGNORED, 1, "packs/", PACKED),
    (".gitignore", "*.json*", IGNORED, 1, "*.json*", f"!/.aexp/ledger/*.json {PACKED}"),
    (EXCLUDES, "# mine\n*.json", IGNORED, 2, "*.json", "!/.aexp/ledger/*.json"),
    (EXCLUDES, "/.aexp/", IGNORED, 1, "/.aexp/", "!/.aexp/"),
    (".aexp/.gitignore", "*", IGNORED, 1, "*", ""),
    (".aexp/ledger/.gitignore", "*.json", IGNORED, 1, "*.json", ""),
]


def put_blocks(root: Path) -> None:
    carry_out(file.step for file in planned_files(root, force=False).values())
    (root / ".aexp/ledger").mkdir(parents=True, exist_ok=True)


@pytest.fixture
def ask(repo: Path) -> Ask:
    """What git says of the repository with the blocks, the run store aside."""

    def asked(root: Path = repo, store: str = ".runs") -> list[InstallAction]:
        put_blocks(root)
        gitignore = root / GITIGNORE
        text = gitignore.read_bytes() if gitignore.is_file() else b""
        return git_warnings(root, root / store, whole_folder_rules(text))

    return asked


def append(repo: Path, text: str, file: str = ".gitignore") -> None:
    path = repo / file
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as opened:
        opened.write(text)


def test_all_is_well_where_the_ledger_is_committed_and_the_runs_are_not(
    repo: Path, ask: Ask
) -> None:
    append(repo, "/.runs/\n*.pyc\n")
    assert ask() == []


@pytest.mark.parametrize(("file", "text", "kind", "line", "rule", "helps"), BLAMED)
def test_the_rule_that_ignores_an_entry_is_blamed(
    repo: Path, ask: Ask, file: str, text: str, kind: str, line: int, rule: str, helps: str
) -> None:
    write(repo, file, f"{text}\n")
    append(repo, "/.runs/\n")
    (warning,) = [each for each in ask() if each.kind != "unshared_file_warning"]
    assert (warning.kind, warning.path) == (kind, file)
    assert warning.is_warning
    assert warning.detail.startswith(f'line {line}, "{rule}", ')
    assert re.findall(r"!\S+(?<!,)", warning.detail) == helps.split()
    assert re.search(r"[Dd]elete", warning.detail)


@pytest.mark.parametrize(
    ("file", "text", "way"),
    [
        (case[0], case[1], way)
        for case in BLAMED
        for way in ("delete", "add")
        if case[5] or way == "delete"
    ],
)
@pytest.mark.parametrize("above", [True, False], ids=["above the block", "below the block"])
def test_what_is_advised_is_enough_and_git_then_commits_the_entry(
    repo: Path, file: str, text: str, way: str, above: bool
) -> None:
    if not above:
        put_blocks(repo)
    append(repo, f"{text}\n", file)
    put_blocks(repo)
    (warning,) = ledger_warnings(repo)
    if way == "delete":
        lines = (repo / file).read_text().split("\n")
        del lines[int(re.findall(r"line (\d+)", warning.detail)[0]) - 1]
        (repo / file).write_text("\n".join(lines))
    else:
        append(repo, "\n".join([*re.findall(r"!\S+(?<!,)", warning.detail), ""]))
    assert ledger_warnings(repo) == []
    job_id = add_entry(repo, {"a": 1})
    segment = add_segment(repo, [entry_of({"a": 2})])
    write(repo, ".aexp/installed.json", "{}")
    git(repo, "add", ".")
    committed = git(repo, "ls-files").split("\n")
    assert f".aexp/ledger/{job_id}.json" in committed
    assert segment in committed
    assert ".aexp/installed.json" not in committed


def ledger_warnings(repo: Path) -> list[InstallAction]:
    legacy = whole_folder_rules((repo / ".gitignore").read_bytes())
    found = git_warnings(repo, repo.parent, legacy)
    return [warning for warning in found if warning.kind in (LEGACY, IGNORED)]


def test_every_line_that_ignores_the_folder_is_named(repo: Path, ask: Ask) -> None:
    append(repo, ".aexp/\n/.runs/\n/.aexp\n")
    first, second = ask()
    assert first.detail.startswith('line 1, ".aexp/"')
    assert second.detail.startswith('line 3, "/.aexp"')


def test_a_line_that_is_taken_back_is_no_matter(repo: Path, ask: Ask) -> None:
    append(repo, "/.runs/\n.aexp/\n!.aexp/\n")
    assert ask() == []


def test_a_line_of_another_file_is_not_taken_for_the_one_with_its_number(
    repo: Path, ask: Ask
) -> None:
    append(repo, ".aexp/\n!.aexp/\n/.runs/\n")
    append(repo, "*\n", ".aexp/.gitignore")
    (warning,) = ask()
    assert (warning.kind, warning.path) == (IGNORED, ".aexp/.gitignore")


def test_the_users_own_excludes_are_blamed_by_their_path(
    repo: Path, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(repo, "/.runs/\n")
    write(tmp_path, "ignore", ".aexp\n")
    write(tmp_path, "config", f"[core]\n\texcludesFile = {tmp_path / 'ignore'}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    (warning,) = ask()
    assert (warning.kind, warning.path) == (IGNORED, str(tmp_path / "ignore"))
    assert warning.detail.endswith("add !/.aexp/ at the end of .gitignore")


def test_a_rule_cannot_forge_output(repo: Path, ask: Ask) -> None:
    append(repo, "/.runs/\n*\x1b[2J.jso[n]\n*.jso[n]\x1b\n*.jso[n\x1b]\n")
    (warning,) = ask()
    assert "\x1b" not in warning.detail
    assert "\\x1b" in warning.detail


@pytest.mark.parametrize(
    ("store", "line"),
    [
        (".runs", "/.runs/"),
        ("data/runs", "/data/runs/"),
        ("data [1]/r*ns", "/data \\[1]/r\\*ns/"),
        (".", "/workspace/"),
    ],
)
def test_a_run_store_that_git_would_commit_is_said(
    repo: Path, ask: Ask, store: str, line: str
) -> None:
    (warning,) = ask(store=store)
    assert warning.kind == "unignored_runs_warning"
    assert warning.detail.endswith(f"add the line {line}")
    append(repo, f"{line}\n")
    assert ask(store=store) == []


@pytest.mark.parametrize("file", ["data/.gitignore", "data/runs/.gitignore"])
def test_a_rule_nearer_to_the_run_store_will_do(repo: Path, ask: Ask, file: str) -> None:
    append(repo, "*\n", file)
    assert ask(store="data/runs") == []


def test_a_rule_for_some_of_a_runs_files_will_not_do(repo: Path, ask: Ask) -> None:
    append(repo, "/.runs/**/*.npz\n")
    assert [warning.kind for warning in ask()] == ["unignored_runs_warning"]


@pytest.mark.parametrize("store", ["../elsewhere", ".aexp/runs"])
def test_a_run_store_that_git_does_not_see_needs_no_rule(repo: Path, ask: Ask, store: str) -> None:
    assert ask(store=store) == []
    assert ask(store=str(repo.parent / "elsewhere")) == []


def test_a_link_to_the_run_store_is_a_file_to_git(repo: Path, ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    os.symlink(tmp_path / "scratch", repo / ".runs")
    append(repo, ".runs/\n")
    (warning,) = ask()
    assert warning.detail.endswith("add the line /.runs")
    append(repo, "/.runs\n")
    assert ask() == []


def test_another_merge_driver_for_entries_is_said(repo: Path, ask: Ask) -> None:
    append(repo, "/.runs/\n")
    put_blocks(repo)
    append(repo, "*.json merge=union\n", ".gitattributes")
    (warning,) = ask()
    assert (warning.kind, warning.path) == ("merge_driver_warning", ".gitattributes")
    assert '"union"' in warning.detail


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("*.json filter=lfs diff=lfs merge=lfs -text", "every ledger entry"),
        (".aexp/** filter=lfs", "every ledger entry"),
        ("*.jsonl filter=lfs", "every segment of packed runs"),
    ],
)
def test_a_filter_that_keeps_the_ledger_out_of_the_commit_is_said(
    repo: Path, ask: Ask, text: str, what: str
) -> None:
    append(repo, "/.runs/\n")
    append(repo, f"{text}\n", ".gitattributes")
    (warning,) = ask()
    assert (warning.kind, warning.path) == ("filter_warning", ".gitattributes")
    assert warning.detail.startswith(f'git keeps {what} through the filter "lfs"')
    (line,) = re.findall(r"add the line (.+ !filter) at the end", warning.detail)
    append(repo, f"{line}\n", ".gitattributes")
    assert ask() == []


def test_a_filter_for_other_files_is_no_matter(repo: Path, ask: Ask) -> None:
    append(repo, "/.runs/\n")
    append(repo, "*.bin filter=lfs\n*.json -filter\n", ".gitattributes")
    assert ask() == []


def test_a_file_to_commit_that_git_ignores_is_said_until_it_is_tracked(
    repo: Path, ask: Ask
) -> None:
    append(repo, "/.git*\n!/.gitignore\n/.runs/\n")
    (warning,) = ask()
    assert (warning.kind, warning.path) == ("unshared_file_warning", ".gitattributes")
    assert '(.gitignore, line 1: "/.git*")' in warning.detail
    assert warning.detail.endswith("or add !/.gitattributes at the end of .gitignore")
    put_blocks(repo)
    git(repo, "add", "--force", ".gitattributes")
    assert ask() == []


def test_without_git_the_lines_themselves_are_warned_of() -> None:
    (warning,) = legacy_warnings({7: ".aexp/"})
    assert (warning.kind, warning.path) == (LEGACY, ".gitignore")
    assert warning.detail.startswith('line 7, ".aexp/"')
