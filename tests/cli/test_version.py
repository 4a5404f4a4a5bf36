"""What the command tells of itself: help with examples, version, completion."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from commands import parsers, understood

from pytest_aexp.cli import main
from pytest_aexp.cli.version import MISSING_SHTAB, SHELLS

PARSERS = parsers()
WRITTEN_BY_GIT = "aexp ledger merge-driver"
EXAMPLES = [
    (typed, line.strip().partition("   ")[0])
    for typed, parser in PARSERS.items()
    if typed != WRITTEN_BY_GIT
    for line in (parser.epilog or "").splitlines()
    if line.startswith("  aexp ")
]


@pytest.mark.parametrize("typed", PARSERS)
def test_every_verb_has_help_with_an_example_of_itself(
    typed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main([*typed.split()[1:], "--help"])
    assert end.value.code == 0
    examples = (PARSERS[typed].epilog or "").rstrip()
    assert f" {typed} " in examples
    assert capsys.readouterr().out.rstrip().endswith(examples)


@pytest.mark.parametrize(
    ("line", "verb"),
    [
        ("aexp validate -x", "aexp validate"),
        ("aexp validate F001 --nothing", "aexp validate"),
        ("aexp ledger check --nothing", "aexp ledger check"),
        ("aexp fix --diff -x", "aexp fix"),
        ("aexp ledger", "aexp ledger"),
        ("aexp", "aexp"),
    ],
)
def test_wrong_usage_shows_how_that_verb_is_used(
    line: str, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(line.split()[1:])
    assert end.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"usage: {verb} [-h]")
    assert f"\n{verb}: error: " in said.err


@pytest.mark.parametrize("typed", PARSERS)
def test_every_option_and_argument_says_what_it_is(typed: str) -> None:
    verbs = argparse.SUPPRESS
    untold = {action.dest for action in PARSERS[typed]._actions if not action.help}
    assert untold <= {verbs}


@pytest.mark.parametrize(("typed", "line"), EXAMPLES)
def test_every_example_would_do(typed: str, line: str) -> None:
    if "VERB" not in line:
        understood(line)


def test_a_wrong_example_would_be_seen() -> None:
    with pytest.raises(ValueError, match="does not understand"):
        understood("aexp validate --strict-runs=maybe")


def test_the_version_is_that_of_the_installed_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"pytest-aexp {version('pytest-aexp')}\n"


def completion(shell: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest_aexp", "--print-completion", shell],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


COMPLETED = [
    ("aexp val", ["validate"]),
    ("aexp ledger b", ["backfill"]),
    ("aexp ledger un", ["unpack"]),
    ("aexp validate --fo", ["--format"]),
    ("aexp validate --format g", ["github", "gitlab"]),
    ("aexp --print-completion z", ["zsh"]),
]


@pytest.fixture(scope="module")
def bash_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("completion") / "aexp.bash"
    path.write_text(completion("bash"))
    return path


@pytest.mark.parametrize(("line", "offered"), COMPLETED)
def test_bash_completes_what_is_being_typed(
    bash_script: Path, line: str, offered: list[str]
) -> None:
    subprocess.run(["bash", "-n", bash_script], check=True)
    words = line.split()
    # What bash itself does when the tab key is pressed.
    script = (
        f'. "{bash_script}"; complete -p aexp >/dev/null || exit 3; '
        f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; "
        f"_shtab_aexp aexp {words[-1]} {words[-2]}; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == offered


def test_zsh_has_a_script_of_its_own() -> None:
    script = completion("zsh")
    assert script.startswith("#compdef aexp\n")
    assert "validate" in script
    assert "how an agent should read the check" in script


def test_another_shell_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--print-completion", "cmd"])
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert all(shell in said for shell in SHELLS)


def test_without_shtab_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["--print-completion", "bash"]) == 2
    assert capsys.readouterr().err == f"aexp: {MISSING_SHTAB}\n"
    assert "pytest-aexp[completion]" in MISSING_SHTAB


def test_no_other_call_loads_shtab() -> None:
    script = (
        "import sys; from pytest_aexp.cli import main\n"
        "try: main(['validate', '--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit('shtab' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(
    "line",
    ["validate --at=--", "install --machine-label=--", f"link {'a' * 32} --experiment=--"],
)
def test_two_dashes_are_no_value(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(line.split())
    assert end.value.code == 2
    assert re.search(r"argument --[\w-]+: expected a value, not --\n$", capsys.readouterr().err)


def test_what_only_looks_like_such_a_value_is_left_alone(repo: Path) -> None:
    assert main(["new-run", "--experiment", "E001", "--sp", "k=--"]) == 2  # there is no run store
    assert main(["validate", "--", "--at=--"]) == 2  # there is no such finding
