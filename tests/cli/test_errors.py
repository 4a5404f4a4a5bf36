"""What goes to standard error, and what is wrong usage."""

from __future__ import annotations

import pytest

from pytest_aexp.cli.errors import as_usage, print_error
from pytest_aexp.ground.errors import GitError, UsageError


def test_a_complaint_is_a_line_under_the_name_of_the_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_error("nothing was changed")
    assert capsys.readouterr() == ("", "aexp: nothing was changed\n")


def raise_(error: Exception) -> None:
    raise error


def test_a_value_that_is_refused_is_wrong_usage() -> None:
    assert as_usage(int, "3") == 3
    with pytest.raises(UsageError, match="no such state"):
        as_usage(raise_, ValueError("no such state"))


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(GitError):
        as_usage(raise_, GitError("git"))
    with pytest.raises(KeyError):
        as_usage(raise_, KeyError("k"))
