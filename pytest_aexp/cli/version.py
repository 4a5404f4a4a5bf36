"""What the command says of itself: its version, and scripts that complete it in a shell."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from pytest_aexp.ground.errors import UsageError

SHELLS = ("bash", "zsh")
MISSING_SHTAB = "completion needs shtab: run `pip install 'pytest-aexp[completion]'`"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add both options to the command's parser."""
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="show the version of pytest-aexp and exit"
    )
    parser.add_argument(
        "--print-completion",
        action=_Completion,
        choices=SHELLS,
        help="print a script that completes `aexp` in that shell, and exit",
    )


class _Version(argparse.Action):
    def __call__(self, *_: Any) -> None:
        # Here, and below, so that every other call starts without it.
        from importlib.metadata import version

        sys.stdout.write(f"pytest-aexp {version('pytest-aexp')}\n")
        raise SystemExit(0)


class _Completion(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        del namespace, option_string
        try:
            import shtab
        except ImportError as error:
            raise UsageError(MISSING_SHTAB) from error
        sys.stdout.write(f"{shtab.complete(parser, shell=str(values))}\n")
        raise SystemExit(0)
