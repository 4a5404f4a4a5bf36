"""The options that say what a run belongs to."""

from __future__ import annotations

import argparse


def add_link_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--experiment``, ``--hypothesis`` and ``--sub-hypothesis``."""
    parser.add_argument(
        *("-E", "--experiment"), metavar="E###", required=True, help="the experiment it belongs to"
    )
    parser.add_argument("--hypothesis", metavar="H###", help="the hypothesis it tests")
    parser.add_argument("--sub-hypothesis", metavar="H###", help="the part of it, if there is one")
