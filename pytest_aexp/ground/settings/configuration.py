"""``[tool.aexp]`` of pyproject.toml, which all three faces read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, cast, get_args

from pytest_aexp.ground.errors import ConfigurationError
from pytest_aexp.ground.files import Unreadable, can_be_named, read_bounded
from pytest_aexp.ground.settings.metric_names import parse_metrics
from pytest_aexp.ground.text import closest, listed, quoted, shown

StrictRuns = Literal["error", "warn", "off"]
"""How a citation of a missing run is reported: as an error, as a warning, or not at all."""

DEFAULT_FINDINGS = (
    "kb/research/findings/**/[Ff][0-9]*.[mM][dD]",
    "kb/research/findings/**/[Ff][0-9]*.[mM][aA][rR][kK][dD][oO][wW][nN]",
)
CONFIG = "pyproject.toml"
CONFIG_LIMIT = 1 << 20
# tomllib takes minutes for a key of a hundred thousand parts.
_MANY_PARTS = re.compile(
    r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){64}""", re.ASCII
)
# To match a name against a glob takes time that grows with the square of the glob's length.
_GLOB_LIMIT, _MOST_GLOBS = 1000, 100
_SEVERITIES = ("error", "warning", "off")


Identity = Literal["parameters+code", "parameters"]
"""What a run's statepoint is made of."""


@dataclass(frozen=True)
class RunSettings:
    """``[tool.aexp.runs]``: how runs are registered.

    ``code`` are git pathspecs of what is code (empty: every file that is not evidence); ``local``
    the parameters that are of this machine and not of the run.
    """

    code: tuple[str, ...] = ()
    identity: Identity = "parameters+code"
    local: tuple[str, ...] = ()


@dataclass(frozen=True)
class Configuration:
    """``[tool.aexp]`` of pyproject.toml, which all three faces read."""

    findings: tuple[str, ...] = DEFAULT_FINDINGS
    strict_runs: StrictRuns = "error"
    severity: Mapping[str, str] = field(default_factory=dict)
    run_store: str | None = None
    metrics: Mapping[str, str] = field(default_factory=dict)
    runs: RunSettings = field(default_factory=RunSettings)
    pin: bool = False
    """Whether `aexp cite` pins what it cites."""
    commit_url: str | None = None
    """Where a commit can be looked at, with ``{commit}`` for its id."""


def strictness_word(text: str) -> str:
    """A strictness as it is typed: ``warning``, the word for a severity, is ``warn``."""
    return "warn" if text == "warning" else text


def parse_strict_runs(value: object) -> StrictRuns:
    """The strictness called ``value``; raises ValueError naming the three that exist."""
    word = strictness_word(value) if isinstance(value, str) else None
    if word in get_args(StrictRuns):
        return cast("StrictRuns", word)
    names = ", ".join(get_args(StrictRuns))
    raise ValueError(f"unknown strict-runs value {quoted(str(value))}: choose one of {names}")


def parse_configuration(data: bytes) -> Configuration:
    """The configuration in the bytes of a pyproject.toml; raises ConfigurationError."""
    try:
        text = data.decode("utf-8-sig")
        if _MANY_PARTS.search(text):
            raise ConfigurationError("cannot be read: it has a key of more than 64 parts")
        # Here, for start-up time: not every repository has one.
        import tomllib

        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"cannot be read: {shown(str(error), 200)}") from error
    table = document.get("tool", {})
    table = table.get("aexp", {}) if isinstance(table, dict) else {}
    if not isinstance(table, dict):
        raise ConfigurationError("tool.aexp is not a table")
    settings = tuple(setting.name for setting in fields(Configuration))
    unknown = sorted(set(table).difference(settings))
    if unknown:
        near = closest(unknown[0], settings)
        advice = f"did you mean {near}?" if near else f"the settings are {listed(settings, 20)}"
        raise ConfigurationError(f"[tool.aexp] has no setting {quoted(unknown[0])}: {advice}")
    return Configuration(
        findings=_globs(table.get("findings", list(DEFAULT_FINDINGS))),
        strict_runs=_strictness(table.get("strict_runs", "error")),
        severity=_severities(table.get("severity", {})),
        run_store=_folder(table.get("run_store")),
        metrics=parse_metrics(table.get("metrics", {})),
        runs=_runs(table.get("runs", {})),
        pin=_truth("pin", table.get("pin", False)),
        commit_url=_commit_url(table.get("commit_url")),
    )


def _wrong(what: str) -> ConfigurationError:
    return ConfigurationError(f"tool.aexp.{what}")


def _truth(setting: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(f"{setting} must be true or false")
    return value


def _commit_url(value: object) -> str | None:
    is_web = isinstance(value, str) and re.fullmatch(r"https?://[^\s\"'<>\\@]+", value)
    if value is not None and not (is_web and "{commit}" in str(value)):
        example = '"https://forge.example/team/paper/commit/{commit}"'
        raise _wrong(f"commit_url must be an address with {{commit}} in it, such as {example}")
    return None if value is None else str(value)


def _globs(value: object) -> tuple[str, ...]:
    patterns = [value] if isinstance(value, str) else value
    if not isinstance(patterns, list) or not all(isinstance(p, str) and p for p in patterns):
        raise _wrong("findings must be a list of globs")
    if not patterns:
        raise _wrong("findings is empty, so nothing would be checked: name a glob, or leave it out")
    patterns = [pattern.removeprefix("./") for pattern in patterns]
    for pattern in patterns:
        if pattern.startswith("/") or ".." in pattern.split("/"):
            raise _wrong(f"findings: {quoted(pattern)} must stay inside the repository")
        if len(pattern) > _GLOB_LIMIT:
            what = f"a glob of more than {_GLOB_LIMIT} characters: {shown(pattern, 60)}"
            raise _wrong(f"findings: {what}")
        _check_name("findings", pattern)
    if len(patterns) > _MOST_GLOBS:
        raise _wrong(f"findings: {len(patterns)} globs; at most {_MOST_GLOBS} can be used")
    return tuple(patterns)


def _check_name(setting: str, name: str) -> None:
    if not can_be_named(name):
        raise _wrong(f"{setting}: no file can be named {quoted(name)}")


def _strictness(value: object) -> StrictRuns:
    try:
        return parse_strict_runs(value)
    except ValueError as error:
        raise _wrong(f"strict_runs: {error}") from error


def _severities(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _wrong("severity must be a table of code = severity")
    words = {code: "warning" if word == "warn" else word for code, word in value.items()}
    for code, severity in words.items():
        if isinstance(severity, dict) and severity:
            dotted = f"{code}.{next(iter(severity))}"
            raise _wrong(f"severity: put quotes around {quoted(dotted)}: a dot makes a table")
        if severity not in _SEVERITIES:
            what = f"{quoted(code)} is set to {quoted(str(severity))}"
            raise _wrong(f"severity: {what}; choose one of {', '.join(_SEVERITIES)}")
    return words


def _folder(value: object) -> str | None:
    if isinstance(value, str):
        _check_name("run_store", value)
    if value is None or (isinstance(value, str) and value):
        return value
    raise _wrong("run_store must be the path of a folder")


def _runs(value: object) -> RunSettings:
    if not isinstance(value, dict):
        raise _wrong("runs must be a table")
    unknown = next((name for name in value if name not in ("code", "identity", "local")), None)
    if unknown is not None:
        what = f"has no setting {quoted(unknown)}: the settings are code, identity and local"
        raise ConfigurationError(f"[tool.aexp.runs] {what}")
    identity = value.get("identity", "parameters+code")
    if identity not in get_args(Identity):
        names = " or ".join(map(quoted, get_args(Identity)))
        raise _wrong(f"runs.identity is {quoted(str(identity))}; it must be {names}")
    return RunSettings(
        _texts("code", "git pathspecs", value),
        identity,
        _texts("local", "names of parameters", value),
    )


def _texts(name: str, what: str, table: dict[str, Any]) -> tuple[str, ...]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
        raise _wrong(f"runs.{name} must be a list of {what}")
    if any("\0" in text for text in value):
        raise _wrong(f"runs.{name} holds a NUL character")
    return tuple(value)


def read_configuration(root: Path) -> Configuration:
    """The configuration in the work tree at ``root``; the defaults if it has none."""
    return configuration_in(read_bounded(root / CONFIG, CONFIG_LIMIT))


def configuration_in(data: bytes | Unreadable) -> Configuration:
    """The configuration in what was read of a pyproject.toml; the defaults if there is none.

    Raises ConfigurationError.
    """
    if isinstance(data, Unreadable):
        if data.missing:
            return Configuration()
        raise ConfigurationError(data.reason)
    return parse_configuration(data)
