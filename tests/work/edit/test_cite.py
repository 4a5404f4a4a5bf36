"""Adding a citation keeps every other byte."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.model.findings.finding import read_finding
from pytest_aexp.model.redaction.redact import leaks
from pytest_aexp.work.edit.citation_yaml import batch_citation, job_citation
from pytest_aexp.work.edit.cite import with_citations
from pytest_aexp.work.edit.finding_text import open_for_edit

A, B, NEW = "a" * 32, "b" * 32, "c" * 32
ADDED = f"{{type: job, id: {NEW}}}"
PATH = "kb/research/findings/F001-x.md"

CASES = {
    "no key": ("id: F001\n", f"id: F001\nsupporting_runs:\n  - {ADDED}\n"),
    "nothing at all": ("", f"supporting_runs:\n  - {ADDED}\n"),
    "an empty value": (
        "supporting_runs:  # to come\nid: F001\n",
        f"supporting_runs:  # to come\n  - {ADDED}\nid: F001\n",
    ),
    "null": ("supporting_runs: null # x\n", f"supporting_runs: [{ADDED}] # x\n"),
    "an empty list": ("supporting_runs: []\n", f"supporting_runs: [{ADDED}]\n"),
    "a flow list": (
        f"supporting_runs: [ {{type: job, id: {A}}} ]\n",
        f"supporting_runs: [ {{type: job, id: {A}}}, {ADDED} ]\n",
    ),
    "a flow list with a last comma": (
        f"supporting_runs: [{{type: job, id: {A}}},]\nid: F001\n",
        f"supporting_runs: [{{type: job, id: {A}}}, {ADDED}]\nid: F001\n",
    ),
    "a block list": (
        f"supporting_runs:\n  - type: job\n    id: '{A}'  # why\n\n# then\ntitle: x\n",
        f"supporting_runs:\n  - type: job\n    id: '{A}'  # why\n  - {ADDED}\n\n# then\ntitle: x\n",
    ),
    "a block list without indentation": (
        f"supporting_runs:\n- {{type: job, id: {A}}}\n",
        f"supporting_runs:\n- {{type: job, id: {A}}}\n- {ADDED}\n",
    ),
    "a list whose last item has a long note": (
        f"supporting_runs:\n  - id: {A}\n    type: job\n    note: |\n     1\nid: F\n",
        f"supporting_runs:\n  - id: {A}\n    type: job\n    note: |\n     1\n  - {ADDED}\nid: F\n",
    ),
    "items below their dashes": (
        f"supporting_runs:\n  -\n    type: job\n    id: {A}\n",
        f"supporting_runs:\n  -\n    type: job\n    id: {A}\n  - {ADDED}\n",
    ),
    "an alias comes last": (
        f"supporting_runs:\n- &a {{type: job, id: {A}}}\n- {{type: job, id: {B}}}\n- *a # c\n# d\n",
        (
            f"supporting_runs:\n- &a {{type: job, id: {A}}}\n- {{type: job, id: {B}}}\n- *a # c\n"
            f"- {ADDED}\n# d\n"
        ),
    ),
    "nothing but an alias": (
        f"x: &a {{type: job, id: {A}}}\nsupporting_runs:\n  - *a\n",
        f"x: &a {{type: job, id: {A}}}\nsupporting_runs:\n  - *a\n  - {ADDED}\n",
    ),
    "a list with a name": (
        f"supporting_runs: &s\n    - {{type: job, id: {A}}}\n",
        f"supporting_runs: &s\n    - {{type: job, id: {A}}}\n    - {ADDED}\n",
    ),
    "a complex key": (
        f"? supporting_runs\n: - {{type: job, id: {A}}}\n",
        f"? supporting_runs\n: - {{type: job, id: {A}}}\n  - {ADDED}\n",
    ),
    "a flow list over lines": (
        f"supporting_runs: [\n  {{type: job, id: {A}}},\n  {{type: job, id: {B}}}  # two\n]\n",
        (
            f"supporting_runs: [\n  {{type: job, id: {A}}},\n  {{type: job, id: {B}}},  # two\n"
            f"  {ADDED}\n]\n"
        ),
    ),
    "a flow list over lines with a last comma": (
        f"supporting_runs: [\n  {{type: job, id: {A}}},  # one\n]\n",
        f"supporting_runs: [\n  {{type: job, id: {A}}},  # one\n  {ADDED},\n]\n",
    ),
    "a flow list closed on its last line": (
        f"supporting_runs: [\n  {{type: job, id: {A}}}]\n",
        f"supporting_runs: [\n  {{type: job, id: {A}}}, {ADDED}]\n",
    ),
    "a flow list that is empty but for a comment": (
        "supporting_runs: [\n  # none yet\n]\n",
        f"supporting_runs: [{ADDED}\n  # none yet\n]\n",
    ),
    "a flow list with an alias last": (
        f"supporting_runs: [&a {{type: job, id: {A}}}, *a ]\n",
        f"supporting_runs: [&a {{type: job, id: {A}}}, *a, {ADDED} ]\n",
    ),
    "one mapping with a long note": (
        f"supporting_runs:\n  type: job\n  id: {A}\n  note: |\n   1\n\n   2\nid: F\n",
        (
            f"supporting_runs:\n  - type: job\n    id: {A}\n    note: |\n     1\n\n     2\n"
            f"  - {ADDED}\nid: F\n"
        ),
    ),
    "indented front matter": (
        "  id: F001\n  # more\n",
        f"  id: F001\n  # more\n  supporting_runs:\n    - {ADDED}\n",
    ),
    "indented front matter with an empty value": (
        "  supporting_runs:\n  id: F001\n",
        f"  supporting_runs:\n    - {ADDED}\n  id: F001\n",
    ),
    "ended with dots": (
        "id: F001\n...\n",
        f"id: F001\nsupporting_runs:\n  - {ADDED}\n...\n",
    ),
    "JSON": ('{"id": "F001"}\n', f'{{"id": "F001", supporting_runs: [{ADDED}]}}\n'),
    "JSON with nothing in it": ("{}\n", f"{{supporting_runs: [{ADDED}]}}\n"),
    "JSON with a null": (
        '{"supporting_runs": null}\n',
        f'{{"supporting_runs": [{ADDED}]}}\n',
    ),
    "a null with a tag": ("supporting_runs: !!null\n", f"supporting_runs: [{ADDED}]\n"),
    "one mapping in braces": (
        f"supporting_runs: {{type: job, id: {A}}}\n",
        f"supporting_runs: [{{type: job, id: {A}}}, {ADDED}]\n",
    ),
    "one mapping below": (
        f"supporting_runs:\n  type: job\n  id: {A} # c\nid: F001\n",
        f"supporting_runs:\n  - type: job\n    id: {A} # c\n  - {ADDED}\nid: F001\n",
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("name", CASES)
def test_what_is_added_and_nothing_else(name: str, bom: str, newline: str) -> None:
    before, after = (
        f"{bom}---\n{yaml}---\n\n# F001 — ü\n".replace("\n", newline) for yaml in CASES[name]
    )
    document = open_for_edit(PATH, before.encode())
    assert with_citations(document, [ADDED]) == after
    cited = read_finding(PATH, after.encode()).citations
    assert cited[-1].job_id == NEW  # type: ignore[attr-defined]
    assert len(cited) == len(read_finding(PATH, before.encode()).citations) + 1


@pytest.mark.parametrize(
    "yaml",
    [
        f"x: &x [{{type: job, id: {A}}}]\nsupporting_runs: *x\n",
        f"b: &b {{supporting_runs: [{{type: job, id: {A}}}]}}\n<<: *b\n",
    ],
)
def test_what_stands_elsewhere_is_not_touched(yaml: str) -> None:
    document = open_for_edit(PATH, f"---\n{yaml}---\n".encode())
    with pytest.raises(UsageError, match="by hand"):
        with_citations(document, [ADDED])


@pytest.mark.parametrize(
    "yaml",
    [
        "~\n",
        f"supporting_runs: &x\n  type: job\n  id: {A}\n",
        "supporting_runs: &x ~\ny: *x\n",
        f"supporting_runs: &x [{{type: job, id: {A}}}]\ny: *x\n",
        f"# {'x' * (64 << 10)}"[: (64 << 10) - 20] + "\n",
    ],
)
def test_what_would_say_something_else_is_refused(yaml: str) -> None:
    document = open_for_edit(PATH, f"---\n{yaml}---\n".encode())
    with pytest.raises(UsageError, match=f"make it a list.*{NEW}.* by hand"):
        with_citations(document, [ADDED])


@pytest.mark.parametrize(
    "data", [b"# no front matter\n", b"---\nid: [\n---\n", b"---\nid: \xff\n---\n"]
)
def test_a_finding_that_cannot_be_read_is_not_edited(data: bytes) -> None:
    with pytest.raises(UsageError, match="cannot be edited"):
        open_for_edit(PATH, data)


def test_ids_that_other_readers_take_for_numbers_are_quoted() -> None:
    assert job_citation("1" * 32) == f'{{type: job, id: "{"1" * 32}"}}'
    assert job_citation("1e" + "3" * 30) == f'{{type: job, id: "1e{"3" * 30}"}}'
    assert job_citation(A) == f"{{type: job, id: {A}}}"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.text(min_size=1, max_size=8), JSON, max_size=4))
def test_a_selector_reads_back_as_it_was(selector: dict) -> None:
    # What the ledger redacts cannot be selected by.
    assume(not leaks(selector))
    text = f"---\nsupporting_runs:\n  - {batch_citation('E001', selector)}\n---\n"
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return
    (citation,) = read_finding(PATH, data).citations
    assert citation.selector == selector  # type: ignore[attr-defined]
