"""What a repository's own files choose is no reason for pytest to leave findings unjudged."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import ARGUMENTS
from hooking import NOWHERE
from lanes import a_few
from repositories import add_entry, add_finding, job, write

READS_FILES = pytest.mark.skipif(
    pytest.version_tuple < (8, 2), reason="pytest reads @FILE since 8.2"
)
CHOICES: dict[str, tuple[str, str]] = {
    "-k": ("pytest.ini", "addopts = -k 'not F002'"),
    "-m": ("pytest.ini", "addopts = -m 'not aexp'"),
    "--deselect": ("pytest.ini", "addopts = --deselect kb/research/findings"),
    "--ignore": ("pytest.ini", "addopts = --ignore kb/research"),
    "--ignore-glob": ("pytest.ini", "addopts = --ignore-glob=*findings*"),
    "--collect-only": ("pytest.ini", "addopts = --collect-only"),
    "a path": ("pytest.ini", "addopts = tests"),
    "testpaths": ("pytest.ini", "testpaths = tests\naddopts = --ignore=kb"),
    "collect_ignore": ("kb/conftest.py", "collect_ignore = ['research']"),
    "collect_ignore_glob": ("conftest.py", "collect_ignore_glob = ['kb/*']"),
    "a hook that ignores": (
        "conftest.py",
        "def pytest_ignore_collect(collection_path): return 'kb' in str(collection_path) or None",
    ),
    "a hook that deselects": (
        "conftest.py",
        "def pytest_collection_modifyitems(items): items[:] = [i for i in items if i.name == 'x']",
    ),
}


@pytest.fixture
def runner(
    repo: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    add_entry(repo, {"seed": 1})
    add_finding(repo, "F002-x", job(NOWHERE))
    write(repo, "tests/test_one.py", "def test_one(): pass\n")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.chdir(repo)
    return pytester


@pytest.mark.parametrize("given", [(), (".",), ("tests", "kb/research/findings")], ids=str)
@pytest.mark.parametrize("choice", a_few(list(CHOICES), 6))
def test_that_fails_where_the_check_was_asked_for(
    runner: pytest.Pytester, repo: Path, choice: str, given: tuple[str, ...]
) -> None:
    path, text = CHOICES[choice]
    write(repo, path, f"[pytest]\n{text}\n" if path.endswith(".ini") else f"{text}\n")
    result = runner.runpytest_inprocess("--aexp", *ARGUMENTS, *given)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(
    "typed",
    [
        *[("tests",), ("-k", "one"), ("--ignore=kb", "."), ("--collect-only",), ("--co", ".")],
        pytest.param(("@a",), marks=READS_FILES),
    ],
    ids=str,
)
def test_what_the_user_typed_is_theirs_to_choose(
    runner: pytest.Pytester, repo: Path, typed: tuple[str, ...]
) -> None:
    write(repo, "a", "tests\n")
    result = runner.runpytest_inprocess("--aexp", *ARGUMENTS, *typed)
    assert result.ret == pytest.ExitCode.OK


PARTS = {
    "-k": "-k 'not F002'",
    "-k of an item": "-k 'not supporting_runs'",
    "--deselect": "--deselect kb/research/findings/F002-x.md",
    "--ignore": "--ignore kb/research/findings/F002-x.md",
}


@pytest.mark.parametrize("given", [(), (".",), ("kb/research/findings",), ("-v",)], ids=str)
@pytest.mark.parametrize("choice", PARTS)
def test_a_part_that_addopts_chooses_fails_where_the_check_was_asked_for(
    runner: pytest.Pytester, repo: Path, choice: str, given: tuple[str, ...]
) -> None:
    add_finding(repo, "F001-y", job(add_entry(repo, {"seed": 2})))
    write(repo, "pytest.ini", f"[pytest]\naddopts = {PARTS[choice]}\n")
    result = runner.runpytest_inprocess("--aexp", *ARGUMENTS, *given)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["aexp: error: *2 findings was checked: `addopts` leaves them out"])
    again = runner.runpytest_inprocess("--aexp", *ARGUMENTS, "-o", "addopts=", *given)
    assert again.ret == pytest.ExitCode.TESTS_FAILED
    again.assert_outcomes(failed=1, passed=3 if "findings" in " ".join(given) else 4)


def test_what_lies_elsewhere_is_not_counted_where_a_path_was_typed(
    runner: pytest.Pytester, repo: Path
) -> None:
    for name in ("F001-y", "sub/F003-y", "sub/F004-y"):
        add_finding(repo, name, job(add_entry(repo, {"seed": 2})))
    write(repo, "pytest.ini", "[pytest]\naddopts = -k 'not F003'\n")
    result = runner.runpytest_inprocess("--aexp", *ARGUMENTS, "kb/research/findings/sub")
    result.stdout.fnmatch_lines(["aexp: error: only 1 of 2 findings was checked: *"])


def test_a_path_in_addopts_is_such_a_choice(runner: pytest.Pytester, repo: Path) -> None:
    add_finding(repo, "F001-y", job(add_entry(repo, {"seed": 2})))
    write(repo, "pytest.ini", "[pytest]\naddopts = kb/research/findings/F001-y.md\n")
    assert runner.runpytest_inprocess("--aexp", *ARGUMENTS).ret == pytest.ExitCode.TESTS_FAILED


def test_a_part_that_the_user_typed_is_a_part(runner: pytest.Pytester, repo: Path) -> None:
    add_finding(repo, "F001-y", job(add_entry(repo, {"seed": 2})))
    write(repo, "pytest.ini", "[pytest]\naddopts = --deselect kb/research/findings/F002-x.md\n")
    result = runner.runpytest_inprocess("--aexp", *ARGUMENTS, "-k", "F001")
    assert result.ret == pytest.ExitCode.OK


def test_citations_without_their_item_are_a_part_of_the_finding(
    runner: pytest.Pytester, repo: Path
) -> None:
    result = runner.runpytest_inprocess("--aexp", *ARGUMENTS, "-k", "front-matter")
    result.stdout.fnmatch_lines(["aexp: 0 findings ok, 1 checked in part"])


@pytest.mark.parametrize("place", [(), ("kb/research/findings",)], ids=str)
def test_what_a_conftest_skips_is_counted_in_quiet_output_too(
    runner: pytest.Pytester, repo: Path, place: tuple[str, ...]
) -> None:
    add_finding(repo, "F001-y", job(add_entry(repo, {"seed": 2})))
    skip = "[i.add_marker('skip') for i in items if 'F002' in i.nodeid]"
    write(repo, "kb/conftest.py", f"def pytest_collection_modifyitems(items): {skip}\n")
    result = runner.runpytest_inprocess("--aexp", "-q", *ARGUMENTS, *place)
    result.stdout.fnmatch_lines(["aexp: 1 finding ok, 1 of 2 findings selected"])


@pytest.mark.parametrize("name", ["aexp-summary", "aexp-collector-{root}"])
def test_a_part_of_the_plugin_cannot_be_switched_off(
    runner: pytest.Pytester, repo: Path, name: str
) -> None:
    write(repo, "pytest.ini", f"[pytest]\naddopts = -p no:{name.format(root=repo)}\n")
    result = runner.runpytest_inprocess("--aexp", *ARGUMENTS)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: aexp: `-p no:aexp-*` switches off a part of the check*"])


@pytest.mark.parametrize(
    "option", ["--help", "-VV", "--markers", "--fixtures", "--fixtures-per-test"]
)
def test_a_list_that_addopts_asks_for_is_no_check(
    runner: pytest.Pytester, repo: Path, option: str
) -> None:
    write(repo, "pytest.ini", f"[pytest]\naddopts = {option}\n")
    result = runner.runpytest_inprocess("--aexp", *ARGUMENTS)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert runner.runpytest_inprocess("--aexp", option, *ARGUMENTS).ret == pytest.ExitCode.OK
    again = runner.runpytest_inprocess("--aexp", "-o", "addopts=", *ARGUMENTS)
    assert again.ret == pytest.ExitCode.TESTS_FAILED


def test_addopts_do_not_take_the_errors_from_warnings(runner: pytest.Pytester, repo: Path) -> None:
    typed = (*ARGUMENTS, "--aexp-strict-runs=warn", "-W", "error::pytest_aexp.CitationWarning")
    assert runner.runpytest_inprocess(*typed).ret == pytest.ExitCode.TESTS_FAILED
    write(repo, "pytest.ini", "[pytest]\naddopts = -p no:warnings\n")
    assert runner.runpytest_inprocess(*typed).ret == pytest.ExitCode.USAGE_ERROR
    assert runner.runpytest_inprocess("-W", "error", "tests", *ARGUMENTS).ret == pytest.ExitCode.OK


@pytest.mark.parametrize("typed", [("-xk", "F001"), ("-qvk", "F001"), ("-vm", "not aexp")], ids=str)
def test_a_choice_behind_other_letters_is_the_users(
    runner: pytest.Pytester, repo: Path, typed: tuple[str, ...]
) -> None:
    add_finding(repo, "F001-y", job(add_entry(repo, {"seed": 2})))
    assert runner.runpytest_inprocess("--aexp", *ARGUMENTS, *typed).ret == pytest.ExitCode.OK


def test_the_environment_is_a_command_line(
    runner: pytest.Pytester, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    severity = '[tool.aexp.severity]\n"finding.broken_run_citation" = "off"\n'
    write(repo, "pyproject.toml", severity)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--aexp-strict-runs=error")
    assert runner.runpytest_inprocess(*ARGUMENTS).ret == pytest.ExitCode.TESTS_FAILED
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k one")
    result = runner.runpytest_inprocess("--aexp", *ARGUMENTS)
    result.stdout.fnmatch_lines(["  next: PYTEST_ADDOPTS= pytest -o addopts= kb/research/findings"])
