"""Check ledger entries as strictly as the pre-commit hook does: the schema, that
the statepoint gives the job id, and that no path or credential is in them.
"""

from __future__ import annotations

import argparse
import sys

from pytest_aexp.cli.output import rendered
from pytest_aexp.ground.git.sparse import require_checked_out
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import counted
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import LEDGER_DIR
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.problems import Policy
from pytest_aexp.model.runs.run_store import RunStore
from pytest_aexp.model.runs.short_id import full_job_id
from pytest_aexp.rendering import FORMATS
from pytest_aexp.work.check.ledger import check_ledger
from pytest_aexp.work.check.restore import Restoration

STATUSES = {0: "no errors; there may be warnings", 1: "at least one error"}
EXAMPLES = """\
aexp ledger check                every entry
aexp ledger check 4076a08a       one of them
aexp ledger check --format json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", metavar="ID", help="default: every entry")
    parser.add_argument("--format", choices=list(FORMATS), default="text", help="default: text")


def run(arguments: argparse.Namespace) -> int:
    repository = Repository.open()
    require_checked_out(repository.root, [LEDGER_DIR])
    ledger = Ledger(WorkTree(repository.root))
    policy = Policy(severity=repository.configuration.severity, for_entries=True)
    chosen = dict.fromkeys(full_job_id(written, ledger.job_ids) for written in arguments.ids)
    advise = Restoration(repository, ledger.view, RunStore.of(repository)).advise
    outcome, uncheckable = check_ledger(
        ledger, policy, list(chosen) or None, repository.root, advise
    )
    sys.stdout.write(rendered(outcome, arguments.format, repository.root))
    if uncheckable and arguments.format == "text":
        count = counted(len(uncheckable), "entry", "entries")
        print(f"the identity of {count} cannot be checked, since the statepoint was redacted:")
        print("".join(f"  {job_id}\n" for job_id in uncheckable), end="")
    return 0 if outcome.ok else 1
