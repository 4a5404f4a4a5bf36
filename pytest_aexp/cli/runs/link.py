"""Say which experiment a run of this machine belongs to. The ledger entry of a run
that has ended is written again.
"""

from __future__ import annotations

import argparse

from pytest_aexp.cli.runs.run_options import add_link_options
from pytest_aexp.runs import open_run
from pytest_aexp.work.runs.run_link import put_link, run_link
from pytest_aexp.work.runs.status import edit_and_promote

STATUSES = {
    0: "the run is linked, and the entry of a run that has ended is written",
    1: "the run is linked, but the entry could not be written",
}
EXAMPLES = """\
aexp link 4076a08a --experiment E005
aexp link 4076a08a --experiment E005 --hypothesis H002
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="a job id, or its beginning")
    add_link_options(parser)


def run(arguments: argparse.Namespace) -> int:
    ids = (arguments.experiment, arguments.hypothesis, arguments.sub_hypothesis)
    link = run_link(*ids)
    job = open_run(arguments.id)
    is_in_ledger = edit_and_promote(job, lambda document: put_link(document, link))
    print(f"{job.id} belongs to {arguments.experiment}")
    return 0 if is_in_ledger else 1
