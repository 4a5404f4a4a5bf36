"""What the verbs that register runs share: what a run belongs to, and its parameters."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable
from typing import Any

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.jsontext import syntax_error
from pytest_aexp.ground.text import clean, quoted
from pytest_aexp.model.query.grammar import word
from pytest_aexp.runs import create_run
from pytest_aexp.work.signac_store import Job

# Only before another KEY=, since a list has commas of its own.
_BETWEEN_PAIRS = re.compile(r",(?=[^,=]+=)")


def add_link_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--experiment``, ``--hypothesis`` and ``--sub-hypothesis``."""
    parser.add_argument(
        *("-E", "--experiment"), metavar="E###", required=True, help="the experiment it belongs to"
    )
    parser.add_argument("--hypothesis", metavar="H###", help="the hypothesis it tests")
    parser.add_argument("--sub-hypothesis", metavar="H###", help="the part of it, if there is one")


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add those, and the options for the run's parameters."""
    add_link_options(parser)
    values = parser.add_mutually_exclusive_group()
    values.add_argument(
        "--sp",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="parameters that identify the run; several may be joined by commas",
    )
    values.add_argument("--statepoint", metavar="JSON", help="the parameters as a JSON object")
    parser.add_argument(
        "--no-commit",
        action="store_true",
        help="leave code_commit and code_dirty out of the parameters",
    )


def register(arguments: argparse.Namespace) -> Job:
    """The signac job of the run that the options describe. Raises UsageError."""
    text = arguments.statepoint
    return create_run(
        experiment_id=arguments.experiment,
        hypothesis_id=arguments.hypothesis,
        sub_hypothesis_id=arguments.sub_hypothesis,
        statepoint=parameters(arguments.sp) if text is None else _statepoint(text),
        include_commit=False if arguments.no_commit else None,
    )


def _statepoint(text: str) -> dict[str, Any]:
    try:
        statepoint = json.loads(text)
    except json.JSONDecodeError as error:
        what, at = syntax_error(error)
        place = f"at character {at.column}" + (f" of line {at.line}" if at.line > 1 else "")
        raise UsageError(f"--statepoint is not valid JSON: {what} ({place})") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--statepoint is not valid JSON: {clean(str(error))}") from error
    if not isinstance(statepoint, dict):
        raise UsageError('--statepoint must be a JSON object, such as {"seed": 3}')
    return statepoint


def parameters(texts: Iterable[str]) -> dict[str, Any]:
    """The parameters in ``texts``, in each of which commas may join several.

    A value is read as in every other command: JSON where it is JSON, else text.
    """
    pairs = (pair for text in texts for pair in _BETWEEN_PAIRS.split(text))
    return dict(_parameter(pair.strip(" ,")) for pair in pairs if pair.strip(" ,"))


def _parameter(text: str) -> tuple[str, Any]:
    key, sign, written = text.partition("=")
    value = word(written).value
    if not sign or not key.strip() or (isinstance(value, str) and "," in written):
        raise UsageError(
            f"--sp {quoted(text)} is not KEY=VALUE; a text with a comma in it can be given with "
            "--statepoint"
        )
    return key.strip(), value
