"""The schemas, what they allow, and what is said of what they do not."""

from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from tree import TESTS

from pytest_aexp.ground.schema import (
    MOST_VIOLATIONS,
    SchemaName,
    Violation,
    is_valid,
    schema_text,
    violations,
)

DATA = TESTS / "data" / "schemas"
NAMES: tuple[SchemaName, ...] = get_args(SchemaName)
FILES = ("ledger-entry", "supporting-runs", "runs-index")

JOB_ID = "50b180b95488885c5c8f48a28191c2c7"
ENTRY = {
    "schema_version": 1,
    "job_id": JOB_ID,
    "statepoint": {"seed": 3},
    "status": "complete",
    "registered_machine": "cluster",
    "promoted_at": "2026-05-26T01:23:45Z",
}


def files(kind: str, name: str) -> list[Path]:
    found = sorted((DATA / kind / name).glob("*.json"))
    assert found, f"no {kind} {name} files"
    return found


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def each(kind: str) -> list[Any]:
    return [
        pytest.param(name, path, id=f"{name}-{path.stem}")
        for name in NAMES
        for path in files(kind, name)
    ]


# What a schema allows


@pytest.mark.parametrize(("name", "path"), each("valid"))
def test_a_valid_file_is_valid(name: SchemaName, path: Path) -> None:
    document = read(path)
    assert violations(name, document) == ()
    assert is_valid(name, document)


@pytest.mark.parametrize(("name", "path"), each("invalid"))
def test_each_fault_of_an_invalid_file_is_told(name: SchemaName, path: Path) -> None:
    document = read(path)
    expected = read(DATA / "invalid" / f"{name}.violations.json")[path.name]
    assert violations(name, document) == tuple(Violation(*fault) for fault in expected)
    assert not is_valid(name, document)


@pytest.mark.parametrize("name", NAMES)
def test_every_expectation_has_its_file(name: SchemaName) -> None:
    expected = read(DATA / "invalid" / f"{name}.violations.json")
    assert sorted(expected) == [path.name for path in files("invalid", name)]
    assert all(expected.values())


def test_a_document_is_left_as_it_was() -> None:
    document = {**copy.deepcopy(ENTRY), "status": "done", "wallclock_s": -(10**200)}
    before = copy.deepcopy(document)
    assert violations("ledger-entry", document)
    assert document == before


# Public validators judge alike


@pytest.mark.parametrize("regexes", ["default", "python"])
@pytest.mark.parametrize("name", NAMES)
def test_check_jsonschema_accepts_and_rejects_the_same_files(
    name: SchemaName, regexes: str, tmp_path: Path
) -> None:
    schema = TESTS.parent / "schemas" / f"{name}.schema.json"
    if name == "citation":
        schema = tmp_path / "citation.schema.json"
        schema.write_text(schema_text(name), "utf-8")
    valid, invalid = ({str(path) for path in files(kind, name)} for kind in ("valid", "invalid"))
    command = [sys.executable, "-m", "check_jsonschema", "--verbose", "--output-format", "json"]
    command += ["--regex-variant", regexes, "--schemafile", str(schema), *valid, *invalid]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["parse_errors"] == []
    assert set(report["successes"]) == valid
    assert {error["filename"] for error in report["errors"]} == invalid


def validator(name: SchemaName) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(schema_text(name)))


TEXT = st.text(st.characters(), max_size=6) | st.sampled_from(
    ["", "\n", JOB_ID, JOB_ID + "\n", "E001", "E001\n", "job", "batch", "complete", "/a", "~", "/~"]
)
NUMBERS = st.sampled_from(
    [0, 1, 1.0, 1.5, 2, 2.0, -1, 10**30, -(10**30), 1e300, 10**400, math.nan, math.inf, -math.inf]
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def places(document: Any) -> list[tuple[Any, Any]]:
    """Each container in ``document`` with each of its keys."""
    keys = document if isinstance(document, dict) else range(len(document))
    inside = [document[key] for key in keys if isinstance(document[key], dict | list)]
    return [(document, key) for key in keys] + [
        place for inner in inside for place in places(inner)
    ]


@st.composite
def mutated(draw: st.DrawFn) -> tuple[SchemaName, Any]:
    """A valid document in which up to three things are changed, removed or added."""
    name = draw(st.sampled_from(NAMES))
    root = [copy.deepcopy(read(draw(st.sampled_from(files("valid", name)))))]
    for _ in range(draw(st.integers(0, 3))):
        container, key = draw(st.sampled_from(places(root)))
        match draw(st.sampled_from(["replace", "remove", "newline", "add"])):
            case "remove" if container is not root:
                del container[key]
            case "newline" if isinstance(container[key], str):
                container[key] += "\n"
            case "add" if isinstance(container[key], dict):
                container[key][draw(TEXT)] = draw(VALUES)
            case "add" if isinstance(container[key], list):
                container[key].append(draw(VALUES))
            case _:
                container[key] = draw(VALUES)
    return name, root[0]


@given(mutated())
@example(("ledger-entry", {**ENTRY, "wallclock_s": math.nan}))
@example(("ledger-entry", {**ENTRY, "statepoint": {"\ud800": 10**400}}))
def test_the_verdict_is_that_of_jsonschema(case: tuple[SchemaName, Any]) -> None:
    name, document = case
    verdict = validator(name).is_valid(document)
    assert is_valid(name, document) is verdict
    assert (violations(name, document) == ()) is verdict


@given(mutated())
def test_jsonschema_rs_and_jsonschema_agree(case: tuple[SchemaName, Any]) -> None:
    fast = pytest.importorskip("jsonschema_rs")
    name, document = case
    try:
        json.dumps(document, allow_nan=False)
        verdict = fast.Draft202012Validator(json.loads(schema_text(name))).is_valid(document)
    except ValueError:
        assume(False)  # Infinity, lone surrogates: it judges only what JSON can hold.
    assert verdict is validator(name).is_valid(document)


def test_without_jsonschema_rs_all_is_judged_the_same() -> None:
    script = (
        "import json, pathlib, sys\n"
        "sys.modules['jsonschema_rs'] = None\n"
        "from pytest_aexp.ground.schema import is_valid\n"
        "for line in sys.stdin:\n"
        "    name, path = line.split()\n"
        "    print(is_valid(name, json.loads(pathlib.Path(path).read_text('utf-8'))))\n"
        "assert 'jsonschema' in sys.modules\n"
    )
    cases = [(n, p, kind) for kind in ("valid", "invalid") for n in NAMES for p in files(kind, n)]
    lines = "".join(f"{name} {path.relative_to(DATA)}\n" for name, path, _ in cases)
    printed = run(script, lines)
    assert printed == [str(kind == "valid") for _, _, kind in cases]


# What hostile documents do


HOSTILE = [
    pytest.param(10**4000, id="integer-too-long-to-write"),
    pytest.param(-(10**4000), id="negative-integer-too-long-to-write"),
    pytest.param(1e400, id="infinity"),
    pytest.param(math.nan, id="not-a-number"),
    pytest.param("\ud800", id="lone-surrogate"),
    pytest.param("\x1b[31m\r\n::error::\u202e\u2028\x00", id="terminal-escape"),
    pytest.param("x" * 100_000, id="long-text"),
    pytest.param({"\ud800": 1, "": {"\x00": []}}, id="odd-keys"),
    pytest.param(json.loads("[" * 98 + "]" * 98), id="deep-list"),
    pytest.param(json.loads('{"a":' * 98 + "1" + "}" * 98), id="deep-mapping"),
    pytest.param([10**4000, math.inf, "\udfff"], id="list-of-these"),
]


def hostile_documents(value: Any) -> Iterator[tuple[SchemaName, Any]]:
    for name in NAMES:
        for path in files("valid", name):
            for number in range(len(places([read(path)]))):
                root = [read(path)]
                container, key = places(root)[number]
                container[key] = value
                yield name, root[0]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_anywhere_is_judged_and_told_on_one_short_line(value: Any) -> None:
    for name, document in hostile_documents(value):
        found = violations(name, document)
        assert is_valid(name, document) is (found == ())
        for violation in found:
            assert len(violation.message) < 400
            categories = {unicodedata.category(character) for character in violation.message}
            assert not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_a_long_integer_is_told_without_its_digits() -> None:
    entry = {**ENTRY, "schema_version": -(10**4000)}
    (found,) = violations("ledger-entry", entry)
    assert found.pointer == "/schema_version"
    assert found.message.endswith("from 1 on, not a number of more than 100 digits")


def test_a_newer_version_may_be_a_long_integer() -> None:
    entry = {**ENTRY, "schema_version": 10**4000}
    assert violations("ledger-entry", entry) == ()


def test_not_a_number_is_no_fault_where_a_number_may_stand() -> None:
    assert is_valid("ledger-entry", {**ENTRY, "wallclock_s": math.nan, "statepoint": {"a": 1e400}})


def test_only_the_first_violations_are_told() -> None:
    found = violations("runs-index", {"entries": [5] * 10_000})
    assert [violation.pointer for violation in found] == [
        f"/entries/{number}" for number in range(MOST_VIOLATIONS)
    ]


# The schemas themselves


def subschemas(schema: Any, path: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(schema, dict):
        return
    yield path, schema
    for keyword in ("items", "if", "then", "else", "not"):
        yield from subschemas(schema.get(keyword), f"{path}/{keyword}")
    for keyword in ("properties", "$defs"):
        for key, inner in schema.get(keyword, {}).items():
            yield from subschemas(inner, f"{path}/{keyword}/{key}")
    for number, inner in enumerate(schema.get("allOf", ())):
        yield from subschemas(inner, f"{path}/allOf/{number}")


@pytest.mark.parametrize("name", FILES)
def test_a_schema_is_the_file_in_the_schemas_folder(name: SchemaName) -> None:
    file = f"{name}.schema.json"
    schema = json.loads(schema_text(name))
    assert schema_text(name) == (TESTS.parent / "schemas" / file).read_text("utf-8")
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    # No address that somebody else could come to own.
    assert schema["$id"] == f"urn:pytest-aexp:schema:{file.removesuffix('.schema.json')}"
    assert schema["title"]
    assert schema["description"]
    assert schema["examples"]
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("name", FILES)
def test_an_editor_can_show_what_each_field_is(name: SchemaName) -> None:
    schema = json.loads(schema_text(name))
    fields = [
        (path, inner)
        for path, inner in subschemas(schema)
        if path.split("/")[-2:-1] == ["properties"] and "/if/" not in path
    ]
    assert fields
    for path, field in fields:
        assert field["title"], path
        assert "examples" in field or field["type"] in ("object", "array"), path


@pytest.mark.parametrize("name", FILES)
def test_every_example_is_valid_and_faults_have_words(name: SchemaName) -> None:
    schema = json.loads(schema_text(name))
    for path, inner in subschemas(schema):
        assert not inner.keys() & {"oneOf", "anyOf"}, path
        judge = jsonschema.Draft202012Validator({"$defs": schema.get("$defs", {}), **inner})
        for shown in inner.get("examples", ()):
            judge.validate(shown)
        if inner.keys() & {"pattern", "minLength", "minimum"} and "/not" not in path:
            words = inner["description"].partition(";")[0]
            assert not words.endswith("."), path


# What it costs to start


def run(script: str, lines: str = "") -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=lines,
        cwd=DATA,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_importing_the_module_loads_no_validator() -> None:
    script = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "import pytest_aexp.ground.schema\n"
        "heavy = {'jsonschema', 'jsonschema_rs', 'importlib.resources'}\n"
        "print(sorted(heavy & (set(sys.modules) - before)))\n"
    )
    assert run(script) == ["[]"]


def test_a_valid_document_needs_no_slow_validator() -> None:
    pytest.importorskip("jsonschema_rs")
    script = (
        "import sys\n"
        "from pytest_aexp.ground.schema import is_valid, violations\n"
        f"print(is_valid('ledger-entry', {ENTRY!r}), violations('ledger-entry', {ENTRY!r}))\n"
        "print('jsonschema_rs' in sys.modules, 'jsonschema' in sys.modules)\n"
    )
    assert run(script) == ["True ()", "True False"]
