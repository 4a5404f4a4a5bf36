"""Whether numbers follow from runs, and what is said where they do not."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from repositories import add_entry, entry_of, entry_text, git, write

from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import Entry, entry_path
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.findings.finding import Finding, read_finding
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.numbers.claim import HOW_TO_CLAIM, read_claims
from pytest_aexp.model.problems import Fault, Policy
from pytest_aexp.work.check.checker import Checker
from pytest_aexp.work.check.numbers import Cited, Metrics, References, check_claim, fault_of_claim

ACCURACIES = (0.9349, 0.9312, 0.9288, 0.9331, 0.9345)


def entry(seed: int, condition: str = "full", **fields: Any) -> Entry:
    document = entry_of({"condition": condition, "seed": seed}, **fields)
    job_id = document["job_id"]
    return judge_entry(job_id, entry_path(job_id), entry_text(document).encode())


FULL = Cited(
    "supporting_runs[0]",
    "full",
    tuple(entry(seed, metrics={"accuracy": x}) for seed, x in enumerate(ACCURACIES)),
    is_batch=True,
)
NONE = Cited(
    "supporting_runs[1]", "none", (entry(1, "none", metrics={"accuracy": 0.8715}),), is_batch=True
)
BEST = Cited(
    "supporting_runs[2]",
    "best",
    (entry(9, metrics={"accuracy": 0.9349, "loss": None, "huge": 10**150}),),
)


def fault(text: str, *cited: Cited, repo: Path | None = None) -> Fault | None:
    (claim,) = read_claims("F001-x.md", text, 0)
    metrics = Metrics(Ledger(WorkTree(repo or Path("/nonexistent"))))
    return fault_of_claim(claim, check_claim(claim, References(cited, metrics)))


@pytest.mark.parametrize(
    "text",
    [
        "0.932<!-- = mean(full.accuracy) -->",
        "93.3 %<!-- = mean(full.accuracy) -->",
        "5<!-- = n(full) -->",
        "0.9288–0.9349<!-- = min(full.accuracy), max(full.accuracy) -->",
        "6.1<!-- = 100 * (mean(full.accuracy) - mean(none.accuracy)) -->",
        "0.0025<!-- = sd(full.accuracy) -->",
        "0.9349<!-- = best.accuracy -->",
        "0.9349<!-- = mean(best.accuracy) -->",
        "> 0.93<!-- = mean(full.accuracy) -->".replace("> ", "above > "),
    ],
)
def test_numbers_that_follow(text: str) -> None:
    assert fault(text, FULL, NONE, BEST) is None


RUN = BEST.entries[0].job_id
BACKFILL = (
    "list loss in `[tool.aexp.metrics]`, run `aexp ledger backfill` on cluster, commit and push"
)
WRONG = "finding.wrong_number"
MALFORMED = "finding.malformed_number"
UNCHECKED = "finding.unchecked_number"


@pytest.mark.parametrize(
    ("text", "code", "message", "fix"),
    [
        (
            "0.942<!-- = mean(full.accuracy) -->",
            WRONG,
            "0.942 does not follow from its runs: mean(full.accuracy) is 0.9325 over 5 runs",
            "write 0.932 or 0.933, or correct the expression",
        ),
        (
            "93.2<!-- = mean(full.accuracy) -->",
            WRONG,
            "93.2 does not follow from its runs: mean(full.accuracy) is 93.25 % over 5 runs",
            "write `93.2 %` or `93.3 %`, or correct the expression",
        ),
        (
            "93.2 %<!-- = 100 * mean(full.accuracy) -->",
            WRONG,
            "93.2 % does not follow from its runs: 100 * mean(full.accuracy) is 9325 % over 5 runs",
            "leave the percent sign out, or divide the expression by 100",
        ),
        (
            # A reader sees 93.2 %, and 1 005, whichever of them follows.
            "94.2<!-- = mean(full.accuracy) --> %",
            WRONG,
            "94.2 does not follow from its runs: mean(full.accuracy) is 0.9325 over 5 runs",
            "94.2 goes on behind the comment; move the comment to its end",
        ),
        (
            "1 005<!-- = n(full) -->",
            MALFORMED,
            "005 follows a space or an apostrophe within a number; write thousands as 12,345",
            HOW_TO_CLAIM,
        ),
        (
            "0.5<!-- = sd(full.accuracy) -->",
            WRONG,
            "0.5 does not follow from its runs: sd(full.accuracy) is 0.00252487623459… over 5 runs",
            "write 0.0, or correct the expression",
        ),
        (
            "p < 0.9<!-- = mean(full.accuracy) -->",
            WRONG,
            "< 0.9 does not hold for its runs: mean(full.accuracy) is 0.9325 over 5 runs",
            "correct the expression",
        ),
        (
            "1 and 5<!-- = n(full), n(none) -->",
            WRONG,
            "1 does not follow from its runs: n(full) is 5 over 5 runs",
            "write 5, or correct the expression",
        ),
        (
            "0<!-- = 1 / (n(full) - 5) -->",
            WRONG,
            "0 does not follow from its runs: 1 / (n(full) - 5): it divides by 0",
            "correct the expression, or leave the run out",
        ),
        (
            "0<!-- = sd(best.accuracy) -->",
            WRONG,
            "0 does not follow from its runs: sd(best.accuracy): one run has no standard deviation",
            "correct the expression, or leave the run out",
        ),
        (
            "0.07<!-- = best.loss -->",
            WRONG,
            f"0.07 does not follow from its runs: best.loss: the loss of run {RUN} is not finite",
            "correct the expression, or leave the run out",
        ),
        (
            "0.93<!-- = full.accuracy -->",
            MALFORMED,
            "full.accuracy cannot be read: full.accuracy of a batch is a number for each run",
            "write mean(full.accuracy), or median, min, max, sum, sd",
        ),
        (
            "0.93<!-- = mean(accuracy) -->",
            MALFORMED,
            "mean(accuracy) cannot be read: it does not say which of the 3 citations it means",
            "give the citation a name, `as: full`, and write `full.accuracy`",
        ),
        (
            "0.93<!-- = mean(fall.accuracy) -->",
            MALFORMED,
            'mean(fall.accuracy) cannot be read: no citation is called "fall"',
            "the names are full, none and best",
        ),
        (
            "5<!-- = best.huge -->",
            MALFORMED,
            f"best.huge cannot be read: the huge of run {RUN} has too many digits",
            "compute with another metric",
        ),
        (
            "0.07<!-- = mean(full.loss) -->",
            UNCHECKED,
            "0.07 cannot be checked: its runs have no loss; there is accuracy",
            BACKFILL,
        ),
        (
            "0.07 and 4<!-- = mean(full.loss), n(full) -->",
            WRONG,
            "4 does not follow from its runs: n(full) is 5 over 5 runs",
            "write 5, or correct the expression",
        ),
    ],
)
def test_what_is_said_of_a_number(text: str, code: str, message: str, fix: str) -> None:
    found = fault(text, FULL, NONE, BEST)
    assert found is not None
    assert (found.rule.code, found.message, found.fix) == (code, message, fix)


def test_failed_runs_without_the_metric_can_be_left_out() -> None:
    failed = [entry(seed, status="failed") for seed in (7, 8)]
    grown = Cited("supporting_runs[0]", "full", (*FULL.entries[:3], *failed), is_batch=True)
    found = fault("0.93<!-- = mean(accuracy) -->", grown)
    assert found is not None
    assert found.rule.code == UNCHECKED
    assert found.message.endswith("2 of 5 runs have no accuracy, both failed")
    assert found.fix.startswith("add `status: complete` to the citation")


def test_a_misspelt_metric_is_recognised() -> None:
    found = fault("0.93<!-- = mean(full.acuracy) -->", FULL)
    assert found is not None
    assert found.fix.startswith("if accuracy is meant, write that; else list acuracy in")


def test_without_a_citation_there_is_nothing_to_compute() -> None:
    found = fault("0.93<!-- = mean(accuracy) -->")
    assert found is not None
    assert (found.rule.code, found.fix) == (MALFORMED, "cite them")


@pytest.mark.parametrize(
    ("cited", "message"),
    [
        (Cited("supporting_runs[0]", "a"), "has no run in the ledger that can be used"),
        (Cited("supporting_runs[0]", "a", is_malformed=True), "cannot be read"),
    ],
)
def test_what_has_no_runs_is_not_checked(cited: Cited, message: str) -> None:
    for expression in ("mean(a.x)", "x", "n(a)"):
        found = fault(f"5<!-- = {expression} -->", cited)
        assert found is not None
        assert found.rule.code == UNCHECKED
        assert found.message.endswith(f"supporting_runs[0] {message}")


def test_the_name_of_a_malformed_citation_may_be_lost() -> None:
    broken = Cited("supporting_runs[1]", "", is_malformed=True)
    found = fault("5<!-- = mean(b.x) -->", FULL, broken)
    assert found is not None
    assert found.rule.code == UNCHECKED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3601.5", Decimal("3601.5")),
        ("3601.500000000000000001", Decimal("3601.500000000000000001")),
        ("36015e-1", Decimal("3601.5")),
        ("3601", Decimal(3601)),
        ("NaN", None),
    ],
)
def test_the_time_that_a_run_took_is_a_metric(
    text: str, expected: Decimal | None, repo: Path
) -> None:
    job_id = add_entry(repo, {"seed": 1}, wallclock_s=0.25)
    path = repo / f".aexp/ledger/{job_id}.json"
    path.write_text(path.read_text().replace("0.25", text))
    found = Ledger(WorkTree(repo)).get(job_id)
    assert found is not None
    assert Metrics(Ledger(WorkTree(repo))).of(found, "wallclock_s") == (True, expected)
    one = Cited("supporting_runs[0]", "", (found,))
    wrong = fault("60.0 minutes<!-- = wallclock_s / 60 -->", one, repo=repo)
    assert (wrong is None) == (expected is not None)


# In a repository

BODY = "---\nid: F001\nsupporting_runs:\n  - {}\n---\n\n{}\n"
BATCH = "{type: batch, experiment_id: E005}"


def study(repo: Path, citation: str, text: str) -> tuple[Checker, Finding]:
    for seed, accuracy in enumerate(ACCURACIES):
        add_entry(repo, {"experiment_id": "E005", "seed": seed}, metrics={"accuracy": accuracy})
    body = BODY.replace("{}", citation, 1).replace("{}", text, 1)
    path = "kb/research/findings/F001-x.md"
    write(repo, path, body)
    checker = Checker(Repository.open(repo), WorkTree(repo), Policy())
    return checker, checker.finding(path)


def test_the_problem_of_a_number_is_placed_at_it(repo: Path) -> None:
    text = "Mean 0.942<!-- = mean(accuracy) --> over 5<!-- = n() -->."
    checker, finding = study(repo, BATCH, text)
    first, second = (checker.claim(finding, claim) for claim in finding.claims)
    assert "\n".join(map(str, first.problems)) == (
        "kb/research/findings/F001-x.md:7:6: error: 0.942 does not follow from its runs: "
        "mean(accuracy) is 0.9325 over 5 runs [finding.wrong_number]"
    )
    assert second.problems == ()
    (result,) = second.results
    assert len(result.entries) == 5


def test_a_missing_run_is_said_once_and_its_numbers_are_unchecked(repo: Path) -> None:
    citation = "{type: job, id: " + "d" * 32 + "}"
    checker, finding = study(repo, citation, "0.93<!-- = accuracy -->")
    (problem,) = checker.claim(finding, finding.claims[0]).problems
    assert (problem.code, problem.severity) == (UNCHECKED, "warning")


def test_under_off_a_number_of_a_missing_run_is_not_judged(repo: Path) -> None:
    citation = "{type: job, id: " + "d" * 32 + "}"
    _, finding = study(repo, citation, "0.93<!-- = accuracy -->")
    checker = Checker(Repository.open(repo), WorkTree(repo), Policy("off"))
    verdict = checker.claim(finding, finding.claims[0])
    assert verdict.problems == ()
    assert verdict.unjudged is not None


def test_the_numbers_of_a_finding_that_cannot_be_read_are_not_judged() -> None:
    assert read_finding("F001-x.md", b"0.93<!-- = x -->").claims == ()


def test_at_the_index_the_entries_of_the_index_count(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pytest_aexp.cli import main

    study(repo, BATCH, "Mean 0.932<!-- = mean(accuracy) -->")
    git(repo, "add", "--all")
    for path in (repo / ".aexp/ledger").glob("*.json"):
        path.write_text(path.read_text().replace("0.9", "0.1"))
    assert main(["validate", "--at", "index", "F001"]) == 0
    assert main(["validate", "F001"]) == 1
    assert "[finding.wrong_number]" in capsys.readouterr().out
