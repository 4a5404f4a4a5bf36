"""What was probably meant: the nearest job id, the nearest experiment, the selector's slip."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from pytest_aexp.citations import BatchCitation
from pytest_aexp.identity import kind_of, value_key
from pytest_aexp.resolution import Sources
from pytest_aexp.selection import Batches
from pytest_aexp.text import closest, counted, cut, listed, quoted, shown, shown_json

_DIGITS = "0123456789abcdef"
_PREFIX = 6


def nearest_id(written: str, sources: Sources) -> tuple[str, str] | None:
    """The existing job id most like ``written``, and how it differs from it."""
    known = sources.job_ids
    text = written.strip().lower()
    if text in known:
        return text, "differs in upper and lower case" if text != written else "is that id"
    tries: tuple[tuple[Callable[[str], Iterator[str]], str], ...] = (
        (_substitutions, "differs in one character"),
        (_transpositions, "has two characters the other way round"),
        (_insertions, "has one character more"),
        (_deletions, "has one character less"),
    )
    for variants, how in tries:
        found = {variant for variant in variants(text[:40]) if variant in known}
        if len(found) == 1:
            return found.pop(), how
    return _by_prefix(text, known)


def _by_prefix(text: str, known: AbstractSet[str]) -> tuple[str, str] | None:
    if len(text) < _PREFIX:
        return None
    for prefix, how in ((text, "is the only one that begins so"), (text[:8], "begins alike")):
        found = [job_id for job_id in known if job_id.startswith(prefix)]
        if len(found) == 1:
            return found[0], how
    return None


def _substitutions(text: str) -> Iterator[str]:
    return (text[:i] + d + text[i + 1 :] for i in range(len(text)) for d in _DIGITS)


def _transpositions(text: str) -> Iterator[str]:
    return (text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in range(len(text) - 1))


def _insertions(text: str) -> Iterator[str]:
    return (text[:i] + d + text[i:] for i in range(len(text) + 1) for d in _DIGITS)


def _deletions(text: str) -> Iterator[str]:
    return (text[:i] + text[i + 1 :] for i in range(len(text)))


def selector_hint(citation: BatchCitation, sources: Sources) -> str:
    """Why a batch is empty and what would fill it, as one sentence; empty if nothing is known."""
    known: list[Batches[Any]] = [sources.ledger.batches]
    if sources.store is not None:
        known.append(sources.store.batches)
    experiments = sorted({name for batches in known for name in batches.experiments})
    if citation.experiment_id not in experiments:
        return _experiment_hint(citation.experiment_id, experiments)
    for key, value in citation.selector.items():
        values = [v for batches in known for v in batches.values(citation.experiment_id, key)]
        if not values:
            keys = {k for batches in known for k in batches.keys(citation.experiment_id)}
            return _key_hint(citation.experiment_id, key, keys)
        if value_key(value) not in {value_key(v) for v in values}:
            return _value_hint(key, value, values)
    return "each value occurs in the experiment, but no run has all of them"


def _experiment_hint(experiment: str, experiments: list[str]) -> str:
    if not experiments:
        return "no run of any experiment is known here"
    near = closest(experiment, experiments, 0.7)
    which = f"did you mean {shown(near)}?" if near else f"known: {_names(experiments)}"
    return f"no run of {cut(experiment, 20)} is known here; {which}"


def _key_hint(experiment: str, key: str, keys: set[str]) -> str:
    experiment = cut(experiment, 20)
    near = closest(key, keys)
    if near is not None:
        return f"no run of {experiment} has a key {quoted(key)}; did you mean {quoted(near)}?"
    return f"no run of {experiment} has a key {quoted(key)}; the keys are {_names(sorted(keys))}"


def _value_hint(key: str, value: Any, values: list[Any]) -> str:
    name = shown(key)
    alike = [v for v in values if _spelt(v) == _spelt(value)]
    if alike:
        kind = kind_of(alike[0])
        what = "put quotes around it" if kind == "text" else "drop the quotes"
        if kind_of(value) != "text" and kind != "text":
            what = f"write {shown_json(alike[0])}"
        return f"{name} is {kind} in {counted(len(alike), 'run')}: {what}"
    common = Counter(shown_json(v, 40) for v in values).most_common()
    return f"no run has {name}: {shown_json(value, 40)}; there is {listed([v for v, _ in common])}"


def _spelt(value: Any) -> str:
    """How a value would be written without regard to its type."""
    if value is None or isinstance(value, bool):
        yaml = {None: "null", True: "true", False: "false"}[value]
        return {"yes": "true", "no": "false"}.get(yaml, yaml)
    text = value_key(value) if not isinstance(value, str) else value
    lower = text.strip().lower()
    return {"yes": "true", "no": "false", "on": "true", "off": "false", "none": "null"}.get(
        lower, lower
    )


def _names(names: list[str]) -> str:
    return listed([shown(name, 40) for name in names])
