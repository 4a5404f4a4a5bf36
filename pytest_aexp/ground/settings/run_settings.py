"""``[tool.aexp.runs]``: what is code, what identifies a run, what belongs to one machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from pytest_aexp.ground.errors import ConfigurationError
from pytest_aexp.ground.text import quoted

Identity = Literal["parameters+code", "parameters"]
"""What a run's statepoint is made of."""


@dataclass(frozen=True)
class RunSettings:
    """How runs are registered.

    ``code`` are git pathspecs of what is code (empty: every file that is not evidence); ``local``
    the parameters that are of this machine and not of the run.
    """

    code: tuple[str, ...] = ()
    identity: Identity = "parameters+code"
    local: tuple[str, ...] = ()


def parse_run_settings(value: object) -> RunSettings:
    """The settings in the table ``[tool.aexp.runs]``; raises ConfigurationError."""
    if not isinstance(value, dict):
        raise ConfigurationError("tool.aexp.runs must be a table")
    for name in value:
        if name not in ("code", "identity", "local"):
            raise ConfigurationError(
                f"[tool.aexp.runs] has no setting {quoted(name)}: the settings are code, "
                "identity and local"
            )
    return RunSettings(
        code=_texts("code", value.get("code", [])),
        identity=_identity(value.get("identity", "parameters+code")),
        local=_texts("local", value.get("local", [])),
    )


def _texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
        what = "git pathspecs" if name == "code" else "names of parameters"
        raise ConfigurationError(f"tool.aexp.runs.{name} must be a list of {what}")
    if any("\0" in text for text in value):
        raise ConfigurationError(f"tool.aexp.runs.{name} holds a NUL character")
    return tuple(value)


def _identity(value: object) -> Identity:
    for identity in get_args(Identity):
        if value == identity:
            return identity  # type: ignore[no-any-return]
    names = " or ".join(map(quoted, get_args(Identity)))
    raise ConfigurationError(f"tool.aexp.runs.identity is {quoted(str(value))}; it must be {names}")
