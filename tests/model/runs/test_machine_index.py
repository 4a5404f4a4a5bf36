"""Machine indexes are read as far as they can be used, and what is wrong with them is told."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repositories import write

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.problems import INDEX_DAMAGED
from pytest_aexp.model.runs.machine_index import (
    IndexedRun,
    MachineIndex,
    MachineIndexes,
    read_index,
)

A, B = "a" * 32, "b" * 32
PATH = ".aexp/runs-index/box.json"


def entry(job_id: str = A, **fields: Any) -> dict[str, Any]:
    return {"job_id": job_id, "status": "complete", "experiment_id": "E001", **fields}


def text(*entries: Any, **fields: Any) -> str:
    document = {
        "schema_version": 1,
        "machine_label": "cluster",
        "exported_at": "2026-05-26T01:23:45Z",
    }
    return json.dumps({**document, "entries": list(entries), **fields})


def read(content: str | bytes) -> MachineIndex:
    return read_index(PATH, content if isinstance(content, bytes) else content.encode())


def test_an_index_names_a_machine_and_its_runs() -> None:
    found = read(text(entry(condition="x", registered_at="x"), entry(B, experiment_id=None)))
    runs = (IndexedRun(A, "cluster", "E001", "x"), IndexedRun(B, "cluster", None, None))
    assert found == MachineIndex(readable=True, runs=runs)


@pytest.mark.parametrize("content", ["\ufeff" + text(entry()), text(entry()).replace(" ", "\r\n")])
def test_an_index_in_other_clothes(content: str) -> None:
    assert read(content).faults == ()
    assert len(read(content).runs) == 1


@pytest.mark.parametrize("fields", [{"machine_label": None}, {"machine_label": ""}])
def test_without_a_label_the_file_is_named_for_the_machine(fields: Mapping[str, Any]) -> None:
    found = read(text(entry(), **fields))
    assert ([run.machine for run in found.runs], found.faults) == (["box"], ())


def test_an_index_may_be_empty_and_of_a_newer_version() -> None:
    assert read(text()) == MachineIndex(readable=True)
    assert read(text(entry(), schema_version=99, more=1)).faults == ()
    assert read(json.dumps({"entries": [entry()]})).faults == ()


DAMAGED: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "is not valid JSON"),
    "half": (text(entry())[:50], "is not valid JSON"),
    "Latin-1": (b'{"entries": [], "machine_label": "\xe9"}', "is not valid JSON"),
    "conflict markers": ("<<<<<<< HEAD\n{}\n", "is not valid JSON"),
    "a list": ("[]", "is not an index: it has no list of entries"),
    "null": ("null", "is not an index: it has no list of entries"),
    "no entries": ("{}", "is not an index: it has no list of entries"),
    "entries null": ('{"entries": null}', "is not an index: it has no list of entries"),
    "entries a mapping": ('{"entries": {}}', "is not an index: it has no list of entries"),
    "too deep": ("[" * 5_000, "is nested more than 100 deep"),
    "too long a number": ('{"entries": [], "x": %s}' % ("1" * 5_000), "is not valid JSON"),
}


@pytest.mark.parametrize(("content", "said"), DAMAGED.values(), ids=DAMAGED)
def test_what_is_no_index_is_told(content: str | bytes, said: str) -> None:
    found = read(content)
    (fault,) = found.faults
    assert (fault.rule, fault.path) == (INDEX_DAMAGED, PATH)
    assert fault.message == f"the machine index {said}"
    assert (found.readable, found.runs) == (False, ())


def test_a_file_that_could_not_be_read() -> None:
    found = read_index(PATH, Unreadable("is a named pipe, not a file"))
    assert found.faults[0].message == "the machine index is a named pipe, not a file"
    assert not found.readable


ID = "must be 32 lower-case hex digits"
# Content, what is said of it, the job ids that can be used, whether the index is an authority.
PARTLY: dict[str, tuple[str, str, list[str], bool]] = {
    "an entry null": (text(None), "entries[0] is null, not a mapping", [], False),
    "an entry text": (text(A), f'entries[0] is "{A}", not a mapping', [], False),
    "no job_id": (text({}), "entries[0] has no job_id", [], False),
    "job_id a number": (text(entry(5)), f"entries[0].job_id {ID}, not 5", [], False),  # type: ignore[arg-type]
    "job_id in capitals": (text(entry("A" * 32)), f"entries[0].job_id {ID}", [], False),
    "one of two": (text(5, entry()), "entries[0] is 5, not a mapping", [A], True),
    "experiment a number": (
        text(entry(experiment_id=5)),
        "entries[0].experiment_id is 5",
        [A],
        True,
    ),
    "label a number": (text(entry(), machine_label=5), "machine_label is 5, not text", [A], True),
    "version as text": (text(entry(), schema_version="1"), "schema_version must be", [A], True),
    "many": (text(*range(30), entry()), " and 17 more", [A], True),
}


@pytest.mark.parametrize(("content", "said", "usable", "readable"), PARTLY.values(), ids=PARTLY)
def test_what_is_right_in_an_index_is_used(
    content: str, said: str, usable: list[str], readable: bool
) -> None:
    found = read(content)
    (fault,) = found.faults
    assert fault.message.startswith("the machine index breaks the schema: ")
    assert fault.message.endswith("; what is right in it was used")
    assert said in fault.message
    assert [run.job_id for run in found.runs] == usable
    assert found.readable == readable


# All indexes of a repository


@pytest.fixture
def indexes(tmp_path: Path) -> MachineIndexes:
    write(tmp_path, ".aexp/runs-index/a.json", text(entry(condition="x"), machine_label="far"))
    write(
        tmp_path,
        ".aexp/runs-index/b.json",
        text(entry(condition="x"), entry(B), machine_label="box"),
    )
    write(tmp_path, ".aexp/runs-index/c.json", "[")
    write(tmp_path, ".aexp/runs-index/d.txt", text(entry("c" * 32)))
    write(tmp_path, ".aexp/runs-index/old/e.json", text(entry("d" * 32)))
    return MachineIndexes(WorkTree(tmp_path))


def test_every_index_file_is_read(indexes: MachineIndexes) -> None:
    assert [len(index.runs) for index in indexes.files] == [1, 2, 0]
    assert [fault.path for fault in indexes.faults] == [".aexp/runs-index/c.json"]
    assert indexes.readable
    assert indexes.job_ids == {A, B}
    assert indexes.machines_with(A) == ("box", "far")
    assert indexes.machines_with(B) == ("box",)
    assert indexes.machines_with("c" * 32) == ()


def test_no_index_is_no_authority(tmp_path: Path) -> None:
    assert not MachineIndexes(WorkTree(tmp_path)).readable
    write(tmp_path, ".aexp/runs-index/c.json", "[")
    assert not MachineIndexes(WorkTree(tmp_path)).readable
    assert MachineIndexes(WorkTree(tmp_path)).job_ids == frozenset()


@pytest.mark.parametrize(
    ("experiment", "selector", "expected"),
    [
        ("E001", {}, [A, A, B]),
        ("E001", {"condition": "x"}, [A, A, B]),
        ("E001", {"condition": "y"}, [B]),
        ("E001", {"seed": 1}, [A, A, B]),
        ("E002", {}, []),
    ],
)
def test_the_runs_that_may_fit(
    indexes: MachineIndexes, experiment: str, selector: dict[str, Any], expected: list[str]
) -> None:
    assert [run.job_id for run in indexes.select(experiment, selector)] == expected


CONDITIONS = [1, 1.0, 0.5, 1e22, 10**30, True, "1", "x", "True", [1], {"a": 1}, 2**53, -3]


@pytest.mark.parametrize("stored", CONDITIONS, ids=repr)
def test_a_condition_is_found_as_the_exporter_writes_it(tmp_path: Path, stored: Any) -> None:
    write(tmp_path, PATH, text(entry(condition=str(stored))))
    found = MachineIndexes(WorkTree(tmp_path))
    assert found.select("E001", {"condition": stored})
    assert not found.select("E001", {"condition": "other"})
    assert not found.select("E001", {"condition": None})
    if isinstance(stored, int | float) and not isinstance(stored, bool) and abs(stored) < 2**53:
        equal = int(stored) if float(stored).is_integer() else stored
        assert found.select("E001", {"condition": equal})
        assert found.select("E001", {"condition": float(stored)})


@pytest.mark.parametrize("asked", [0, False, None, "", [], "x"])
def test_what_an_index_does_not_tell_may_fit(tmp_path: Path, asked: Any) -> None:
    write(tmp_path, PATH, text(entry()))
    assert MachineIndexes(WorkTree(tmp_path)).select("E001", {"condition": asked})


def test_many_batches_of_a_large_index_take_little_time(tmp_path: Path) -> None:
    runs = [
        entry(f"{i:032x}", condition=str(i), experiment_id=f"E{i % 100:03}") for i in range(20_000)
    ]
    write(tmp_path, PATH, text(*runs))
    found = MachineIndexes(WorkTree(tmp_path))
    assert len(found.select("E007", {})) == 200
    start = time.process_time()
    for number in range(900):
        found.select("E007", {"condition": number, "x": ["y"] * 100})
    assert time.process_time() - start < 2


HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
LEAVES = (
    st.none() | st.booleans() | st.floats() | st.text(max_size=9) | st.sampled_from([A, "E001"])
)
KEYS = st.sampled_from(
    ["entries", "job_id", "experiment_id", "condition", "machine_label", "status"]
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
CONTENT = (
    st.binary(max_size=60)
    | JSON.map(lambda document: json.dumps(document).encode())
    | st.lists(JSON, max_size=4).map(lambda entries: text(*entries).encode())
)


@given(CONTENT)
def test_any_content_is_read_or_told(content: bytes) -> None:
    found = read(content)
    for fault in found.faults:
        for said in (fault.message, fault.fix):
            assert not {category(character) for character in said} & HIDDEN, said
            assert len(said) <= 500
    assert found.readable or found.faults
    assert all(isinstance(run.experiment, str | None) for run in found.runs)
