"""What can stop the work says so in words."""

from __future__ import annotations

from pathlib import Path

from pytest_aexp.ground.errors import (
    AexpError,
    AmbiguousRun,
    ConfigurationError,
    RepositoryNotFound,
)


def test_each_says_what_to_do() -> None:
    assert "aexp install" in str(RepositoryNotFound(Path("here")))
    assert str(ConfigurationError("x is wrong")).startswith("pyproject.toml: ")


def test_many_candidates_are_counted() -> None:
    output = str(AmbiguousRun("ab", tuple(f"ab{n:030d}" for n in range(20))))
    assert "fits 20 runs" in output
    assert "12 more" in output
    assert len(output) < 500


def test_an_ambiguous_run_is_caught_as_ours_and_as_lookup_error() -> None:
    assert issubclass(AmbiguousRun, AexpError)
    assert issubclass(AmbiguousRun, LookupError)
