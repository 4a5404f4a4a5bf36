"""Absolute paths; the labelled list in test_redaction.py has the rest."""

from __future__ import annotations

import pytest

from pytest_aexp.model.redaction.absolute_paths import contains_path


@pytest.mark.parametrize("scheme", ["aim", "local", "tensorboard", "notes3", "xhdfs"])
def test_no_host_behind_a_scheme_is_this_machine(scheme: str) -> None:
    assert contains_path(f"{scheme}:///scratch/x")


@pytest.mark.parametrize("scheme", ["s3", "gs", "hdfs", "sqlite", "sqlite+aiosqlite", "HDFS"])
def test_some_schemes_mean_no_path_of_this_machine(scheme: str) -> None:
    assert not contains_path(f"{scheme}:///scratch/x")


def test_a_database_in_somebodys_home() -> None:
    assert contains_path("sqlite:///home/joe/runs.db")
