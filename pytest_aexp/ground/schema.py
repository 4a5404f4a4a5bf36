"""The JSON Schemas of the files, and in words what in a document breaks one."""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pytest_aexp.ground.jsontext import pointer_token
from pytest_aexp.ground.text import one_of, quoted, shown, shown_json

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema_rs import Draft202012Validator as FastValidator

SchemaName = Literal["ledger-entry", "supporting-runs", "citation", "runs-index", "retraction"]

MOST_VIOLATIONS = 20
"""How many violations of one document are reported at most; the search ends there."""


class Violation(NamedTuple):
    """One thing in a document that its schema does not allow.

    ``pointer`` is the RFC 6901 pointer to it ("" for the whole document), ``message`` the fault in
    the user's words. What is wrong with the whole document is said without a subject:
    ``has no status``, ``is a list, not a mapping``.
    """

    pointer: str
    message: str


def is_valid(name: SchemaName, document: object) -> bool:
    """Whether the schema allows ``document``.

    That is a value as ``json.loads`` makes them, nested at most 100 deep.
    """
    return _is_surely_valid(name, document) or not violations(name, document)


def violations(name: SchemaName, document: object) -> tuple[Violation, ...]:
    """What the schema does not allow in ``document``: the first MOST_VIOLATIONS, each once."""
    if _is_surely_valid(name, document):
        return ()
    for part in _beginnings(name, document):
        errors = _validator(name).iter_errors(part)
        first = tuple(itertools.islice(_each_once(_violations(name, errors)), MOST_VIOLATIONS))
        if first:
            return first
    return ()


def _beginnings(name: SchemaName, document: object) -> Iterator[object]:
    """``document`` with ever more of its long lists: a fault among the first is found soon."""
    members = document if isinstance(document, dict) else {}
    longest = max((len(v) for v in members.values() if isinstance(v, list)), default=0)
    most = 1000
    while most < longest:
        part = {k: v[:most] if isinstance(v, list) else v for k, v in members.items()}
        if not _is_surely_valid(name, part):
            yield part
        most *= 10
    yield document


@functools.cache
def schema_text(name: SchemaName) -> str:
    """The schema as JSON text."""
    # Here, not above: a face that judges no file must not pay for it.
    import pkgutil

    if name == "citation":
        schema = json.loads(schema_text("supporting-runs"))
        part = {"$schema": schema["$schema"], "$ref": "#/$defs/citation", "$defs": schema["$defs"]}
        return json.dumps(part, indent=2)
    data = pkgutil.get_data("pytest_aexp.schemas", f"{name}.schema.json")
    assert data is not None, name
    return data.decode()


def _is_surely_valid(name: SchemaName, document: object) -> bool:
    validator = fast_validator(name)
    if validator is None:
        return False
    try:
        return validator.is_valid(document)
    except ValueError:
        # It refuses text with lone surrogates, which json.loads lets through.
        return False


@functools.cache
def fast_validator(name: SchemaName) -> FastValidator | None:
    """A compiled validator; None where there is no wheel of it for this interpreter."""
    return _compiled(json.loads(schema_text(name)))


@functools.cache
def known_entry_validator() -> FastValidator | None:
    """The same of an entry with no field beyond version 1, and none that was redacted."""
    schema = json.loads(schema_text("ledger-entry"))
    fields = schema["$defs"]["version_1"]["properties"]
    for part in ("run_link", "tracker"):
        fields[part]["additionalProperties"] = False
    del fields["redacted"]
    fields |= schema["properties"] | {"schema_version": {"const": 1}}
    return _compiled(schema | {"properties": fields, "additionalProperties": False})


def _compiled(schema: dict[str, Any]) -> FastValidator | None:
    # Here, not above: for the time it takes, and because not every interpreter has a wheel of it.
    try:
        import jsonschema_rs
    except ImportError:
        return None
    return jsonschema_rs.Draft202012Validator(schema)


def pattern_search(pattern: str) -> Callable[[str], object]:
    """A search for ``pattern``, which has many alternatives.

    Python's engine tries one after the other, which for each entry of a ledger takes longer than
    all else; that of the fast validator looks for all at once. It raises ValueError for text with
    lone surrogates.
    """
    validator = _compiled({"pattern": pattern})
    return re.compile(pattern).search if validator is None else validator.is_valid


@functools.cache
def _validator(name: SchemaName) -> Draft202012Validator:
    # Here, not above: it takes longer to import than a repository without faults to judge.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema_text(name)))


def _each_once(violations: Iterable[Violation]) -> Iterator[Violation]:
    seen = set()
    for violation in violations:
        # Text too long for an id may break both its pattern and its length: one fault.
        key = violation.pointer, violation.message
        if key not in seen:
            seen.add(key)
            yield violation


def _violations(name: SchemaName, errors: Iterable[ValidationError]) -> Iterator[Violation]:
    for error in errors:
        pointer = "".join(f"/{pointer_token(str(part))}" for part in error.absolute_path)
        subject = _subject(name, error.absolute_path)
        for message in _messages(error):
            yield Violation(pointer, f"{subject} {message}".lstrip())


def _subject(name: SchemaName, path: Iterable[str | int]) -> str:
    subject = "supporting_runs" if name == "supporting-runs" else ""
    for part in path:
        subject += f"[{part}]" if isinstance(part, int) else f".{shown(part, 80)}"
    return subject.removeprefix(".")


_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def _messages(error: Any) -> list[str]:
    # Any, as the stubs have each part of a ValidationError possibly unset.
    value, rule, schema = error.instance, error.validator_value, error.schema
    if error.validator in ("required", "dependentRequired"):
        needed = rule if isinstance(rule, list) else itertools.chain(*rule.values())
        return [f"has no {name}" for name in needed if name not in value]
    if error.validator == "enum":
        return [f"is {_shown(value)}; it must be {one_of(rule)}"]
    if error.validator == "uniqueItems":
        repeated = next(item for item, times in Counter(value).items() if times > 1)
        return [f"lists {_shown(repeated)} twice"]
    if error.validator == "maxProperties":
        return [f"has {len(value)} names, more than {rule}"]
    if error.validator == "type" and not schema.keys() & {"pattern", "minLength", "minimum"}:
        kinds = [_KINDS[kind] for kind in ([rule] if isinstance(rule, str) else rule)]
        return [f"is {_shown(value)}, not {one_of(kinds)}"]
    # What such a value must be is what its description says before the first semicolon.
    expected = schema["description"].partition(";")[0]
    return [f"must be {expected}, not {_shown(value)}"]


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return _KINDS["object" if isinstance(value, dict) else "array"]
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int) and abs(value) >= 10**100:
        return "a number of more than 100 digits"
    return shown_json(value)
