"""The parsers of ``aexp``: the command's own, and that of each verb, made from the table."""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import NoReturn

from pytest_aexp.cli.verbs import GROUPS, VERBS, Verb, verbs_below
from pytest_aexp.ground.text import closest

_DESCENDING = re.compile(r"-[^-]")
_WIDTH = 79
"""Of a terminal of 80: some break the line after the last character."""
SHELLS = ("bash", "zsh", "fish")
_DESCRIPTION = "Check every run that a finding cites against the ledger, and keep the ledger."
_EXAMPLES = """\
examples:
  aexp install                      make this clone ready
  aexp validate                     check every citation and every ledger entry
  aexp ledger promote 4076a08a      let other machines see a run
  aexp cite F004 4076a08a           cite it
  aexp COMMAND --help               more on a command, with examples
"""
_USAGE_STATUS = "wrong usage, or it could not be done"


def main_parser() -> argparse.ArgumentParser:
    """The parser of ``aexp`` without a verb: its help lists the verbs."""
    parser = _listing_parser("aexp", _EXAMPLES)
    parser.description = _DESCRIPTION
    for title, verbs in GROUPS.items():
        parser.add_argument_group(title, _listed(_top_level(verbs)))
    options = parser.add_argument_group("options")
    _add_help(options)
    _add_options(options)
    return parser


def group_parser(first: str) -> argparse.ArgumentParser:
    """The parser of ``aexp ledger`` without a verb of its own."""
    parser = _listing_parser(f"aexp {first}", f"examples:\n  aexp {first} COMMAND --help\n")
    verbs = verbs_below(first)
    parser.add_argument_group("commands", _listed((v.name.split()[1], v.help) for v in verbs))
    _add_help(parser.add_argument_group("options"))
    return parser


def _listing_parser(typed: str, examples: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=typed,
        usage=f"{typed} COMMAND [ARGUMENT ...]",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )


class _VerbParser(argparse.ArgumentParser):
    """A parser that takes ``--sort -accuracy``, where argparse sees two options.

    Of an option that does not exist it says which one may be meant.
    """

    def parse_known_args(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        namespace: argparse.Namespace | None = None,
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse the words, a value of ``--sort`` that begins with a dash joined to it."""
        words = list(sys.argv[1:] if args is None else args)
        # From the end, since two words become one.
        for at in range(len(words) - 1, 0, -1):
            if words[at - 1] == "--sort" and _DESCENDING.match(words[at]):
                words[at - 1 : at + 1] = [f"--sort={words[at]}"]
        return super().parse_known_args(words, namespace)

    def error(self, message: str) -> NoReturn:
        """End with the usage and the message."""
        unknown = re.match(r"unrecognized arguments: (--[^\s=]+)", message)
        meant = self._option_meant_by(unknown[1]) if unknown else None
        super().error(f"{message}: did you mean {meant}?" if meant else message)

    def _option_meant_by(self, word: str) -> str | None:
        """The option most like ``word``, or the one that takes it as a value: ``--format json``."""
        for action in self._actions:
            if word[2:] in (action.choices or ()):
                return f"{action.option_strings[-1]} {word[2:]}" if action.option_strings else None
        return closest(word, self._option_string_actions)


def verb_parser(verb: Verb) -> argparse.ArgumentParser:
    """The parser of one verb, whose module this imports."""
    parser = _VerbParser(prog=f"aexp {verb.name}")
    _fill(parser, verb)
    return parser


def whole_parser() -> argparse.ArgumentParser:
    """One parser of all verbs, for what reads them all, such as shell completion."""
    parser = argparse.ArgumentParser(prog="aexp", description=_DESCRIPTION, epilog=_EXAMPLES)
    _add_options(parser)
    verbs = parser.add_subparsers(metavar="COMMAND")
    groups: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    for verb in VERBS.values():
        first, _, second = verb.name.rpartition(" ")
        if first and first not in groups:
            group = verbs.add_parser(first, help=_names_of(first))
            groups[first] = group.add_subparsers(metavar="COMMAND", required=True)
        _fill((groups[first] if first else verbs).add_parser(second, help=verb.help), verb)
    return parser


def _fill(parser: argparse.ArgumentParser, verb: Verb) -> None:
    module = verb.load()
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = module.__doc__
    statuses = {**module.STATUSES, 2: module.STATUSES.get(2, _USAGE_STATUS)}
    lines = "".join(f"  {number}  {text}\n" for number, text in statuses.items())
    examples = textwrap.indent(module.EXAMPLES, "  ")
    parser.epilog = f"exit status:\n{lines}\nexamples:\n{examples}"
    module.add_arguments(parser)
    parser.set_defaults(run=module.run)


def _add_help(options: argparse._ArgumentGroup) -> None:
    options.add_argument("-h", "--help", action="help", help="show this help and exit")


def _add_options(options: argparse._ActionsContainer) -> None:
    options.add_argument(
        "--version", action="store_true", help="show the version of pytest-aexp and exit"
    )
    options.add_argument(
        "--print-completion",
        choices=SHELLS,
        help="print a script that completes `aexp` in that shell, and exit",
    )


def _top_level(verbs: Iterable[Verb]) -> Iterable[tuple[str, str]]:
    """The verbs with a line each; several of two words share one for their first."""
    lines: dict[str, str] = {}
    for verb in verbs:
        first = verb.name.partition(" ")[0]
        is_group = len(verbs_below(first)) > 1
        lines[first if is_group else verb.name] = _names_of(first) if is_group else verb.help
    return lines.items()


def _names_of(first: str) -> str:
    return ", ".join(verb.name.split()[1] for verb in verbs_below(first))


def _listed(lines: Iterable[tuple[str, str]]) -> str:
    wrap = textwrap.TextWrapper(_WIDTH, subsequent_indent=" " * 19, break_on_hyphens=False)
    return "\n".join(wrap.fill(f"{name:<18} {text}") for name, text in lines)
