"""Which argument of a command is a credential."""

from __future__ import annotations

import re

import pytest

from pytest_aexp.model.redaction import secret_arguments
from pytest_aexp.model.redaction.secret_arguments import (
    command_contains_credential,
    credential_arguments,
)


@pytest.mark.parametrize(
    ("command", "given"),
    [
        ("curl -u me:x https://h", [2]),
        ("/usr/bin/curl -sS -ume:x https://h", [2]),
        ("docker login -u u -p x", [5]),
        ("mysql -u root -px runs", [3]),
        ("aws configure set aws_secret_access_key a1b2c3", [4]),
        ("docker run -u 1000:1000 -p 80:80 x", []),
        ("mysql -u root -p runs", []),
        ("ssh login -p 2222", []),
        ("curl -u me:$PW https://h", []),
        ("docker login -u u -p <redacted>", []),
    ],
)
def test_the_arguments_that_are_credentials(command: str, given: list[int]) -> None:
    words: list[object] = list(command.split())
    assert sorted(credential_arguments(words)) == given
    assert command_contains_credential(command) == bool(given)


def test_a_command_ends_where_the_next_begins() -> None:
    assert not command_contains_credential("docker login; mkdir -p x")
    assert not command_contains_credential("docker login ghcr.io && ssh h -p 22")


def test_arguments_may_be_of_any_kind() -> None:
    assert credential_arguments(["curl", 3, None, {}, "-u", "me:x"]) == {5}


def test_every_tool_is_worth_a_search() -> None:
    tools = {*secret_arguments.WORDS, "mongorestore", "ldapmodify", "mosquitto_pub"}
    tools = {tool for tool in tools if re.search(secret_arguments.NAMED_TOOL, f"{tool} -p x")}
    assert len(tools) > 20
    assert [tool for tool in tools if not secret_arguments.may_name_tool(f"x {tool} -p x")] == []
    assert not secret_arguments.may_name_tool("a/b:c@d=e~f\\g%2f" * 100)
