"""The install marker as an install leaves it; what it already says is kept."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from pytest_aexp.ground.files import read_bounded, write_atomic
from pytest_aexp.ground.find_root import MARKER_REL, main_root
from pytest_aexp.ground.repository import Marker, default_machine_label, read_marker
from pytest_aexp.ground.settings.configuration import CONFIG_LIMIT
from pytest_aexp.ground.settings.machine_label import (
    distinguishes_machines,
    is_safe_label,
    safe_label,
)
from pytest_aexp.ground.text import quoted, shown_json
from pytest_aexp.work.install.plan import InstallAction, InstallRefused, Step

LABEL = "machine_label"
RUN_STORE = "run_store_path"
INSTALLED_AT = "installed_at"

_PATH = MARKER_REL.as_posix()


def planned_marker(
    root: Path, default_store: str, *, label: str | None, run_store: str | None, force: bool
) -> tuple[dict[str, Any], list[Step]]:
    """The marker's values as they will be, and what to do for it. Raises InstallRefused.

    A marker that cannot be used is kept under another name before it is replaced.
    """
    path = root / MARKER_REL
    marker = read_marker(root)
    if marker.is_in_the_way:
        raise InstallRefused(
            f"{_PATH} {marker.fault}: nothing was changed; run `mv {_PATH} {_PATH}.damaged`"
        )
    data = read_bounded(path, CONFIG_LIMIT)
    is_linked = main_root(root) is not None
    values = renewed(marker, default_store, label=label, run_store=run_store, is_linked=is_linked)
    steps = []
    if marker.fault is not None and isinstance(data, bytes):
        steps.append(_kept_aside(path, data, marker.fault, values))
    new = dumped(values)
    if marker.fault is None and marker.values == values and (new == data or not force):
        steps.append(Step(InstallAction("already_installed", _PATH)))
    elif path.is_symlink():
        raise InstallRefused(
            f"{_PATH} is a link, which aexp does not write through: put a file there"
        )
    else:
        action = InstallAction("wrote_marker", _PATH, _changes(marker.values, values))
        steps.append(Step(action, partial(write_atomic, path, new)))
    # A linked worktree has none of its own.
    warnings = _label_warning(str(values[LABEL]).strip()) if LABEL in values else []
    return values, [*steps, *warnings]


def renewed(
    marker: Marker,
    default_store: str,
    *,
    label: str | None = None,
    run_store: str | None = None,
    is_linked: bool = False,
) -> dict[str, Any]:
    """The marker's values: all that are known, but for ``label`` and ``run_store`` if given.

    In a linked worktree those of the main one hold unless they are given. Else what is missing is
    added: the label (the short host name, made safe), where the run store is,
    when this was.
    """
    values = dict(marker.values)
    if label is not None or (marker.text(LABEL) is None and not is_linked):
        values[LABEL] = label or safe_label(default_machine_label())
    if run_store is not None or (marker.text(RUN_STORE) is None and not is_linked):
        values[RUN_STORE] = run_store or default_store
    if marker.text(INSTALLED_AT) is None:
        values[INSTALLED_AT] = datetime.now(UTC).isoformat(timespec="seconds")
    return values


def dumped(values: Mapping[str, Any]) -> bytes:
    """The marker's text; the order of its keys is kept."""
    return (json.dumps(values, indent=2) + "\n").encode("ascii")


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    changed = {key: value for key, value in new.items() if key not in old or old[key] != value}
    return ", ".join(
        f"{key} {shown_json(old[key])} -> {shown_json(value)}"
        if key in old
        else f"{key} {shown_json(value)}"
        for key, value in changed.items()
    )


def _kept_aside(path: Path, data: bytes, fault: str, values: Mapping[str, Any]) -> Step:
    names = (f"{path.name}.damaged{'' if n == 1 else f'-{n}'}" for n in count(1))
    aside = path.with_name(next(name for name in names if not os.path.lexists(path.parent / name)))
    detail = (
        f"{fault}: it is kept as {aside.name} and written anew. "
        f"This machine is now called {quoted(values[LABEL])}; "
        "if it had another label, run `aexp install --machine-label LABEL`"
    )
    return Step(InstallAction("marker_warning", _PATH, detail), partial(write_atomic, aside, data))


def _label_warning(label: str) -> list[Step]:
    if not is_safe_label(label):
        fault, other = "cannot name a file on every system", safe_label(label)
    elif not distinguishes_machines(label):
        fault = "does not tell this machine from others, which may have the same"
        other = "LABEL"
    else:
        return []
    detail = (
        f"the machine label {quoted(label)} {fault}: run `aexp install --machine-label {other}`"
    )
    return [Step(InstallAction("marker_warning", _PATH, detail))]
