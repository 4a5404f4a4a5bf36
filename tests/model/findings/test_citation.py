"""What a citation is called, and which selectors it may mean."""

from __future__ import annotations

from pytest_aexp.ground.text import Position
from pytest_aexp.model.findings.citation import BatchCitation, JobCitation


def batch(**more: object) -> BatchCitation:
    return BatchCitation("F1.md", 2, Position(), (), "E001", {"a": 1, "x": True}, **more)  # type: ignore[arg-type]


def test_a_citation_is_called_by_its_place() -> None:
    assert batch().label == "supporting_runs[2]"
    link = JobCitation("F1.md", 0, Position(), (), "a" * 32, is_link=True)
    assert link.label == "link[0]"


def test_the_selector_that_is_read_comes_first_and_all_others_follow() -> None:
    assert batch().selectors == [{"a": 1, "x": True}]
    citation = batch(readings={"x": [True, "on"], "y": [8, 10]})
    assert citation.selectors[0] == {"a": 1, "x": True, "y": 8}
    assert len(citation.selectors) == 4


def test_only_some_ways_to_read_very_many_keys_are_tried() -> None:
    many = {str(number): [True, "on"] for number in range(40)}
    assert len(batch(readings=many).selectors) == 64
