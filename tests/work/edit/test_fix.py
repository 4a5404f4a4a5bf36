"""What can only have been meant in one way is corrected; the rest is left alone."""

from __future__ import annotations

import pytest

from pytest_aexp.work.edit import fix
from pytest_aexp.work.edit.finding_text import open_for_edit

A = "abcdef12" * 4
B = "abcd0012" * 4
KNOWN = frozenset({A, B})
PATH = "F001.md"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"- {{type: job, id: {A.upper()}}} # c", f"- {{type: job, id: {A}}} # c"),
        ("- {type: job, id: abcdef}", f"- {{type: job, id: {A}}}"),
        ("- {type: job, id: 'ABCDEF'}", f"- {{type: job, id: '{A}'}}"),
        ('- {"type":"job","ID":"abcdef"}', f'- {{"type":"job","id":"{A}"}}'),
        ("- &x abcdef\n- *x", f"- &x {{type: job, id: {A}}}\n- *x"),
        ("- {&k ID : abcdef, type: job}", f"- {{&k id : {A}, type: job}}"),
        # The key stands elsewhere, the id stands here.
        (
            "- {type: &k ID, id: 1}\n- {type: job, *k : abcdef}",
            f"- {{type: &k ID, id: 1}}\n- {{type: job, *k : {A}}}",
        ),
        ("- {Type: job, Id: abcdef}", f"- {{type: job, id: {A}}}"),
        (
            "- {type: batch, experiment-id: E001, Selector: {a: 1}}",
            "- {type: batch, experiment_id: E001, selector: {a: 1}}",
        ),
        (f"- {A}  # bare", f"- {{type: job, id: {A}}}  # bare"),
        ("- abcdef", f"- {{type: job, id: {A}}}"),
        (
            "- {type: batch, experiment_id: E001, selctor: {a: 1}}",
            "- {type: batch, experiment_id: E001, selector: {a: 1}}",
        ),
        ("- {type: job, ID: abcdef}", f"- {{type: job, id: {A}}}"),
    ],
)
def test_what_can_only_mean_one_thing_is_corrected(before: str, after: str) -> None:
    assert corrected(f"supporting_runs:\n{before}\n") == f"supporting_runs:\n{after}\n"


@pytest.mark.parametrize(
    "untouched",
    [
        "- {type: job, id: abcd}",  # begins two ids
        "- {type: job, id: abc}",  # too short to be meant
        "- {type: job, id: 99999999}",  # begins none
        f"- {{type: job, id: {'0' * 32}}}",  # an id, though nowhere
        f"- {{type: job, id: {A}}}",
        "- {type: job, id: [abcdef]}",
        "- some words",
        "- 5",
        "- [abcdef]",
        # What a block holds ends on another line than it begins.
        "- >-\n  abcdef",
        "- id: |\n    abcdef\n  type: job",
        # Other keys would change with them.
        "- &x abcdef\nmain: *x",
        "- {type: job, id: &x abcdef}\nmain: *x",
    ],
)
def test_what_may_mean_several_things_is_left_alone(untouched: str) -> None:
    assert corrected(f"supporting_runs:\n{untouched}\n") == f"supporting_runs:\n{untouched}\n"


@pytest.mark.parametrize("key", ["supporting_run", "Supporting_Runs", "supporting-runs"])
def test_a_misspelt_key_is_corrected_with_what_is_below_it(key: str) -> None:
    assert corrected(f"{key}:\n- abcdef\n") == f"supporting_runs:\n- {{type: job, id: {A}}}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"supporting_run":["abcdef"]}', f'{{"supporting_runs":[{{type: job, id: {A}}}]}}'),
        ("&k supporting_run: [abcdef]", f"&k supporting_runs: [{{type: job, id: {A}}}]"),
        (
            "supporting_run:\n- abcdef\n- &x abcd0012\nmain: *x",
            f"supporting_runs:\n- {{type: job, id: {A}}}\n- &x abcd0012\nmain: *x",
        ),
    ],
)
def test_the_misspelt_key_is_written_as_it_stood(before: str, after: str) -> None:
    assert corrected(f"{before}\n") == f"{after}\n"


@pytest.mark.parametrize(
    "key",
    ["supporting_refs", "supporting", "supporting_urls", "supported_runs", "reporting_runs"],
)
def test_a_key_that_may_well_mean_something_else_is_left_alone(key: str) -> None:
    yaml = f"{key}: [abcdef]\n"
    assert corrected(yaml) == yaml


@pytest.mark.parametrize("value", ["see the appendix", "[smith2020]", "[]", "5", "{a: 1}"])
def test_a_misspelt_key_without_a_citation_is_left_alone(value: str) -> None:
    yaml = f"supporting_run: {value}\n"
    assert corrected(yaml) == yaml


def test_what_would_be_too_large_is_left_alone() -> None:
    yaml = "supporting_runs:\n" + "- abcdef # 0\n" * 2_800
    assert corrected(yaml) == yaml


def test_two_keys_that_could_be_meant_are_left_alone() -> None:
    yaml = "supporting_run: []\nSupporting_Runs: []\n"
    assert corrected(yaml) == yaml


def test_an_alias_is_corrected_where_it_stands() -> None:
    yaml = "supporting_runs:\n- &a {type: job, id: abcdef}\n- *a\n"
    assert corrected(yaml) == yaml.replace("abcdef", A)


def test_what_an_alias_brings_from_elsewhere_is_left_alone() -> None:
    yaml = "x: &x abcdef\nsupporting_runs:\n- {type: job, id: *x}\n- *x\n"
    assert corrected(yaml) == yaml


def corrected(yaml: str) -> str:
    document = open_for_edit(PATH, f"---\n{yaml}---\n".encode())
    return fix.corrected(document, KNOWN).removeprefix("---\n").removesuffix("---\n")
