"""Citations are written so that every reader of YAML reads back what was meant."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pytest_aexp.model.findings.citation import BatchCitation, JobCitation
from pytest_aexp.model.findings.finding import read_finding
from pytest_aexp.model.redaction.redact import leaks
from pytest_aexp.work.edit.citation_yaml import batch_citation, job_citation

DIGITS = "12345678901234567890123456789012"
EXPONENT = "1e345678901234567890123456789012"


def read(text: str) -> Any:
    finding = read_finding("F001-x.md", f"---\nsupporting_runs: [{text}]\n---\n".encode())
    assert finding.faults == ()
    (citation,) = finding.citations
    return citation


@pytest.mark.parametrize("job_id", ["37f8a077687b2a38c40761e0b0fbfdca", DIGITS, EXPONENT])
def test_a_job_id_reads_back_as_itself_and_is_text_to_any_reader(job_id: str) -> None:
    text = job_citation(job_id)
    citation = read(text)
    assert isinstance(citation, JobCitation)
    assert citation.job_id == job_id
    for version in ((1, 1), (1, 2)):
        reader = YAML(typ="safe", pure=True)
        reader.version = version
        assert reader.load(text)["id"] == job_id


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(["yes", "off", "1e-3", "010", "80:20", "~", "null", "=", "<<", "1_000"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), inner)
    ),
    max_leaves=5,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), VALUES))
def test_a_selector_reads_back_as_the_same_values(selector: dict[str, Any]) -> None:
    # What the ledger redacts cannot be selected by.
    assume(not leaks(selector))
    citation = read(batch_citation("E001", selector))
    assert isinstance(citation, BatchCitation)
    assert citation.experiment_id == "E001"
    assert json.dumps(dict(citation.selector), sort_keys=True) == json.dumps(
        selector, sort_keys=True
    )


def test_plain_words_are_written_plainly_and_an_empty_selector_not_at_all() -> None:
    assert batch_citation("E005", {}) == "{type: batch, experiment_id: E005}"
    assert batch_citation("E005", {"condition": "full", "seed": 1, "lr": "1e-3"}) == (
        '{type: batch, experiment_id: E005, selector: {condition: full, seed: 1, lr: "1e-3"}}'
    )
