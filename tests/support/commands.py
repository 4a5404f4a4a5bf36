"""The parsers of ``aexp``, verb by verb, and command lines as people write them."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator

from pytest_aexp.cli import build_parser


def parsers() -> dict[str, argparse.ArgumentParser]:
    """Every parser by what is typed: ``aexp``, ``aexp validate``, ``aexp ledger check``, …"""
    return dict(_below("aexp", build_parser()))


def _below(
    typed: str, parser: argparse.ArgumentParser
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    yield typed, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for verb, inner in action.choices.items():
                yield from _below(f"{typed} {verb}", inner)


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
        return build_parser().parse_args(words[1:])
    except SystemExit as end:
        if end.code:
            raise ValueError(f"aexp does not understand: {line}") from end
    return None
