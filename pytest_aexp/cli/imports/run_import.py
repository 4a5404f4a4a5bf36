"""What the verbs of ``aexp import`` share: their options, and what they say."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

from pytest_aexp.cli.output import print_next_commit, with_progress
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.metric_names import why_no_metric
from pytest_aexp.ground.stderr import notice
from pytest_aexp.ground.text import clean, counted, listed, quoted
from pytest_aexp.work.imports.importer import (
    ImportedRun,
    ImportPlan,
    gather,
    keep_as_jobs,
    write_entries,
)
from pytest_aexp.work.imports.source import Columns, SkippedRun, SourceRun
from pytest_aexp.work.runs.run_link import checked_experiment
from pytest_aexp.work.signac_store import get_run_store

STATUSES = {
    0: "every run that has finished has its entry",
    1: "at least one run is damaged or was refused; each is named",
}
_MOST_REPEATED = 10
"""How many runs with several attempts are named: a sweep may have repeated every run."""


def add_import_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what every verb has."""
    parser.add_argument(
        "--params", metavar="NAME,…", help="the parameters, which identify a run; default: all"
    )
    parser.add_argument(
        "--metrics",
        metavar="NAME,…",
        help="the metrics, also as NAME=METRIC; default: [tool.aexp.metrics], else all",
    )
    parser.add_argument(
        "--distinct",
        metavar="NAME",
        help="make the source's own id a parameter of that name, so that each is a run",
    )
    parser.add_argument(
        "--store", action="store_true", help="make a signac job of each new run as well"
    )
    parser.add_argument("--machine-label", metavar="L", help="the machine named in the entries")


def add_file_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verbs have that read a file of runs."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the file of runs")
    add_experiment_argument(parser)
    add_import_arguments(parser)


def add_experiment_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--experiment`` for a source whose runs belong to one."""
    parser.add_argument(
        "--experiment", required=True, metavar="E###", help="the experiment they belong to"
    )


def columns_of(arguments: argparse.Namespace) -> Columns:
    """Which parameters and metrics the options name. Raises UsageError."""
    metrics, run_id = _metrics_in(arguments.metrics), arguments.distinct or "run_id"
    is_optional = arguments.metrics is None
    return Columns(_names_in(arguments.params), metrics, run_id, optional=is_optional)


def import_file(
    arguments: argparse.Namespace,
    read: Callable[[Path, Columns], Iterable[SourceRun | SkippedRun]],
) -> int:
    """Import the runs of a file. Raises UsageError."""
    experiment = checked_experiment(arguments.experiment)
    if not arguments.file.is_file():
        raise UsageError(f"there is no file {arguments.file}")
    return run_import(arguments, read(arguments.file, columns_of(arguments)), experiment)


def _names_in(text: str | None) -> list[str]:
    """The names in ``a,b``."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _metrics_in(text: str | None) -> dict[str, str]:
    """What each metric in ``accuracy,loss=val/loss`` is called in the source.

    Without any, those of ``[tool.aexp.metrics]``; empty stands for whatever the source has.
    Raises UsageError.
    """
    if text is None:
        return dict(Repository.open().configuration.metrics)
    parts = (name.partition("=") for name in _names_in(text))
    pairs = {name: source or name for name, _, source in parts}
    for name, source in pairs.items():
        reason = why_no_metric(name) if name != source else ""
        if reason:
            raise UsageError(f"--metrics: the name {quoted(name)} {reason}")
    return pairs


def run_import(
    arguments: argparse.Namespace, source: Iterable[SourceRun | SkippedRun], experiment: str
) -> int:
    """Import the runs of a source; 1 if one could not be, each of them named."""
    repository = Repository.open()
    store = get_run_store(repository.root) if arguments.store else None
    plan = gather(source, experiment, arguments.distinct)
    _print_repeated(plan.runs)
    results = list(
        with_progress(
            write_entries(repository, plan, arguments.machine_label),
            len(plan.runs),
            "runs",
        )
    )
    written = sum(result.written for result in results)
    refused = [result for result in results if result.refused]
    kept = [result.kept for result in results if result.kept]
    right = len(results) - written - len(refused) - len(kept)
    print(
        f"{counted(written, 'run')} written, {right:,} already there, "
        f"{len(plan.skipped) + len(refused):,} left out"
    )
    renamed = {source: name for source, name in plan.metrics.items() if source != name}
    if renamed:
        pairs = [f"{quoted(source)} is {name}" for source, name in sorted(renamed.items())]
        print(f"metrics: {listed(pairs, 20)}")
    for name, count in sorted(plan.redacted.items()):
        entries = counted(count, "entry", "entries")
        print(f"{clean(name)} was redacted in {entries}: leave it out of --params")
    for message in kept:
        notice(clean(message))
    for result in refused:
        names = listed([attempt.name for attempt in result.run.attempts])
        notice(clean(f"left out: {names}: {result.refused}"))
    for skipped in plan.skipped:
        notice(clean(f"left out: {skipped.name} {skipped.reason}"))
    if store is not None:
        jobs = keep_as_jobs(store, plan)
        print(f"{counted(jobs, 'signac job')} made in the run store")
        _print_unlisted(plan, repository)
    if written:
        print_next_commit(repository.root)
    return 1 if refused or any(run.damaged for run in plan.skipped) else 0


def _print_repeated(runs: Iterable[ImportedRun]) -> None:
    repeated = [run for run in runs if len(run.attempts) > 1]
    for run in repeated[:_MOST_REPEATED]:
        names = listed([attempt.name for attempt in run.attempts])
        print(
            clean(f"{run.parameters}: {names} are attempts of one run; {run.counting.name} counts")
        )
    more = len(repeated) - _MOST_REPEATED
    if more > 0:
        print(f"and so for {counted(more, 'other run')}")
    if repeated:
        print("to import each as a run of its own: --distinct run_id")


def _print_unlisted(plan: ImportPlan, repository: Repository) -> None:
    """Say which metrics a promotion of the new jobs would not find."""
    missing = sorted({*plan.metrics.values()} - repository.configuration.metrics.keys())
    if missing:
        print("to keep their metrics when they are promoted again, list them:")
        print("  [tool.aexp.metrics]")
    for name in missing:
        print(f'  {name} = "{name}"')
