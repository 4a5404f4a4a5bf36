"""What was probably meant: the nearest job id, the nearest experiment, the selector's slip."""

from __future__ import annotations

import json
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from pytest_aexp.ground.text import (
    SHOWN,
    clean,
    closest,
    counted,
    cut,
    listed,
    quoted,
    shown,
    shown_json,
)
from pytest_aexp.ground.yaml import values
from pytest_aexp.ground.yaml.nodes import Scalar
from pytest_aexp.model.batches import Batches
from pytest_aexp.model.findings.citation import BatchCitation
from pytest_aexp.model.job_id import kind_of, value_key
from pytest_aexp.model.runs.short_id import bare_id
from pytest_aexp.work.check.resolve import Sources, matching_selectors

_DIGITS = "0123456789abcdef"
_PREFIX = 6
"""Fewer may be those of another id by chance: any three are, in a ledger of 4,096."""
_HALF = 15
"""How much two ids that differ in one place, or in two beside it, share at an end at least."""


class NearestId(NamedTuple):
    """An existing job id, how it differs from the one that was written, as a predicate.

    ``is_exact`` says that it does not differ, ``is_certain`` that it can be the only one meant.
    """

    job_id: str
    difference: str
    is_exact: bool = False
    is_certain: bool = False


def nearest_id(written: str, sources: Sources) -> NearestId | None:
    """The existing job id most like ``written``."""
    job_ids = sources.job_ids
    text = bare_id(written)
    if text in job_ids:
        if text != written and text == written.lower():
            return NearestId(text, "differs in upper and lower case", is_certain=True)
        return NearestId(text, "is that id", is_exact=True, is_certain=True)
    if not _is_half_known(text, sources):
        return _by_prefix(text, sources.sorted_ids)
    # Cut, since each variant is as long as the text, and there are 16 for each of its characters.
    for how, variants in _variants(text[:40]):
        matches = {variant for variant in variants if variant in job_ids}
        if len(matches) == 1:
            return NearestId(matches.pop(), how)
    return _by_prefix(text, sources.sorted_ids)


def _is_half_known(text: str, sources: Sources) -> bool:
    """Whether an id begins or ends as ``text`` does, as each that differs in one place must.

    To try a thousand variants of each of many thousand ids would take minutes.
    """
    begins, ends = text[:_HALF], text[: -_HALF - 1 : -1]
    for half, ids in ((begins, sources.sorted_ids), (ends, sources.reversed_ids)):
        at = bisect_left(ids, half)
        if at < len(ids) and ids[at].startswith(half):
            return True
    return False


def _by_prefix(text: str, job_ids: Sequence[str]) -> NearestId | None:
    if len(text) < _PREFIX:
        return None
    for prefix, how, is_certain in (
        (text, "is the only one that begins like this", True),
        (text[:8], "begins in the same way", False),
    ):
        first = bisect_left(job_ids, prefix)
        matches = [job_id for job_id in job_ids[first : first + 2] if job_id.startswith(prefix)]
        if len(matches) == 1:
            return NearestId(matches[0], how, is_certain=is_certain)
    return None


def _variants(text: str) -> Iterator[tuple[str, Iterator[str]]]:
    """What an id may be that was mistyped as ``text``, by how it differs from that."""
    places = range(len(text))
    yield (
        "differs in one character",
        (text[:i] + d + text[i + 1 :] for i in places for d in _DIGITS),
    )
    yield (
        "has two characters swapped",
        (text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in places[:-1]),
    )
    more = (text[:i] + d + text[i:] for i in range(len(text) + 1) for d in _DIGITS)
    yield "has one character more", more
    yield "has one character less", (text[:i] + text[i + 1 :] for i in places)


def selector_hint(citation: BatchCitation, sources: Sources) -> str:
    """Why a batch is empty and what would fill it, as one sentence; empty if nothing is known."""
    stores: list[Batches[Any]] = [sources.ledger.batches]
    if sources.store is not None:
        stores.append(sources.store.batches)
    if not any(batches.of_experiment(citation.experiment_id) for batches in stores):
        experiments = sorted({name for batches in stores for name in batches.experiments})
        return _experiment_hint(citation.experiment_id, experiments)
    for key, value in citation.selector.items():
        counts = sources.value_counts(citation.experiment_id, key)
        if not counts:
            keys = {k for batches in stores for k in batches.keys(citation.experiment_id)}
            outer = key.partition(".")[0]
            wholes = sources.value_counts(citation.experiment_id, outer) if outer in keys else ()
            return _key_hint(citation.experiment_id, key, keys, wholes)
        if value_key(value) not in counts:
            return _value_hint(citation.experiment_id, key, value, counts)
    return "each value occurs in the experiment, but no run has all of them"


def meant_values(citation: BatchCitation, sources: Sources) -> dict[str, Any]:
    """Values of the selector that, in another type, make runs match; empty if it is not certain."""
    meant: dict[str, Any] = {}
    for key, value in citation.selector.items():
        counts = sources.value_counts(citation.experiment_id, key)
        if value_key(value) not in counts:
            others = {value_key(other): other for other in _of_other_types(value)}
            matches = [other for name, other in others.items() if name in counts]
            if len(matches) != 1:
                return {}
            meant[key] = matches[0]
    corrected = replace(citation, selector={**citation.selector, **meant}, readings={})
    return meant if matching_selectors(corrected, sources) else {}


def _experiment_hint(experiment: str, experiments: list[str]) -> str:
    if not experiments:
        return "no run of any experiment was found here"
    # A few can all be named, which says more than a guess.
    near = closest(experiment, experiments, 0.7) if len(experiments) > 5 else None
    which = f"did you mean {shown(near)}?" if near else f"there is {_names(experiments)}"
    return f"no run of {cut(experiment, 20)} was found here; {which}"


def _key_hint(experiment: str, key: str, keys: set[str], wholes: Iterable[str]) -> str:
    """Which key is meant; ``wholes`` are the values of what a dotted one leads into."""
    nothing = f"no run of {cut(experiment, 20)} has a key {quoted(key)}"
    near, outer = closest(key, keys), key.partition(".")[0]
    mappings = [text for text in _copyable(tuple(islice(wholes, 5))) if text.startswith("{")]
    if mappings and near in (None, outer):
        whole = f"the whole value of {quoted(outer)}, such as {mappings[0]}"
        return f"{nothing}; a citation gives {whole}"
    if near is not None:
        return f"{nothing}; did you mean {quoted(near, 200)}?"
    return f"{nothing}; the keys are {_names(sorted(keys))}"


def _value_hint(experiment: str, key: str, value: Any, counts: Mapping[str, int]) -> str:
    name = shown(key, 40)
    for other in _of_other_types(value):
        number = counts.get(value_key(other))
        if number:
            return f"{name} is {kind_of(other)} in {counted(number, 'run')}: {_how(value, other)}"
    if isinstance(value, str) and (same := _other_composition(value, counts)):
        return (
            f"{name} is written with other Unicode characters in {counted(same, 'run')} "
            "(composed, NFC, in one and decomposed, NFD, in the other): copy the value from "
            f"`aexp ledger list {cut(experiment, 20)}`"
        )
    if isinstance(value, list) and all(value_key(one) in counts for one in value) and value:
        return f"{name} has one value in a run, and a list is one value: cite a batch for each"
    nothing = f"no run has {name}: {shown_json(value, 40)}"
    texts = _copyable(tuple(islice(counts, 5)))
    if not texts:
        return f"{nothing}; there are {counted(len(counts), 'value')}, too long to show here"
    return f"{nothing}; there is {listed(texts, total=len(counts))}"


def _other_composition(value: str, counts: Mapping[str, int]) -> int:
    """How many runs have a value that looks the same and is not: e and accent, or one letter."""
    forms = {unicodedata.normalize(form, value) for form in ("NFC", "NFD")} - {value}
    return sum(counts.get(value_key(form), 0) for form in forms)


@lru_cache(maxsize=64)  # every citation of a finding may be wrong in the same key
def _copyable(values: tuple[str, ...]) -> tuple[str, ...]:
    """The values as messages show them, without those that had to be cut."""
    # No JSON text ends in an ellipsis.
    texts = (shown_json(json.loads(value)) for value in values)
    return tuple(text for text in texts if not text.endswith("…"))


def _how(value: Any, other: Any) -> str:
    if isinstance(value, str) and values.scalar(Scalar(value, 0, plain=True)) == other:
        return "drop the quotes"
    if isinstance(other, str) and other == shown_json(value):
        return "put quotes around it"
    texts = _copyable((json.dumps(other),))
    return f"write {texts[0]}" if texts else f"write it as {kind_of(other)}"


_WORDS: dict[bool | None, tuple[str, ...]] = {
    True: ("true", "True", "TRUE", "yes", "Yes", "on", "On"),
    False: ("false", "False", "FALSE", "no", "No", "off", "Off"),
    None: ("null", "Null", "NULL", "None", "none", "~", ""),
}


def _of_other_types(value: Any) -> Iterator[Any]:
    """The values of other types that somebody may have meant by writing ``value``."""
    if isinstance(value, str):
        yield values.scalar(Scalar(value.strip(), 0, plain=True))
        yield from (constant for constant, words in _WORDS.items() if value.strip() in words)
    elif value is None or isinstance(value, bool):
        yield from _WORDS[value]
        yield from () if value is None else (int(value), str(int(value)))
    elif isinstance(value, int | float):
        yield from (value_key(value), str(value))
        yield from (bool(value),) if value in (0, 1) else ()


def _names(names: list[str]) -> str:
    short = [clean(name) for name in names if len(name) <= SHOWN]
    if not short:
        return f"{counted(len(names), 'name')} too long to show here"
    return listed(short, total=len(names))
