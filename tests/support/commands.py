"""The parsers of ``aexp``, verb by verb, and command lines as people write them."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

from pytest_aexp.cli import main
from pytest_aexp.cli.parsers import group_parser, main_parser, verb_parser
from pytest_aexp.cli.verbs import VERBS, find_verb

if TYPE_CHECKING:
    import pytest


def parsers() -> dict[str, argparse.ArgumentParser]:
    """Every parser by what is typed: ``aexp``, ``aexp validate``, ``aexp ledger check``, …"""
    every = {"aexp": main_parser()}
    for name, verb in VERBS.items():
        first, _, second = name.partition(" ")
        if second:
            every[f"aexp {first}"] = group_parser(first)
        every[f"aexp {name}"] = verb_parser(verb)
    return every


def options(parser: argparse.ArgumentParser) -> list[str]:
    """The long options a user is told of."""
    return [
        option
        for action in parser._actions
        if action.help != argparse.SUPPRESS
        for option in action.option_strings
        if option.startswith("--") and option != "--help"
    ]


def understood(line: str) -> argparse.Namespace | None:
    """``aexp …`` as the command reads it, a comment aside; None if it only prints and exits.

    Raises ValueError if the command would call it wrong usage.
    """
    words = shlex.split(line, comments=True)
    try:
        verb = find_verb(words[1:])
        if verb is None:
            return main_parser().parse_args(words[1:])
        return verb_parser(verb).parse_args(words[1 + len(verb.name.split()) :])
    except SystemExit as end:
        if end.code:
            raise ValueError(f"aexp does not understand: {line}") from end
    return None


def run_aexp(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of ``aexp``."""
    try:
        status = main(arguments)
    except SystemExit as error:
        status = int(error.code or 0)
    printed = capsys.readouterr()
    return status, printed.out, printed.err
