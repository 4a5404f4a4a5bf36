"""What pyproject.toml configures, and what of it is refused."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.ground.errors import ConfigurationError
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.configuration import (
    DEFAULT_FINDINGS,
    Configuration,
    RunSettings,
    parse_configuration,
    parse_strict_runs,
)


def configured(text: str) -> Configuration:
    return parse_configuration(f"[tool.aexp]\n{text}\n".encode())


@pytest.mark.parametrize("text", ["", "[project]\nname = 'x'\n", "[tool]\n", "[tool.aexp]\n"])
def test_what_is_not_configured_is_the_default(text: str) -> None:
    assert parse_configuration(text.encode()) == Configuration(DEFAULT_FINDINGS, "error", {}, None)
    assert parse_configuration(b"\xef\xbb\xbf" + text.encode()) == Configuration()


def test_every_setting_is_read_from_pyproject() -> None:
    found = configured(
        'findings = ["docs/*.md", "./a/**/F*"]\nstrict_runs = "warn"\nrun_store = "data/runs"\n'
        'severity = { "finding.empty_batch" = "off", "ledger.leak" = "error" }'
    )
    assert found == Configuration(
        ("docs/*.md", "a/**/F*"),
        "warn",
        {"finding.empty_batch": "off", "ledger.leak": "error"},
        "data/runs",
    )
    assert configured('findings = "one/*.md"').findings == ("one/*.md",)


def test_every_setting_of_runs_is_read() -> None:
    text = b"""[tool.aexp.runs]
code = ["src", ":(exclude)src/plots"]
identity = "parameters"
local = ["data_root"]
"""
    assert parse_configuration(text).runs == RunSettings(
        ("src", ":(exclude)src/plots"), "parameters", ("data_root",)
    )
    assert parse_configuration(b"").runs == RunSettings((), "parameters+code", ())


WRONG: dict[str, tuple[str, str]] = {
    "a setting that does not exist": (
        "strict = 1",
        '[tool.aexp] has no setting "strict": ',
    ),
    "globs that are a number": ("findings = 5", "findings must be a list of globs"),
    "no glob": ("findings = []", "nothing would be checked"),
    "an empty glob": ('findings = [""]', "findings must be a list of globs"),
    "a glob that is a number": ("findings = [5]", "findings must be a list of globs"),
    "an absolute glob": ('findings = ["/etc/*"]', '"/etc/*" must stay inside the repository'),
    "a glob out of it": ('findings = ["a/../../b"]', "must stay inside the repository"),
    "strictness": ('strict_runs = "loud"', 'value "loud": choose one of error, warn, off'),
    "strictness of a kind": ("strict_runs = true", 'value "True": choose one of error, warn, off'),
    "severities": ("severity = 5", "severity must be a table"),
    "a severity": (
        'severity."finding.x" = "loud"',
        'is set to "loud"; choose one of error, warning',
    ),
    "a code without quotes": (
        'severity.evidence.failed_run = "error"',
        'put quotes around "evidence.failed_run"',
    ),
    "a severity of a kind": ("severity.x = []", 'is set to "[]"; choose one of'),
    "a store": ("run_store = 5", "run_store must be the path of a folder"),
    "no store": ('run_store = ""', "run_store must be the path of a folder"),
    "a glob that no file can have": (
        'findings = ["a\\u0000/*.md"]',
        r'tool.aexp.findings: no file can be named "a\x00/*.md"',
    ),
    "a glob without end": (
        "findings = ['kb/" + "[" * 20_000 + ".md']",
        "tool.aexp.findings: a glob of more than 1000 characters: kb/[[",
    ),
    "globs without end": (
        f"findings = {[f'{i}.md' for i in range(101)]}",
        "tool.aexp.findings: 101 globs; at most 100 can be used",
    ),
    "a store that no folder can be": (
        'run_store = "a\\u0000"',
        r'tool.aexp.run_store: no file can be named "a\x00"',
    ),
    "runs": ("runs = []", "runs must be a table"),
    "a setting of runs": (
        'runs.identiy = "x"',
        'no setting "identiy": the settings are code, identity and local',
    ),
    "an identity": ('runs.identity = "code"', 'it must be "parameters+code" or "parameters"'),
    "code that is text": ('runs.code = "src"', "code must be a list of git pathspecs"),
    "code that is empty": ('runs.code = [""]', "code must be a list of git pathspecs"),
    "local values": ("runs.local = [1]", "local must be a list of names of parameters"),
    "code that is no path": ('runs.code = ["a\\u0000b"]', "NUL"),
    "bad TOML": ("x = ", "cannot be read: "),
    "a hostile name": ('"\\u001b[2J\\n" = 1', r"\x1b[2J\x0a"),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_setting_is_told(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        configured(text)
    assert said in str(caught.value)
    assert str(caught.value).startswith("pyproject.toml: ")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "data",
    [
        b"\xff",
        b"[tool.aexp]\n[tool.aexp]\n",
        b"tool.aexp = 5",
        b"x = " + b"[" * 5_000,
        b"x = 1" + b"0" * 10_000,
        b".".join([b"a"] * 100_000) + b" = 1",
        "\ud800".encode("utf-8", "surrogatepass"),
    ],
)
def test_a_broken_file_is_told(data: bytes) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(data)
    assert len(str(caught.value)) < 300


@given(
    st.binary(max_size=60) | st.text(max_size=60).map(lambda text: f"[tool.aexp]\n{text}".encode())
)
def test_any_file_is_read_or_refused(data: bytes) -> None:
    with suppress(ConfigurationError):
        assert parse_configuration(data).findings


def test_a_folder_in_the_files_place(repo: Path) -> None:
    (repo / "pyproject.toml").mkdir()
    with pytest.raises(ConfigurationError, match="is a folder, not a file"):
        Repository.open()


@pytest.mark.parametrize("value", ["error", "warn", "off"])
def test_the_three_strictnesses(value: str) -> None:
    assert parse_strict_runs(value) == value


@pytest.mark.parametrize("value", ["Error", "", None, True, 0, ["off"]])
def test_no_other_strictness(value: object) -> None:
    with pytest.raises(ValueError, match="choose one of error, warn, off"):
        parse_strict_runs(value)


@pytest.mark.parametrize(
    "value",
    ['"https://forge.example/commit/"', '"javascript:{commit}"', "1", '"https://a b/{commit}"'],
)
def test_an_address_of_commits_must_be_one(value: str) -> None:
    with pytest.raises(ConfigurationError, match="commit_url must be an address"):
        parse_configuration(f"[tool.aexp]\ncommit_url = {value}\n".encode())


def test_the_address_of_commits() -> None:
    text = '[tool.aexp]\ncommit_url = "https://forge.example/{commit}"\n'
    assert parse_configuration(text.encode()).commit_url == "https://forge.example/{commit}"
