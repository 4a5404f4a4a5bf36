"""``[tool.aexp.runs]`` as a repository may write it."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_aexp.ground.errors import ConfigurationError
from pytest_aexp.ground.settings.configuration import parse_configuration
from pytest_aexp.ground.settings.run_settings import RunSettings, parse_run_settings


def test_every_setting_of_runs_is_read() -> None:
    text = b"""[tool.aexp.runs]
code = ["src", ":(exclude)src/plots"]
identity = "parameters"
local = ["data_root"]
"""
    assert parse_configuration(text).runs == RunSettings(
        ("src", ":(exclude)src/plots"), "parameters", ("data_root",)
    )


def test_without_settings_of_runs_there_are_defaults() -> None:
    assert parse_configuration(b"").runs == RunSettings((), "parameters+code", ())


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([], "must be a table"),
        ({"identiy": "x"}, 'no setting "identiy": the settings are code, identity and local'),
        ({"identity": "code"}, 'it must be "parameters\\+code" or "parameters"'),
        ({"code": "src"}, "code must be a list of git pathspecs"),
        ({"code": [""]}, "code must be a list of git pathspecs"),
        ({"local": [1]}, "local must be a list of names of parameters"),
        ({"code": ["a\0b"]}, "NUL"),
    ],
)
def test_a_wrong_setting_of_runs_is_refused(table: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parse_run_settings(table)
