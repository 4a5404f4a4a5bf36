"""What the page shows of numbers, pins and withdrawn findings."""

from __future__ import annotations

from pathlib import Path

from reports import gathered
from repositories import add_entry, add_record, write

from pytest_aexp.report.numbers import NumberPart
from pytest_aexp.report.page import render

FINDING = "kb/research/findings/F001-a.md"
BATCH = "{type: batch, experiment_id: E001, count: 2+}"


def study(repo: Path, text: str, extra: str = "") -> list[str]:
    runs = [
        add_entry(repo, {"experiment_id": "E001", "seed": seed}, metrics={"x": seed / 10})
        for seed in range(3)
    ]
    body = f"---\nid: F001\n{extra}supporting_runs:\n  - {BATCH}\n---\n\n{text}\n"
    write(repo, FINDING, body)
    return runs


def test_each_number_has_its_value_its_expression_and_its_runs(repo: Path) -> None:
    text = "0.1<!-- = mean(x) --> and\n9<!-- = n() -->, 1<!-- = mean(y) -->, 2<!-- = ( -->"
    runs = study(repo, text)
    [finding] = gathered(repo).findings
    ids = ", ".join(sorted(job_id[:8] for job_id in runs))
    assert finding.numbers == (
        NumberPart(7, "0.1", "mean(x)", "0.1", ids, "stands"),
        NumberPart(8, "9", "n()", "3", ids, "error"),
        NumberPart(8, "1", "mean(y)", "", ids, "unjudged"),
    )
    codes = [problem.code for problem in finding.problems]
    names = ("wrong_number", "malformed_number", "unchecked_number")
    assert codes == [f"finding.{name}" for name in names]
    assert finding.verdict == "error"


def test_many_runs_are_counted(repo: Path) -> None:
    for seed in range(8):
        add_entry(repo, {"experiment_id": "E001", "seed": seed}, metrics={"x": 1})
    study(repo, "8<!-- = n() -->")
    assert gathered(repo).findings[0].numbers[0].runs.endswith(", and 3 more runs")


def test_pins_withdrawals_and_what_is_at_risk_are_shown(repo: Path) -> None:
    study(repo, "", "retracted: it leaked\n")
    write(repo, FINDING.replace("F001", "F002"), "---\nid: F002\nbuilds_on: [F001]\n---\n")
    by_name = {finding.name: finding for finding in gathered(repo).findings}
    first, second = by_name["F001"], by_name["F002"]
    assert first.withdrawn == "it leaked"
    assert first.citations[0].pin == "Pinned to at least 2 runs"
    assert second.at_risk
    assert not first.at_risk


def test_the_page_shows_numbers_pins_and_withdrawals(repo: Path) -> None:
    (run, *_) = study(repo, "0.1<!-- = mean(x) -->", "builds_on: [F002]\n")
    write(repo, FINDING.replace("F001", "F002"), "---\nid: F002\nretracted: <b>leaked</b>\n---\n")
    add_record(repo, retracts=[run], reason="the validation split leaked")
    page = render(gathered(repo))
    assert "<code>mean(x)</code>" in page
    assert "withdrawn: &lt;b&gt;leaked" in page
    assert "at risk" in page
    assert "Pinned to at least 2 runs" in page
    assert "the validation split leaked" in page
