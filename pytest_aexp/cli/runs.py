"""``aexp new-run``, ``mark``, ``link`` and ``runs-export-index``: the runs of this machine."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pytest_aexp.ground.errors import AexpError, UsageError
from pytest_aexp.ground.text import clean, counted, quoted

_T = TypeVar("_T")
_ID_HELP = "a job id, or how a single one begins"
_NEW_RUN_EXAMPLES = """\
examples:
  aexp new-run --experiment E005 --sp condition=full --sp split=test
  aexp new-run --experiment E005 --hypothesis H002 --statepoint '{"seed": 3, "lr": 0.001}'

--sp gives text: seed=3 is the text "3". Give numbers, lists and the like with --statepoint.
"""
_MARK_EXAMPLES = """\
examples:
  aexp mark 4076a08a failed      the run ended so; its ledger entry is written
  aexp mark 4076a08a running     it has begun again
"""
_LINK_EXAMPLES = """\
examples:
  aexp link 4076a08a --experiment E005
  aexp link 4076a08a --experiment E005 --hypothesis H002
"""
_EXPORT_EXAMPLES = """\
examples:
  aexp ledger backfill                     what to use in its place
  aexp runs-export-index --as cluster      the old way, while old readers are about
"""


def add_to(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verbs to the command's parser."""
    _add_new_run(verbs)
    _add_mark(verbs)
    link = verbs.add_parser(
        "link",
        help="say which experiment a run belongs to",
        epilog=_LINK_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    link.add_argument("id", metavar="ID", help=_ID_HELP)
    _add_link_options(link)
    link.set_defaults(run=run_link)
    export = verbs.add_parser(
        "runs-export-index",
        help="deprecated, see `ledger backfill`: list finished runs in a file",
        epilog=_EXPORT_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    export.add_argument(
        "--as", "--machine-label", dest="label", metavar="L", help="the machine that it names"
    )
    export.add_argument(
        "--out", metavar="P", help="the file (default: .aexp/runs-index/<machine label>.json)"
    )
    export.set_defaults(run=run_export)


def _add_new_run(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser(
        "new-run",
        help="register a run of an experiment and print its job id",
        epilog=_NEW_RUN_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_link_options(parser)
    values = parser.add_mutually_exclusive_group()
    values.add_argument(
        "--sp",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="parameters that identify the run, as text; several may be joined by commas",
    )
    values.add_argument("--statepoint", metavar="JSON", help="the parameters as a JSON object")
    parser.add_argument(
        "--no-commit", action="store_true", help="leave code_commit and code_dirty out of them"
    )
    parser.set_defaults(run=run_new_run)


def _add_mark(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser(
        "mark",
        help="set the status of a run; one that has ended enters the ledger",
        epilog=_MARK_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("id", metavar="ID", help=_ID_HELP)
    parser.add_argument(
        "status",
        metavar="STATUS",
        help="created, queued or running; complete, failed, abandoned or stopped",
    )
    parser.set_defaults(run=run_mark)


def _add_link_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--experiment", metavar="E###", required=True, help="the experiment it belongs to"
    )
    parser.add_argument("--hypothesis", metavar="H###", help="the hypothesis it tests")
    parser.add_argument("--sub-hypothesis", metavar="H###", help="the part of it, if there is one")


def run_new_run(arguments: argparse.Namespace) -> int:
    """Register a run and print its job id."""
    # Here, and below, so that the other verbs start without signac.
    from pytest_aexp.runs import create_run

    job = _asked(
        create_run,
        experiment_id=arguments.experiment,
        hypothesis_id=arguments.hypothesis,
        sub_hypothesis_id=arguments.sub_hypothesis,
        statepoint=_statepoint(arguments.sp, arguments.statepoint),
        include_commit=not arguments.no_commit,
    )
    print(job.id)
    return 0


def run_mark(arguments: argparse.Namespace) -> int:
    """Set a run's status; 1 if it has ended but could not enter the ledger."""
    from pytest_aexp.runs import open_run
    from pytest_aexp.work.runs.status import checked_status, marked

    status = _asked(checked_status, arguments.status)
    job = open_run(arguments.id)
    in_order = marked(job, status)
    print(f"{job.id} is {status}")
    return 0 if in_order else 1


def run_link(arguments: argparse.Namespace) -> int:
    """Link a run to an experiment; 1 if it has ended but its entry could not be written."""
    from pytest_aexp.linking import linked
    from pytest_aexp.work.runs.run_link import run_link

    said = (arguments.experiment, arguments.hypothesis, arguments.sub_hypothesis)
    job, in_order = _asked(linked, arguments.id, _asked(run_link, *said))
    print(f"{job.id} belongs to {arguments.experiment}")
    return 0 if in_order else 1


def run_export(arguments: argparse.Namespace) -> int:
    """Write this machine's index."""
    from pytest_aexp.runs_index import export_index

    print(
        "DEPRECATED: `aexp runs-export-index` will go; `aexp ledger backfill` puts the same runs "
        "into the ledger, which every machine can check citations against",
        file=sys.stderr,
    )
    path = export_index(out=arguments.out, machine_label=arguments.label)
    entries = json.loads(path.read_bytes())["entries"]
    print(f"{counted(len(entries), 'finished run')}: {clean(str(_shown(path)))}")
    return 0


def _shown(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _asked(function: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
    """Call a function with what the user wrote: a value it refuses is wrong usage."""
    try:
        return function(*args, **kwargs)
    except AexpError:
        raise
    except ValueError as error:
        raise UsageError(str(error)) from error


def _statepoint(pairs: Sequence[str], text: str | None) -> dict[str, Any]:
    if text is None:
        return dict(_pair(part) for joined in pairs for part in joined.split(",") if part.strip())
    try:
        statepoint = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--statepoint is not valid JSON: {clean(str(error))}") from error
    if not isinstance(statepoint, dict):
        raise UsageError('--statepoint must be a JSON object, such as {"seed": 3}')
    return statepoint


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise UsageError(
            f"--sp {quoted(text.strip())} is not KEY=VALUE; a value with a comma in it can be "
            "given with --statepoint"
        )
    return key.strip(), value.strip()
