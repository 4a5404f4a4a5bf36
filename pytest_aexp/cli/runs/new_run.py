"""Register a run of an experiment in this machine's run store and print its job
id, which follows from the parameters: the same parameters are the same run.

Values of --sp are JSON, or else text: seed=3 is a number, seed='"3"' is text.
"""

from __future__ import annotations

import argparse

from pytest_aexp.cli.runs.run_options import add_run_options, register

STATUSES = {0: "the run is registered"}
EXAMPLES = """\
aexp new-run --experiment E005 --sp condition=full --sp seed=3
aexp new-run -E E005 --hypothesis H002 --statepoint '{"seed": 3, "lr": 0.001}'
"""
add_arguments = add_run_options


def run(arguments: argparse.Namespace) -> int:
    print(register(arguments).id)
    return 0
