"""Markdown beside the findings that cites runs."""

from __future__ import annotations

import pytest

from pytest_aexp.ground.files import MISSING
from pytest_aexp.model.findings.not_collected import may_cite, uncollected_fault

CITES = "supporting_runs: [{type: job, id: x}]\n"


@pytest.mark.parametrize("name", ["a.md", "a.MD", "a.Markdown", "a.qmd", "a.Rmd", "a.mdx"])
def test_markdown_has_many_endings(name: str) -> None:
    assert may_cite(name)
    assert not may_cite(f"{name}.txt")


@pytest.mark.parametrize(
    "text",
    [
        f"---\n{CITES}---\n",
        f"\ufeff\n---\nid: x\n{CITES}---\n",
        "---\nsupporting_run:\n  - {type: job}\n---\n",
        "---\nsupporting_runs: see below\n---\n",
        f"---\nx: [\n{CITES}---\n",
    ],
)
def test_what_cites_is_reported_at_the_key(text: str) -> None:
    fault = uncollected_fault("kb/notes.md", text.encode())
    assert fault is not None
    assert "notes.md" in fault.message
    assert text.split("\n")[fault.position.line - 1].startswith("supporting_run")


@pytest.mark.parametrize(
    "text",
    [
        "",
        CITES,
        "---\nid: x\n---\n",
        "---\nsupporting_runs:\n---\n",
        "---\nsupporting_runs: []\n---\n",
        "---\nx: [\n---\n",
        f"text\n---\n{CITES}---\n",
    ],
)
def test_what_does_not_is_left_alone(text: str) -> None:
    assert uncollected_fault("kb/notes.md", text.encode()) is None
    assert uncollected_fault("kb/notes.md", MISSING) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("F002-x.md", "no glob of `findings` in [tool.aexp] fits it"),
        ("f2.MARKDOWN", "no glob of `findings` in [tool.aexp] fits it"),
        ("F002-x.qmd", "F002-x.qmd is not the name of a finding"),
        ("notes.md", "notes.md is not the name of a finding"),
    ],
)
def test_a_finding_that_no_glob_fits_is_told_apart_from_other_files(name: str, reason: str) -> None:
    fault = uncollected_fault(f"kb/{name}", b"---\nsupporting_runs: [x]\n---\n")
    assert fault is not None
    assert reason in fault.message
