"""The repository: where its root is, what it is configured to do, what its marker says."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast, get_args

from pytest_aexp.ground.errors import ConfigurationError, RepositoryNotFound
from pytest_aexp.ground.files import Unreadable, can_be_named, read_bounded
from pytest_aexp.ground.find_root import MARKER_REL, nearest_root
from pytest_aexp.ground.git.run import git_or_none
from pytest_aexp.ground.git.worktree import main_root
from pytest_aexp.ground.settings.metric_names import parse_metrics
from pytest_aexp.ground.settings.run_settings import RunSettings, parse_run_settings
from pytest_aexp.ground.text import quoted, shown

StrictRuns = Literal["error", "warn", "off"]
"""How a citation of a missing run is reported: as an error, as a warning, or not at all."""

DEFAULT_RUN_STORE = ".runs"
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
        raise ConfigurationError(
            f"[tool.aexp] has no setting {quoted(unknown[0])}: the settings are "
            f"{', '.join(settings[:-1])} and {settings[-1]}"
        )
    return Configuration(
        findings=_globs(table.get("findings", list(DEFAULT_FINDINGS))),
        strict_runs=_strictness(table.get("strict_runs", "error")),
        severity=_severities(table.get("severity", {})),
        run_store=_folder(table.get("run_store")),
        metrics=parse_metrics(table.get("metrics", {})),
        runs=parse_run_settings(table.get("runs", {})),
        pin=_truth("pin", table.get("pin", False)),
        commit_url=_commit_url(table.get("commit_url")),
    )


def _truth(setting: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"tool.aexp.{setting} must be true or false")
    return value


def _commit_url(value: object) -> str | None:
    is_web = isinstance(value, str) and re.fullmatch(r"https?://[^\s\"'<>\\@]+", value)
    if value is not None and not (is_web and "{commit}" in str(value)):
        raise ConfigurationError(
            "tool.aexp.commit_url must be an address with {commit} in it, such as "
            '"https://forge.example/team/paper/commit/{commit}"'
        )
    return None if value is None else str(value)


def _globs(value: object) -> tuple[str, ...]:
    patterns = [value] if isinstance(value, str) else value
    if not isinstance(patterns, list) or not all(isinstance(p, str) and p for p in patterns):
        raise ConfigurationError("tool.aexp.findings must be a list of globs")
    patterns = [pattern.removeprefix("./") for pattern in patterns]
    for pattern in patterns:
        if pattern.startswith("/") or ".." in pattern.split("/"):
            raise ConfigurationError(
                f"tool.aexp.findings: {quoted(pattern)} must stay inside the repository"
            )
        if len(pattern) > _GLOB_LIMIT:
            raise ConfigurationError(
                f"tool.aexp.findings: a glob of more than {_GLOB_LIMIT} characters: "
                f"{shown(pattern, 60)}"
            )
        _check_name("findings", pattern)
    if len(patterns) > _MOST_GLOBS:
        raise ConfigurationError(
            f"tool.aexp.findings: {len(patterns)} globs; at most {_MOST_GLOBS} can be used"
        )
    return tuple(patterns)


def _check_name(setting: str, name: str) -> None:
    if not can_be_named(name):
        raise ConfigurationError(f"tool.aexp.{setting}: no file can be named {quoted(name)}")


def _strictness(value: object) -> StrictRuns:
    try:
        return parse_strict_runs(value)
    except ValueError as error:
        raise ConfigurationError(f"tool.aexp.strict_runs: {error}") from error


def _severities(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ConfigurationError("tool.aexp.severity must be a table of code = severity")
    words = {code: "warning" if word == "warn" else word for code, word in value.items()}
    for code, severity in words.items():
        if severity not in _SEVERITIES:
            raise ConfigurationError(
                f"tool.aexp.severity: {quoted(code)} is set to {quoted(str(severity))}; "
                "choose one of error, warning, off"
            )
    return words


def _folder(value: object) -> str | None:
    if isinstance(value, str):
        _check_name("run_store", value)
    if value is None or (isinstance(value, str) and value):
        return value
    raise ConfigurationError("tool.aexp.run_store must be the path of a folder")


@dataclass(frozen=True)
class Marker:
    """``.aexp/installed.json``, which never enters git: this machine's own settings.

    ``fault`` says, in words that complete "the marker …", why it cannot be used.
    """

    values: Mapping[str, Any]
    fault: str | None = None

    def text(self, key: str) -> str | None:
        """The value of ``key`` if it is text that says something."""
        value = self.values.get(key)
        return value.strip() or None if isinstance(value, str) else None


def read_marker(root: Path) -> Marker:
    """The install marker of the repository at ``root``; empty if there is none."""
    data = read_bounded(root / MARKER_REL, CONFIG_LIMIT)
    if isinstance(data, Unreadable):
        return Marker({}, None if data.missing else data.reason)
    try:
        values = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return Marker({}, "is not valid JSON")
    return Marker(values) if isinstance(values, dict) else Marker({}, "is not a JSON object")


def read_machine_label(repo_root: str | Path) -> str:
    """This machine's label: the marker's, else the short host name; never empty."""
    return Repository(Path(repo_root)).machine_label


def default_machine_label() -> str:
    """The host name up to its first dot."""
    # Here, since it is rarely asked for and takes as long to load as a small ledger to check.
    import socket

    return socket.gethostname().split(".")[0] or "unknown"


def find_repo_root(start: str | Path | None = None) -> Path:
    """The nearest folder from ``start`` (default: here) upwards that is a repository.

    It holds ``.git`` (folder or file) or ``.aexp/installed.json``. Raises RepositoryNotFound.
    """
    here = Path(start or Path.cwd()).resolve()
    root = nearest_root(here)
    if root is None:
        raise RepositoryNotFound(here)
    return root


@dataclass(frozen=True)
class Repository:
    """A repository's root and what is configured for it."""

    root: Path
    configuration: Configuration = field(default_factory=Configuration)

    @classmethod
    def open(cls, root: str | Path | None = None) -> Repository:
        """The repository at ``root`` (default: around here), configured by its work tree.

        Raises RepositoryNotFound, ConfigurationError.
        """
        place = Path(root).resolve() if root is not None else find_repo_root()
        return cls(place, read_configuration(place))

    @cached_property
    def marker(self) -> Marker:
        """The install marker."""
        return read_marker(self.root)

    @cached_property
    def main(self) -> Path | None:
        """The root in the main worktree, where this one is linked to it; None where it is not."""
        return main_root(self.root)

    def setting(self, key: str) -> str | None:
        """A setting of this machine: this marker's, else that of the main worktree."""
        own = self.marker.text(key)
        if own is None and self.main is not None:
            return read_marker(self.main).text(key)
        return own

    @property
    def machine_label(self) -> str:
        """This machine's label."""
        return self.setting("machine_label") or default_machine_label()

    @cached_property
    def foreign_store(self) -> str | None:
        """Where a marker that is in git says that the run store lies, out of the repository.

        It may be anybody's, so it is not used.
        """
        written = self.marker.text("run_store_path")
        if self.configuration.run_store or written is None or not _leaves(self.root, written):
            return None
        tracked = git_or_none(["ls-files", "-z", "--", MARKER_REL.as_posix()], self.root)
        return written if tracked else None

    @property
    def run_store(self) -> Path:
        """Where the run store lies, whether or not it exists."""
        root, marked = self.root, self.marker.text("run_store_path")
        if marked is None and self.main is not None:
            root, marked = self.main, self.setting("run_store_path")
        marked = None if marked == self.foreign_store else marked
        path = Path(self.configuration.run_store or marked or DEFAULT_RUN_STORE)
        # "~nobody": there is no such user, so nothing lies there.
        with suppress(RuntimeError, ValueError):
            path = path.expanduser()
        return root / path


def _leaves(root: Path, written: str) -> bool:
    """Whether a path that is relative to ``root`` leads out of it."""
    try:
        path = os.path.normpath(root / Path(written).expanduser())
    except (RuntimeError, ValueError):
        return False
    return not Path(path).is_relative_to(root)


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
