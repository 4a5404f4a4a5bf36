"""Adding a citation keeps every other byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.model.findings import read_finding
from pytest_aexp.work.citing import with_citations
from pytest_aexp.work.editing import batch_citation, job_citation, open_document

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
        f"supporting_runs: [ {{type: job, id: {A}}} , {ADDED}]\n",
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
    document = open_document(PATH, before.encode())
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
    document = open_document(PATH, f"---\n{yaml}---\n".encode())
    with pytest.raises(UsageError, match="by hand"):
        with_citations(document, [ADDED])


@pytest.mark.parametrize(
    "data", [b"# no front matter\n", b"---\nid: [\n---\n", b"---\nid: \xff\n---\n"]
)
def test_a_finding_that_cannot_be_read_is_not_edited(data: bytes) -> None:
    with pytest.raises(UsageError, match="cannot be edited"):
        open_document(PATH, data)


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
    text = f"---\nsupporting_runs:\n  - {batch_citation('E001', selector)}\n---\n"
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return
    (citation,) = read_finding(PATH, data).citations
    assert citation.selector == selector  # type: ignore[attr-defined]
