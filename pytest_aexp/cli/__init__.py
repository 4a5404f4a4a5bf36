"""The ``aexp`` command: find the verb, parse its arguments, run it."""

from __future__ import annotations

import atexit
import gc
import re
import sys
from collections.abc import Sequence
from itertools import takewhile
from typing import NoReturn

from pytest_aexp.cli.parsers import group_parser, main_parser, verb_parser
from pytest_aexp.cli.verbs import VERBS, Verb, find_verb, verbs_below
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.text import closest, listed, quoted
from pytest_aexp.run_program import run_program

_VALUE_OF_DASHES = re.compile(r"--[\w-]+=--")


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``aexp`` with ``argv``; 0 no errors, 1 errors, 2 wrong usage or it could not be done."""
    if argv is None:
        # What is read is kept to the end and refers to itself hardly anywhere: the search for
        # cycles would take a twelfth of the time of a large check.
        gc.disable()
        # Nor need it be searched when Python ends, for another twentieth.
        atexit.register(gc.freeze)
    words = sys.argv[1:] if argv is None else list(argv)
    return run_program("aexp", lambda: _run(words))


def _run(words: list[str]) -> int:
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    verb = find_verb(words)
    if verb is None:
        return _run_without_verb(words)
    return _run_verb(verb, words[len(verb.name.split()) :])


def _run_verb(verb: Verb, words: list[str]) -> int:
    parser = verb_parser(verb)
    for word in takewhile(lambda word: word != "--", words):
        # argparse would take the two dashes away and hand on an empty list.
        if _VALUE_OF_DASHES.fullmatch(word):
            parser.error(f"argument {word[:-3]}: expected a value, not --")
    # Intermixed: argparse takes no word behind an option for one of a list (`cite F002 --pin RUN`).
    # It knows nothing of `--`, behind which all are words anyway.
    arguments = parser.parse_args(words) if "--" in words else parser.parse_intermixed_args(words)
    status: int = arguments.run(arguments)
    return status


def _run_without_verb(words: list[str]) -> int:
    first = words[0] if words else "--help"
    if not first.startswith("-"):
        if not verbs_below(first):
            _refuse("aexp", first)
        if words[1:] and not words[1].startswith("-"):
            _refuse(f"aexp {first}", words[1])
        group_parser(first).parse_args(words[1:] or ["--help"])
        return 0
    arguments = main_parser().parse_args([first, *words[1:]])
    if arguments.print_completion:
        # Here, since only this needs the module of every verb, and shtab.
        from pytest_aexp.cli.setup.completion import print_completion

        print_completion(arguments.print_completion)
    elif arguments.version:
        # Here, since reading what is installed takes longer than the rest of a small check.
        from importlib.metadata import version

        print(f"pytest-aexp {version('pytest-aexp')}")
    return 0


def _refuse(typed: str, word: str) -> NoReturn:
    """Say that ``word`` is not a verb, and which one it may be meant to be."""
    # `aexp list` is taken for `aexp ledger list`, and `aexp promot` for `aexp ledger promote`.
    meant = {name.split()[-1]: name for name in VERBS}
    meant |= {first: first for name in VERBS for first in (name.split()[0], name)}
    near = closest(f"{typed} {word}".removeprefix("aexp "), meant)
    # `aexp uninstall` is the opposite of what it is most like.
    near = None if near and word == f"un{near}" else near
    advice = (
        f"did you mean `aexp {meant[near]}`?" if near else f"`{typed} --help` lists the commands"
    )
    names = [verb.name.removeprefix(f"{typed[5:]} ") for verb in verbs_below(typed[5:])]
    advice = advice if near or not names else f"there are {listed(names, 20)} ({advice})"
    raise UsageError(f"{quoted(word)} is not an aexp command: {advice}")
