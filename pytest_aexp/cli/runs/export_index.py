"""Deprecated: `aexp ledger backfill` puts the same runs into the ledger. List this
machine's finished runs in a file, for older readers.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from pytest_aexp.ground.text import clean, counted
from pytest_aexp.runs_index import export_index

STATUSES = {0: "the file is written"}
EXAMPLES = """\
aexp ledger backfill                     what to use in its place
aexp runs-export-index --as cluster      for older tools
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as", "--machine-label", dest="label", metavar="L", help="the machine that it names"
    )
    parser.add_argument(
        "--out", metavar="P", help="the file (default: .aexp/runs-index/<machine label>.json)"
    )


def run(arguments: argparse.Namespace) -> int:
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
