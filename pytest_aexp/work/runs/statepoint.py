"""What identifies a run: the parameters that were given, checked before signac sees them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from pytest_aexp.ground.errors import InvalidValue, NotPromotable
from pytest_aexp.ground.files import size
from pytest_aexp.ground.jsontext import dump
from pytest_aexp.ground.stderr import notice
from pytest_aexp.ground.text import listed, quoted, shown
from pytest_aexp.model.entry import ENTRY_LIMIT, STATEPOINT_DEPTH_LIMIT
from pytest_aexp.model.redaction.redact import leaks

LOCAL_KEY = "aexp_local"
"""Where a run's document keeps the values that are of this machine."""


def given_statepoint(statepoint: object, ids: Mapping[str, Any]) -> dict[str, Any]:
    """The statepoint that was given; raises InvalidValue if it is none, or contradicts ``ids``."""
    if statepoint is None:
        return {}
    if not isinstance(statepoint, Mapping):
        raise InvalidValue(
            'a statepoint is a mapping of parameters to values, such as {"seed": 3}, and not a '
            f"{type(statepoint).__name__}"
        )
    for name, value in ids.items():
        other = statepoint.get(name, value)
        if other != value:
            what = quoted(other) if isinstance(other, str) else f"a {type(other).__name__}"
            raise InvalidValue(
                f"the run is of {quoted(value)}, but {name} in its statepoint is {what}: leave "
                f"{name} out of the statepoint"
            )
    return dict(statepoint)


def split_local(
    statepoint: Mapping[str, Any], names: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters without those that are of this machine, and those.

    A name with dots is that of a value in mappings: ``data.root``.
    """
    parameters = dict(statepoint)
    local = {name: parameters.pop(name) for name in dict.fromkeys(names) if name in parameters}
    for first in dict.fromkeys(name.partition(".")[0] for name in names):
        rest = [name.removeprefix(f"{first}.") for name in names if name.startswith(f"{first}.")]
        if rest and isinstance(parameters.get(first), Mapping):
            parameters[first], inner = split_local(parameters[first], rest)
            local |= {first: inner} if inner else {}
    return parameters, local


def plain(value: Any, name: str = "") -> Any:
    """``value`` as JSON has it, numpy's numbers and arrays too.

    Raises ValueError that names the key and the type of what is not JSON.
    """
    if value is None or isinstance(value, bool | str | int | float):
        return value
    if isinstance(value, Mapping):
        return {
            _key(key, name): plain(v, f"{name}.{key}" if name else key) for key, v in value.items()
        }
    if isinstance(value, list | tuple):
        return [plain(item, f"{name}[{index}]") for index, item in enumerate(value)]
    # By its name: numpy need not be installed, and is slow to import.
    if type(value).__module__.partition(".")[0] == "numpy" and hasattr(value, "tolist"):
        return plain(value.tolist(), name)
    kind = type(value).__name__
    raise ValueError(
        f"{shown(name, 60) or 'it'} is of type {kind}, which is not JSON: {_instead(value)}"
    )


def _key(key: Any, name: str) -> str:
    if isinstance(key, str):
        return key
    where = f"in {shown(name, 60)}, " if name else ""
    kind = type(key).__name__
    raise ValueError(f"{where}the key {shown(repr(key), 40)} is of type {kind}: write it as text")


def _instead(value: Any) -> str:
    module = type(value).__module__.partition(".")[0]
    if module == "omegaconf":
        return "give OmegaConf.to_container(cfg, resolve=True)"
    if isinstance(value, set | frozenset):
        return "give sorted(…)"
    if module in ("torch", "jax", "jaxlib", "tensorflow"):
        return "give .tolist()"
    if module == "argparse":
        return "give vars(…)"
    if hasattr(value, "__dataclass_fields__"):
        return "give dataclasses.asdict(…)"
    return "give str(…)"


def require_promotable(statepoint: dict[str, Any]) -> None:
    """Raise NotPromotable for a statepoint that could never enter the ledger."""
    for pointer, value in _leaves("", statepoint):
        if isinstance(value, float) and not math.isfinite(value):
            raise NotPromotable(
                f"the statepoint's {shown(pointer)} is {value}, which is not valid JSON, so the "
                'run could never enter the ledger; write it as text ("nan") or as None'
            )
    length = len(dump({"statepoint": statepoint}))
    if length > ENTRY_LIMIT:
        raise NotPromotable(
            f"the statepoint takes {length:,} bytes, so the run could never enter the ledger, "
            f"where {size(ENTRY_LIMIT)} is the most; keep what is so large in a file"
        )


def require_shallow(statepoint: Mapping[str, Any]) -> None:
    """Raise NotPromotable for a statepoint that is nested too deep for the ledger."""
    level: list[Any] = [statepoint]
    for _ in range(STATEPOINT_DEPTH_LIMIT):
        inside = chain.from_iterable(v.values() if isinstance(v, Mapping) else v for v in level)
        # By identity, so that a value which is there a million times is looked into once.
        nested = {id(v): v for v in inside if isinstance(v, Mapping | list | tuple)}
        if not nested:
            return
        level = list(nested.values())
    raise NotPromotable(
        f"the statepoint is nested more than {STATEPOINT_DEPTH_LIMIT} deep, or contains itself, so "
        "the run could never enter the ledger; nest less, or keep it in a file"
    )


def _leaves(pointer: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{pointer}.{key}" if pointer else str(key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(f"{pointer}[{index}]", inner)
    else:
        yield pointer, value


def warn_of_redaction(job_id: str, statepoint: dict[str, Any]) -> None:
    """Say which parameters the ledger will not show, and both ways to have none of them."""
    leaking = leaks(statepoint, "/statepoint")
    if not leaking:
        return
    keys = [leak.pointer.removeprefix("/statepoint/").replace("/", ".") for leak in leaking]
    kinds = listed(dict.fromkeys(leak.kind for leak in leaking))
    first = quoted(shown(keys[0], 60))
    names = listed([shown(key, 60) for key in keys], 3)
    notice(
        f"the statepoint of run {job_id} holds {kinds} ({names}): "
        "its ledger entry will read <redacted> there, and its identity cannot be checked on other "
        f"machines; give a relative path or a name, or write local = [{first}] under "
        "[tool.aexp.runs] in pyproject.toml to keep it out of the statepoint"
    )
