"""Errors of the command: what goes to standard error, and which of them are wrong usage."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

from pytest_aexp.ground.errors import AexpError, UsageError

_T = TypeVar("_T")


def print_error(message: str) -> None:
    """Print a line on standard error under the command's name."""
    print(f"aexp: {message}", file=sys.stderr)


def as_usage(function: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
    """Call a function with what the user typed: a value that it refuses is wrong usage."""
    try:
        return function(*args, **kwargs)
    except AexpError:
        raise
    except ValueError as error:
        raise UsageError(str(error)) from error
