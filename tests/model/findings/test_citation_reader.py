"""An item of `supporting_runs` is a citation, or is told what is wrong with how it is written."""

from __future__ import annotations

import pytest

from pytest_aexp.model.batches import meant_experiment
from pytest_aexp.model.findings.citation import (
    HOW_TO_CITE,
    BatchCitation,
    Citation,
    JobCitation,
    MalformedCitation,
)
from pytest_aexp.model.findings.citation_reader import meant_type, slip_in
from pytest_aexp.model.findings.finding import read_finding
from pytest_aexp.model.problems import MALFORMED, SUSPICIOUS_KEY

A = "4076a08a2393f617db96cb1a0d5569d6"


def cited(item: str, before: str = "") -> Citation:
    text = f"---\n{before}supporting_runs:\n  - {item}\n---\n"
    found = read_finding("F1.md", text.encode())
    assert found.faults == ()
    (citation,) = found.citations
    return citation


IDS = [A, f"'{A}'", f'"{A}"', f"!!str {A}", f"&a {A}", "12345678901234567890123456789012", "0" * 32]
IDS += ["1e310000000000000000000000000000", "00000000000000000000000000000e10"]


@pytest.mark.parametrize("written", IDS)
def test_an_id_is_read_as_it_is_written(written: str) -> None:
    citation = cited(f"{{type: job, id: {written}}}")
    assert isinstance(citation, JobCitation)
    assert citation.job_id == written.removeprefix("!!str ").removeprefix("&a ").strip("'\"")
    assert citation.faults == ()


@pytest.mark.parametrize("note", ["note: x", "note: [1, {a: b}]", "note: ", "'note': 5"])
def test_a_note_may_say_anything(note: str) -> None:
    assert cited(f"{{type: job, id: {A}, {note}}}").faults == ()
    assert cited(f"{{type: batch, experiment_id: E001, {note}}}").faults == ()


@pytest.mark.parametrize(
    "selector", ["", ", selector: {}", ", selector: ", ", selector: ~", ", selector: null"]
)
def test_a_batch_without_a_selector_is_the_whole_experiment(selector: str) -> None:
    citation = cited(f"{{type: batch, experiment_id: E0001{selector}}}")
    assert isinstance(citation, BatchCitation)
    assert (citation.experiment_id, citation.selector, citation.faults) == ("E0001", {}, ())


def test_a_batch_stands_where_it_starts_and_a_job_where_its_id_does() -> None:
    job = cited(f"type: job\n    id: {A}")
    batch = cited("type: batch\n    experiment_id: E001")
    assert (job.position.line, job.position.column) == (4, 9)
    assert (batch.position.line, batch.position.column) == (3, 5)


ID = "supporting_runs[0].id must be 32 lower-case hex digits"
EXPERIMENT = "supporting_runs[0].experiment_id must be E and at least three digits, such as E001"
TYPE = "supporting_runs[0].type is {}; it must be job or batch"
SELECTOR = "supporting_runs[0].selector is {}, not a mapping or null"
JOB, BATCH = "{type: job, id: %s}", "{type: batch, experiment_id: %s}"
# Item, what is said of it, the column.
MALFORMED_ITEMS: dict[str, tuple[str, str, int]] = {
    "null": ("", 'supporting_runs[0] is "", not a mapping', 4),
    "a number": ("5", 'supporting_runs[0] is "5", not a mapping', 5),
    "an id": (A, f'supporting_runs[0] is "{A}", not a mapping', 5),
    "a list": ("[job]", "supporting_runs[0] is a list, not a mapping", 5),
    "itself": ("&a [*a]", "supporting_runs[0]: a value contains itself", 5),
    "nothing": ("{}", "supporting_runs[0] has no type", 5),
    "no type": (f"{{id: {A}}}", "supporting_runs[0] has no type", 5),
    "no id": ("{type: job}", "supporting_runs[0] has no id", 5),
    "no experiment": ("{type: batch}", "supporting_runs[0] has no experiment_id", 5),
    "type Job": (f"{{type: Job, id: {A}}}", TYPE.format('"Job"'), 12),
    "type null": (f"{{type: null, id: {A}}}", TYPE.format('"null"'), 12),
    "type a list": (f"{{type: [job], id: {A}}}", TYPE.format("a list"), 12),
    "id too short": (JOB % A[1:], f'{ID}, not "{A[1:]}"', 21),
    "id too long": (JOB % (A + "0"), f'{ID}, not "{A}0"', 21),
    "id in capitals": (JOB % A.upper(), f'{ID}, not "{A.upper()}"', 21),
    "id with a space": (JOB % f"' {A}'", f'{ID}, not " {A}"', 21),
    "id with a newline": (JOB % f'"{A}\\n"', f'{ID}, not "{A}\\x0a"', 21),
    "id null": (JOB % "~", f'{ID}, not "~"', 21),
    "id a list": (JOB % f"[{A}]", f"{ID}, not a list", 21),
    "id a mapping": (JOB % "{a: b}", f"{ID}, not a mapping", 21),
    "experiment E1": (BATCH % "E1", f'{EXPERIMENT}, not "E1"', 34),
    "experiment e001": (BATCH % "e001", f'{EXPERIMENT}, not "e001"', 34),
    "experiment 1": (BATCH % "1", f'{EXPERIMENT}, not "1"', 34),
    "experiment with a newline": (BATCH % '"E001\\n"', f'{EXPERIMENT}, not "E001\\x0a"', 34),
    "selector text": (BATCH % "E001, selector: a=b", SELECTOR.format('"a=b"'), 50),
    "selector a list": (BATCH % "E001, selector: [a]", SELECTOR.format("a list"), 50),
    "selector a number": (BATCH % "E001, selector: 0", SELECTOR.format("0"), 50),
    "selector false": (BATCH % "E001, selector: no", SELECTOR.format("false"), 50),
    "several": ("{type: batch, experiment_id: 5, selector: 6}", f'{EXPERIMENT}, not "5"; sel', 34),
    "merge": (f"{{<<: 5, type: job, id: {A}}}", "supporting_runs[0]: the merge key << names", 5),
}


@pytest.mark.parametrize(("item", "said", "column"), MALFORMED_ITEMS.values(), ids=MALFORMED_ITEMS)
def test_a_malformed_citation_is_told_with_its_place(item: str, said: str, column: int) -> None:
    citation = cited(item)
    assert isinstance(citation, MalformedCitation)
    (fault,) = citation.faults
    assert fault.rule is MALFORMED
    assert fault.message.startswith(said)
    assert fault.fix.endswith((HOW_TO_CITE, "or run `aexp fix`"))
    assert (fault.position.line, fault.position.column) == (3, column)


def test_what_was_written_for_an_id_is_kept() -> None:
    for item in (
        A,
        f"{{type: jobb, id: {A}}}",
        f"{{id: {A}}}",
        f"{{type: job, Id: 1, id: {A}, type2: x}}",
    ):
        citation = cited(item)
        assert getattr(citation, "written", A) == A
    assert cited("{type: job, id: [x]}").written is None  # type: ignore[attr-defined]


SLIPS = [
    ("{type: batch, experiment_id: E001, selctor: {a: 1}}", "selctor", "selector"),
    ("{type: batch, experiment_id: E001, Selector: {a: 1}}", "Selector", "selector"),
    ("{type: batch, experiment_id: E001, selectors: {a: 1}}", "selectors", "selector"),
    ("{type: batch, experiment: E001}", "experiment", "experiment_id"),
    ("{type: batch, experiment-id: E001}", "experiment-id", "experiment_id"),
    (f"{{type: job, ID: {A}}}", "ID", "id"),
    (f"{{Type: job, id: {A}}}", "Type", "type"),
]


@pytest.mark.parametrize(("item", "written", "meant"), SLIPS)
def test_a_key_that_must_be_a_slip_is_an_error(item: str, written: str, meant: str) -> None:
    (fault,) = cited(item).faults
    assert fault.rule is MALFORMED
    assert fault.message == f'supporting_runs[0] has no {meant}, but a key "{written}"'
    assert fault.fix == f"write `{meant}:`, or run `aexp fix`"


@pytest.mark.parametrize(
    ("item", "mended"),
    [
        ("abc", False),
        ("smith2020", False),
        (f"{{type: job, id: {A}0}}", False),
        (f"{{type: jobb, id: {A}}}", True),
    ],
)
def test_what_fix_may_mend_names_it(item: str, mended: bool) -> None:
    (fault,) = cited(item).faults
    assert ("`aexp fix`" in fault.fix) == mended


@pytest.mark.parametrize(
    ("item", "keys"),
    [
        (f"{{type: job, id: {A}, x: 1}}", ["x"]),
        (f"{{type: job, id: {A}, selector: {{}}}}", ["selector"]),
        (f"{{type: job, id: {A}, Note: 1, ID: 2}}", ["Note", "ID"]),
        (f"{{type: batch, experiment_id: E001, id: {A}}}", ["id"]),
        ("{type: batch, experiment_id: E001, selector: {}, selctor: {}}", ["selctor"]),
        ("{type: batch, experiment_id: E001, filter: {}}", ["filter"]),
    ],
)
def test_a_key_that_means_nothing_is_a_warning(item: str, keys: list[str]) -> None:
    citation = cited(item)
    assert isinstance(citation, JobCitation | BatchCitation)
    assert [fault.rule for fault in citation.faults] == [SUSPICIOUS_KEY] * len(keys)
    for key, fault in zip(keys, citation.faults, strict=True):
        assert f'has an unknown key "{key}"' in fault.message
        line = f"  - {item}"
        assert line[fault.position.column - 1 :].startswith(key)


def test_a_key_that_means_something_else_is_not_a_slip() -> None:
    assert slip_in({"type": "batch", "experiment_id": "E001", "filter": 1}) is None
    assert slip_in({"type": "job", "id": A, "Id": 1}) is None
    assert slip_in({"type": "job", "Notes": 1, "id": 1}) is None
    assert slip_in({"typ": "job", "ID": A}) is None


def test_a_citation_by_alias_stands_where_it_was_written() -> None:
    citation = cited("*c", before=f"c: &c {{type: job, id: {A}}}\n")
    assert (citation.position.line, citation.position.column) == (2, 23)


def test_one_mapping_is_one_citation() -> None:
    text = f"---\nsupporting_runs:\n  type: job\n  id: {A}\n---\n"
    (citation,) = read_finding("F1.md", text.encode()).citations
    assert isinstance(citation, JobCitation)
    assert (citation.index, citation.position.line) == (0, 4)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("jobs", "job"), ("Job", "job"), ("run", "job"), ("batches", "batch"), ("job", None)],
)
def test_a_misspelt_type_is_recognised(written: str | None, meant: str | None) -> None:
    assert meant_type(written) == meant


@pytest.mark.parametrize("written", ["wandb", "mlflow", "", None])
def test_another_type_is_not_taken_for_one(written: str | None) -> None:
    assert meant_type(written) is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [("E5", "E005"), ("e005", "E005"), (" E005", "E005"), ("E1234", None), ("5", None), (5, None)],
)
def test_an_experiment_in_other_letters_is_recognised(written: object, meant: str | None) -> None:
    assert meant_experiment(written) == meant


@pytest.mark.parametrize(
    ("selector", "key"),
    [
        ("{data_dir: /scratch/team/c10}", "data_dir"),
        ("{seed: 1, data: {root: /home/me/x}}", "data.root"),
        ("{api_key: 3f9a1c7be2043f9a1c7be204}", "api_key"),
    ],
)
def test_a_selector_of_what_the_ledger_redacts_is_malformed_on_every_machine(
    selector: str, key: str
) -> None:
    citation = cited(f"{{type: batch, experiment_id: E005, selector: {selector}}}")
    assert isinstance(citation, MalformedCitation)
    (fault,) = citation.faults
    assert fault.rule is MALFORMED
    assert fault.message.startswith(f"supporting_runs[0].selector.{key} is a")
    assert "no machine can find the runs by it" in fault.message


def test_a_relative_path_is_a_value_like_any_other() -> None:
    citation = cited("{type: batch, experiment_id: E005, selector: {data_dir: data/c10}}")
    assert citation.faults == ()
