"""The one table of codes, and how strictness and configuration decide a severity."""

from __future__ import annotations

import re
from itertools import product
from typing import get_args

import pytest

from pytest_aexp.ground.errors import ConfigurationError
from pytest_aexp.ground.settings.configuration import Configuration, StrictRuns
from pytest_aexp.ground.text import Position
from pytest_aexp.model import problems
from pytest_aexp.model.codes import CODES
from pytest_aexp.model.problems import Basis, Fault, Outcome, Policy, Problem, Rule

RULES = {name: rule for name, rule in vars(problems).items() if isinstance(rule, Rule)}
STRICTNESSES: tuple[StrictRuns, ...] = get_args(StrictRuns)

# By rule: uncited and cited under error, under warn, under off; for entries (None: not judged).
ERROR = dict.fromkeys(["error", "warn", "off"], "error")
WARNING = dict.fromkeys(["error", "warn", "off"], "warning")
STRICT = {"error": "error", "warn": "warning", "off": None}
EXISTENCE = {"error": "warning", "warn": "warning", "off": None}
OFF = dict.fromkeys(["error", "warn", "off"], None)
SEVERITIES = {
    "CHANGED_EVIDENCE": STRICT,
    "REPLACED_EVIDENCE": WARNING,
    "GROWN_BATCH": EXISTENCE,
    "RETRACTED_RUN": ERROR,
    "ACCEPTED_RETRACTION": WARNING,
    "RETRACTED_PREMISE": ERROR,
    "AT_RISK": WARNING,
    "BROKEN_PREMISE": ERROR,
    "FAILED_RUN": WARNING,
    "REPEATED_RUN": WARNING,
    "STOPPED_RUN": OFF,
    "DIRTY_CODE": OFF,
    "FOREIGN_EXPERIMENT": OFF,
    "UNKNOWN_COMMIT": OFF,
    "UNJUDGED_COMMIT": WARNING,
    "WRONG_NUMBER": ERROR,
    "MALFORMED_NUMBER": ERROR,
    "UNCHECKED_NUMBER": EXISTENCE,
    "UNPROMOTED": EXISTENCE,
    "UNFINISHED": EXISTENCE,
    "ABSENT": EXISTENCE,
    "ABSENT_BATCH": EXISTENCE,
    "BROKEN": STRICT,
    "MALFORMED": ERROR,
    "EMPTY_BATCH": STRICT,
    "UNREADABLE": ERROR,
    "SUSPICIOUS_KEY": WARNING,
    "MISSPELT_CITATIONS": ERROR,
    "NOT_COLLECTED": WARNING,
    "NONE_COLLECTED": WARNING,
    "NOT_READ": ERROR,
    "MISSING_LEDGER": STRICT,
    "NO_RUN_STORE": EXISTENCE,
    "UNSTAGED_ENTRY": ERROR,
    "INVALID_ENTRY": WARNING,
    "CONTRADICTION": WARNING,
    "INVALID_RETRACTION": ERROR,
    "INVALID_SEGMENT": ERROR,
    "NOT_A_NUMBER": WARNING,
    "IDENTITY_MISMATCH": WARNING,
    "UNVERIFIED_IDENTITY": OFF,
    "UNKNOWN_FIELD": WARNING,
    "LEAK": WARNING,
    "MERGE_DRIVER": WARNING,
    "POLICY_WEAKENED": WARNING,
    "RUNS_TRACKED": WARNING,
    "RUNS_STAGED": ERROR,
    "RUNS_DAMAGED": WARNING,
    "INDEX_DAMAGED": WARNING,
}


def severity(rule: Rule, policy: Policy, *, cited: bool = False) -> str | None:
    reported = list(policy.judge([Fault(rule, "p", "m", "f", cited=cited)]))
    assert len(reported) <= 1
    return reported[0].severity if reported else None


def test_every_rule_is_in_this_test() -> None:
    assert set(RULES) == set(SEVERITIES)


@pytest.mark.parametrize(("name", "strict"), [*product(SEVERITIES, STRICTNESSES)])
def test_severity_follows_the_rule_and_strictness(name: str, strict: StrictRuns) -> None:
    assert severity(RULES[name], Policy(strict)) == SEVERITIES[name][strict]


@pytest.mark.parametrize("name", ["INVALID_ENTRY", "IDENTITY_MISMATCH"])
@pytest.mark.parametrize("strict", STRICTNESSES)
def test_a_damaged_entry_is_an_error_if_cited_and_at_the_door(
    name: str, strict: StrictRuns
) -> None:
    assert severity(RULES[name], Policy(strict), cited=True) == "error"
    assert severity(RULES[name], Policy(strict, for_entries=True)) == "error"


def test_at_the_door_a_leak_is_an_error_and_nan_is_not() -> None:
    assert severity(problems.LEAK, Policy(for_entries=True)) == "error"
    assert severity(problems.NOT_A_NUMBER, Policy(for_entries=True), cited=True) == "warning"
    assert severity(problems.UNKNOWN_FIELD, Policy(for_entries=True)) == "warning"


@pytest.mark.parametrize(("name", "chosen"), [*product(RULES, ["error", "warning", "off"])])
def test_a_configured_severity_wins(name: str, chosen: str) -> None:
    rule = RULES[name]
    expected = None if chosen == "off" else chosen
    if expected and rule.basis is Basis.NOTICE:
        expected = "warning"
    assert severity(rule, Policy("warn", {rule.code: chosen}), cited=True) == expected
    judged = rule.basis not in (Basis.STRICT, Basis.EXISTENCE)
    assert severity(rule, Policy("off", {rule.code: chosen})) == (expected if judged else None)


def test_a_code_that_does_not_exist_cannot_be_configured() -> None:
    with pytest.raises(ConfigurationError, match=r'"finding.brocken" is neither a code') as caught:
        Policy("error", {"finding.brocken": "off"})
    assert 'did you mean "finding.broken_premise"?' in str(caught.value)
    with pytest.raises(ConfigurationError) as caught:
        Policy("error", {"xyz": "off"})
    assert all(code in str(caught.value) for code in CODES)


def test_every_rule_has_a_code_that_explains_itself() -> None:
    assert {rule.code for rule in RULES.values()} == set(CODES)
    for name, code in CODES.items():
        assert re.fullmatch(r"(finding|evidence|ledger|policy|runs|runs_index)\.[a-z_]+", name)
        assert code.name == name
        assert all(len(text) > 20 for text in (code.title, code.meaning, code.fix))
        assert not code.title.endswith(".")
        assert code.meaning.endswith(".")
        assert code.fix.endswith(".")


def test_a_problem_says_where_what_and_its_code() -> None:
    fault = Fault(problems.BROKEN, "a\x1b\nb.md", "gone", "look", Position(3, 5), "0" * 32, "box")
    (problem,) = Policy().judge([fault])
    assert problem == Problem(fault, "error")
    assert (problem.code, problem.path) == ("finding.broken_run_citation", fault.path)
    assert (problem.line, problem.column) == (3, 5)
    assert (problem.message, problem.fix) == ("gone", "look")
    assert (problem.fault.job_id, problem.fault.machine) == ("0" * 32, "box")
    assert str(problem) == r"a\x1b\x0ab.md:3:5: error: gone [finding.broken_run_citation]"


def test_only_errors_fail_an_outcome() -> None:
    fault = Fault(problems.BROKEN, "p", "m", "f")
    warning, error = Problem(fault, "warning"), Problem(fault, "error")
    assert Outcome((), 0).ok
    assert Outcome((warning,), 0).ok
    assert not Outcome((warning, error), 0).ok


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        ({"evidence": "error"}, "error"),
        ({"evidence": "off"}, None),
        ({"evidence": "off", "evidence.failed_run": "warning"}, "warning"),
        ({"evidence": "error", "evidence.failed_run": "off"}, None),
        ({"finding": "error"}, "warning"),
    ],
)
def test_the_first_word_of_codes_is_configured_like_a_code(
    configured: dict[str, str], expected: str | None
) -> None:
    assert severity(problems.FAILED_RUN, Policy(severity=configured)) == expected


def test_what_is_off_is_judged_where_it_is_configured() -> None:
    policy = Policy(severity={"evidence": "error"})
    assert severity(problems.DIRTY_CODE, policy) == "error"
    assert policy.is_off(problems.DIRTY_CODE) is False
    assert Policy().is_off(problems.DIRTY_CODE)
    assert severity(problems.UNJUDGED_COMMIT, policy) == "warning"


def test_a_word_that_no_code_begins_with_is_wrong_usage() -> None:
    with pytest.raises(
        ConfigurationError, match=r"nor the first word of one; did you mean \"evidence\"\?"
    ):
        Policy(severity={"evidences": "off"})


def test_a_strictness_that_is_given_replaces_the_configured_one() -> None:
    configured = Configuration(strict_runs="warn", severity={"ledger.leak": "off"})
    assert Policy.of(configured) == Policy("warn", {"ledger.leak": "off"})
    given = Policy.of(configured, "error", commanded=True)
    assert given == Policy("error", {"ledger.leak": "off"}, commanded=True)
