"""List the runs of this machine that have not finished: first those that were
lost, whose process was killed before it could say how it ended.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from functools import partial
from typing import Any

from pytest_aexp.cli.output import render_table
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.stderr import notice
from pytest_aexp.ground.text import counted, shown_json, utc
from pytest_aexp.model.runs.run_attempt import age, is_foreign
from pytest_aexp.model.runs.short_id import unique_length
from pytest_aexp.work.promote.backfill import gone_line, gone_runs
from pytest_aexp.work.promote.promote import open_store
from pytest_aexp.work.runs.unfinished_runs import UnfinishedRun, unfinished_runs

STATUSES = {0: "the runs are listed; there may be none"}
EXAMPLES = """\
aexp status
aexp status --format json
"""
_HEADINGS = ("job id", "status", "last heard of", "experiment", "parameters", "host", "pid")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(arguments: argparse.Namespace) -> int:
    repository = Repository.open()
    store = open_store(repository)
    runs, gone = unfinished_runs(repository, store), gone_runs(repository, store)
    if arguments.format == "json":
        document = {"version": 1, "runs": list(map(_record, runs)), "gone": gone}
        print(json.dumps(document, indent=2))
        return 0
    if runs:
        length = partial(unique_length, store.job_ids)
        print(render_table(_HEADINGS, [_row(run) for run in runs], length), end="")
    else:
        print(f"{counted(len(store.job_ids), 'run')} here, all finished")
    lost = [run.job_id for run in runs if run.lost]
    if lost:
        were = "was" if len(lost) == 1 else "were"
        print(
            f"{counted(len(lost), 'run')} {were} lost; next: run "
            f"`aexp mark {' '.join(lost[:5])} failed`"
        )
    for status in dict.fromkeys(run.ledger_status for run in runs if run.ledger_status):
        ended = [run.job_id for run in runs if run.ledger_status == status]
        print(
            f"{counted(len(ended), 'run')} ended, as the ledger says: only the document could not "
            f"be written then; next: run `aexp mark {' '.join(ended[:5])} {status}`"
        )
    if line := gone_line(gone):
        notice(line)
    return 0


def _record(run: UnfinishedRun) -> dict[str, Any]:
    record = {**asdict(run), "heartbeat_at": run.heartbeat_at and utc(run.heartbeat_at)}
    # These two only where they say something.
    return {n: v for n, v in record.items() if v or n not in ("damaged", "ledger_status")}


def _row(run: UnfinishedRun) -> tuple[str, ...]:
    return (
        run.job_id,
        "lost" if run.lost else _status(run),
        f"{age(run.heartbeat_at)} ago" if run.heartbeat_at else "",
        ", ".join(run.experiments),
        " ".join(f"{name}={shown_json(value)}" for name, value in run.parameters.items()),
        run.host or "",
        str(run.pid or ""),
    )


def _status(run: UnfinishedRun) -> str:
    if run.damaged:
        return "unknown: damaged"
    if run.ledger_status:
        return f"{run.ledger_status} in the ledger"
    if is_foreign({"status": run.status}):
        return f"unknown: {shown_json(run.status)}"
    return run.status or "created"
