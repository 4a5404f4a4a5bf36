"""What can stop the work says so in words, and is caught as what a caller expects."""

from __future__ import annotations

from pytest_aexp.ground.errors import AexpError, AmbiguousRun, ConfigurationError


def test_a_wrong_configuration_names_its_file() -> None:
    assert str(ConfigurationError("x is wrong")) == "pyproject.toml: x is wrong"


def test_an_ambiguous_run_is_caught_as_ours_and_as_lookup_error() -> None:
    assert issubclass(AmbiguousRun, AexpError)
    assert issubclass(AmbiguousRun, LookupError)
