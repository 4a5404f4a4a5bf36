"""Citations below a key that nothing reads do not pass unseen."""

from __future__ import annotations

import pytest

from pytest_aexp.model.findings.finding import read_finding
from pytest_aexp.model.findings.suspicious_keys import is_slip
from pytest_aexp.model.problems import MISSPELT_CITATIONS, SUSPICIOUS_KEY

A = "4076a08a2393f617db96cb1a0d5569d6"
ITEM = f"- {{type: job, id: {A}}}\n"
CYRILLIC = "\u0455u\u0440\u0440\u043ert\u0456ng_runs"
FULL_WIDTH = "".join(chr(ord(c) + 0xFEE0) for c in "supporting") + "_runs"
BOLD = "".join(chr(ord(c) - ord("a") + 0x1D41A) for c in "supporting") + "_runs"


def faults(text: str) -> list[tuple[object, int]]:
    finding = read_finding("F1.md", text.encode())
    return [(fault.rule, fault.position.line) for fault in finding.faults]


@pytest.mark.parametrize("key", [CYRILLIC, FULL_WIDTH, BOLD, "s\u00fcpporting_runs"])
def test_letters_that_look_alike(key: str) -> None:
    assert is_slip(key)
    assert faults(f"---\n{key}:\n  {ITEM}---\n") == [(MISSPELT_CITATIONS, 2)]


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("[]", SUSPICIOUS_KEY),
        ("see the appendix", SUSPICIOUS_KEY),
        ("[a, b]", SUSPICIOUS_KEY),
        ("{a: 1}", SUSPICIOUS_KEY),
        (A, MISSPELT_CITATIONS),
        (f"[{A}]", MISSPELT_CITATIONS),
        ("{type: batch}", MISSPELT_CITATIONS),
        (f"{{full: {{type: job, id: {A}}}}}", MISSPELT_CITATIONS),
        (f"see {A}", MISSPELT_CITATIONS),
        ("[{experiment_id: E001}]", MISSPELT_CITATIONS),
    ],
)
def test_a_misspelt_key_is_an_error_where_it_has_citations(value: str, rule: object) -> None:
    assert faults(f"---\nsupporting_run: {value}\n---\n") == [(rule, 2)]


@pytest.mark.parametrize("key", ["supported_runs", "supports_runs", "supportive_runs"])
def test_a_key_further_away_counts_where_it_has_citations(key: str) -> None:
    assert faults(f"---\n{key}:\n  {ITEM}---\n") == [(MISSPELT_CITATIONS, 2)]
    assert faults(f"---\n{key}: [a, b]\n---\n") == []


@pytest.mark.parametrize(
    "value",
    [
        f"\n  {ITEM}",
        f"{{type: job, id: {A}}}",
        "[{type: batch, experiment_id: E001}]",
        f"[{A}]",
        f"[see, {A}]",
        f"{{runs: [{A}]}}",
        f"[{{of: {{type: job, id: {A}}}}}]",
    ],
)
@pytest.mark.parametrize("key", ["runs", "evidence", "citations", "job_ids", "related_runs"])
def test_any_other_key_that_holds_citations(key: str, value: str) -> None:
    assert faults(f"---\n{key}: {value}\n---\n") == [(SUSPICIOUS_KEY, 2)]


@pytest.mark.parametrize(
    ("value", "item"),
    [
        (f"&a {{type: job, id: {A}}}", "*a"),
        (f"&a {{type: job, id: {A}}}", "{<<: *a, note: x}"),
        (f"[&a {{type: job, id: {A}}}]", "*a"),
        (f"[&a {A}]", "{type: job, id: *a}"),
        (f"{{type: job, id: &a {A}}}", "{type: job, id: *a}"),
    ],
)
def test_what_the_citations_have_by_an_alias(value: str, item: str) -> None:
    assert faults(f"---\nruns: {value}\nsupporting_runs: [{item}]\n---\n") == []
    unused = value.replace("&a ", "")
    assert faults(f"---\nruns: {unused}\nsupporting_runs: []\n---\n") == [(SUSPICIOUS_KEY, 2)]


@pytest.mark.parametrize(
    "pair",
    [
        f"id: {A}",
        f"uid: {{id: {A}}}",
        "authors: [{id: 4076a08a, type: person}]",
        "job: {type: batch, size: 3}",
        "a: &a [1, *a]",
        f"checksum: {A[:31]}g",
        "tags: [job, batch, E001]",
    ],
)
def test_a_value_that_may_be_anything(pair: str) -> None:
    assert faults(f"---\n{pair}\n---\n") == []


@pytest.mark.parametrize(
    ("text", "line"),
    {
        "two levels down": (f"---\nmeta:\n  e:\n    supporting_runs:\n      {ITEM}---\n", 4),
        "in a list": (f"---\ne:\n  - supporting_runs:\n      {ITEM}---\n", 3),
        "as a key in a list": (f"---\n? [supporting_runs]\n:\n  {ITEM}---\n", 2),
        "through an alias": ("---\na: &a\n  b: {supporting_runs: [*a]}\nc: *a\n---\n", 3),
        "in a second block": (f"---\nid: F1\n---\nsupporting_runs:\n  {ITEM}---\n", 4),
        "in bold below": (f"---\nid: F1\n---\n**supporting_runs:**\n{ITEM}", 4),
        "in a heading below": (f"---\nid: F1\n---\n## supporting_runs:\n{ITEM}", 4),
        "in a numbered list below": (f"---\nid: F1\n---\n1. supporting_runs:\n{ITEM}", 4),
        "in a comment below": (f"---\nid: F1\n---\n<!-- supporting_runs: [{A}] -->\n", 4),
        "in JSON below": (f'---\nid: F1\n---\n{{"supporting_runs": ["{A}"]}}\n', 4),
        "in TOML below": (f"---\nid: F1\n---\n+++\nsupporting_runs = ['{A}']\n+++\n", 5),
        "in a text of the front matter": (f"---\nx: |\n  supporting_runs:\n  {ITEM}---\n", 2),
        "in a folded text": (f"---\nx: >-\n  supporting_runs:\n  {ITEM}---\n", 2),
        "hidden by an own key": (
            f"---\n<<: {{supporting_runs: [{{type: job, id: {A}}}]}}\nsupporting_runs: []\n---\n",
            2,
        ),
        "hidden by another mapping": (
            f"---\n<<: [{{supporting_runs: []}},\n  {{supporting_runs: [{A}]}}]\n---\n",
            3,
        ),
        "far below": (f"---\nid: F1\n---\n\ntext\n\n> * supporting_runs :\n{ITEM}", 7),
        "in other letters below": (f"---\nid: F1\n---\n{FULL_WIDTH}\uff1a\n{ITEM}", 4),
        "behind a line separator": (f"---\nid: F1 # c\u2028supporting_runs:\u2028{ITEM}---\n", 2),
        "behind a form feed": (f"---\nid: F1\n---\nx\x0csupporting_runs:\n{ITEM}", 4),
    }.values(),
)
def test_citations_where_nothing_reads_them(text: str, line: int) -> None:
    assert faults(text) == [(SUSPICIOUS_KEY, line)]


@pytest.mark.parametrize(
    "body",
    [
        f"```yaml\nsupporting_runs:\n{ITEM}```\n",
        f"> ~~~\n> supporting_runs:\n> {ITEM}> ~~~\n",
        f"1. ```\n   supporting_runs:\n   {ITEM}   ```\n",
        "`supporting_runs:` is the key.\n",
        "The key supporting_runs: it names the runs.\n",
        "Supporting runs: see below.\n",
        "supporting_runs are listed above.\n",
        "supporting_runs:x\n",
    ],
)
def test_what_only_speaks_of_the_key(body: str) -> None:
    assert faults(f"---\nid: F1\n---\n\n{body}") == []


def test_a_fence_that_ended_hides_nothing() -> None:
    text = f"---\nid: F1\n---\n```\nx\n```\nsupporting_runs:\n{ITEM}"
    assert faults(text) == [(SUSPICIOUS_KEY, 7)]


def test_citations_that_a_merge_key_brings_in_are_read() -> None:
    text = f"x: &a\n  supporting_runs: [{{type: job, id: {A}}}]\n<<: *a\n"
    assert faults(f"---\n{text}---\n") == []


def test_text_that_only_speaks_of_the_key() -> None:
    assert faults("---\nx: |\n  supporting_runs: what it rests on\n---\n") == []
    assert faults("---\nx: y\n---\nThe key `supporting_runs`: what it rests on\n") == []


def test_a_citation_may_select_by_any_key() -> None:
    item = "{type: batch, experiment_id: E001, selector: {supporting_runs: 1}}"
    assert faults(f"---\nsupporting_runs:\n  - {item}\n---\n") == []
