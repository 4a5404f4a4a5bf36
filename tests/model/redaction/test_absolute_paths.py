"""Absolute paths; the labelled list in test_redaction.py has the rest."""

from __future__ import annotations

import re
from itertools import product

import pytest

from pytest_aexp.model.redaction import absolute_paths
from pytest_aexp.model.redaction.absolute_paths import contains_path


@pytest.mark.parametrize("scheme", ["aim", "local", "tensorboard", "notes3", "xhdfs"])
def test_no_host_behind_a_scheme_is_this_machine(scheme: str) -> None:
    assert contains_path(f"{scheme}:///scratch/x")


@pytest.mark.parametrize("scheme", ["s3", "gs", "hdfs", "sqlite", "sqlite+aiosqlite", "HDFS"])
def test_some_schemes_mean_no_path_of_this_machine(scheme: str) -> None:
    assert not contains_path(f"{scheme}:///scratch/x")


def test_a_database_in_somebodys_home() -> None:
    assert contains_path("sqlite:///home/joe/runs.db")


def test_every_path_behind_a_colon_is_worth_a_search() -> None:
    is_path = re.compile(absolute_paths.BEHIND_COLON).search
    pieces = ["C", "d", "é", "=", ":", "/", "//", "\\", "~", " ", "File", "vscode", "cursor"]
    texts = ("".join(chosen) for length in range(5) for chosen in product(pieces, repeat=length))
    paths = [text for text in texts if is_path(text)]
    assert len(paths) > 100
    assert [text for text in paths if not absolute_paths.may_hold_path_behind_colon(text)] == []
    assert not absolute_paths.may_hold_path_behind_colon("a/b:c@d=e~f\\g%2f" * 100)
