"""Help: of the command and of each verb."""

from __future__ import annotations

import argparse

import pytest
from commands import parsers, understood

from pytest_aexp.cli import main

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


@pytest.mark.parametrize("typed", PARSERS)
def test_every_option_and_argument_says_what_it_is(typed: str) -> None:
    verbs = argparse.SUPPRESS
    untold = {action.dest for action in PARSERS[typed]._actions if not action.help}
    assert untold <= {verbs}


@pytest.mark.parametrize("typed", PARSERS)
def test_help_fits_a_window_of_80_columns(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert [line for line in PARSERS[typed].format_help().splitlines() if len(line) > 80] == []


@pytest.mark.parametrize(("typed", "line"), EXAMPLES)
def test_every_example_would_do(typed: str, line: str) -> None:
    if "COMMAND" not in line:
        understood(line)


def test_a_wrong_example_would_be_seen() -> None:
    with pytest.raises(ValueError, match="does not understand"):
        understood("aexp validate --strict-runs=maybe")
