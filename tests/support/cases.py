"""Judge a repository made from data by the command and by pytest."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from tree import DATA

from pytest_aexp.cli import main
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.problems import Policy, Problem
from pytest_aexp.work.check.checker import Checker, judge_repository

if TYPE_CHECKING:
    import pytest

CASES: list[dict[str, Any]] = [
    case
    for name in ("cases.json", "more_cases.json")
    for case in json.loads((DATA / name).read_text(encoding="utf-8"))["cases"]
]

NONE_COLLECTED = "finding.none_collected"
WITHOUT_FINDINGS = {
    **dict.fromkeys(("c03-no-findings-dir", "f71-elsewhere", "f72-no-kb"), "warning"),
    **dict.fromkeys(("f09-readme", "f61-X001-x-md", "f62-notes-md", "f63-F-x-md"), "warning"),
    **dict.fromkeys(("f67-Fig1-md", "f68--F001-x-md"), "warning"),
    **dict.fromkeys(("c66-globs-nothing", "f80-folder-link-outside"), "error"),
}
"""Cases written before it was reported that nothing was collected, and how severe that is there."""

# This suite turns warnings into errors, which a pytest inside it would inherit.
ARGUMENTS = ("-p", "pytest_aexp.plugin", "-W", "always::pytest_aexp.CitationWarning")
# What says nothing about citations: a third of the time is left.
for _name in (
    *("cacheprovider", "debugging", "doctest", "faulthandler", "freeze_support", "logging"),
    *("monkeypatch", "pastebin", "python_path", "recwarn", "setuponly", "setupplan", "stepwise"),
    *("threadexception", "tmpdir", "unittest", "unraisableexception"),
):
    ARGUMENTS += ("-p", f"no:{_name}")


def accepted(case: dict[str, Any], reported: list[tuple[str, str]]) -> bool:
    """Whether what was told is one of the acceptable outcomes; ``*`` stands for any code."""
    severity = WITHOUT_FINDINGS.get(case["name"])
    more = [] if severity is None else [[severity, NONE_COLLECTED]]
    return any(_fits([*outcome, *more], reported) for outcome in case["accept"])


def _fits(outcome: list[list[str]], reported: list[tuple[str, str]]) -> bool:
    if len(outcome) != len(reported):
        return False
    left = Counter(reported)
    for severity, code in sorted(outcome, key=lambda pair: pair[1] == "*"):
        match = next(
            (pair for pair in left if pair[0] == severity and code in ("*", pair[1])), None
        )
        if match is None:
            return False
        left[match] -= 1
        left += Counter()
    return True


def problems_of(repo: Path) -> list[Problem]:
    """The problems of everything in a repository, that it has no findings aside."""
    repository = Repository.open(repo)
    configured = repository.configuration
    policy = Policy(configured.strict_runs, configured.severity)
    problems = judge_repository(Checker(repository, WorkTree(repo), policy)).problems
    return [problem for problem in problems if problem.code != NONE_COLLECTED]


def leaves_strictness(case: dict[str, Any]) -> bool:
    """Whether strictness is left to the default: asked for, it would overrule severities."""
    configured = str(case.get("files", {}).get("pyproject.toml", ""))
    return case["strict_runs"] == "error" and "severity" in configured


def by_command(
    case: dict[str, Any], repo: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> list:
    strict = [] if leaves_strictness(case) else ["--strict-runs", case["strict_runs"]]
    status = main(["validate", "--format", "json", *strict, *options])
    document = json.loads(capsys.readouterr().out)
    reported = [(problem["severity"], problem["code"]) for problem in document["problems"]]
    assert document["ok"] is (("error") not in {severity for severity, _ in reported})
    assert status == (0 if document["ok"] else 1)
    for problem in document["problems"]:
        assert problem["message"]
        assert problem["fix"]
        assert problem["line"] >= 1
        assert problem["column"] >= 1
    return reported


def by_hook(case: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    """What ``aexp-findings`` reports of what is staged."""
    # Here, since few tests look at the hooks.
    from pytest_aexp.hooks import findings

    status = findings.main(["--strict-runs", case["strict_runs"]])
    out = capsys.readouterr().out
    lines = re.finditer(r"^\S.*?:\d+:\d+: (error|warning): .*\[([a-z_.]+)\]$", out, re.MULTILINE)
    reported = [(line[1], line[2]) for line in lines]
    assert status == int("error" in {severity for severity, _ in reported})
    return reported


def by_pytest(case: dict[str, Any], pytester: pytest.Pytester) -> list[tuple[str, str]]:
    result = pytester.runpytest_inprocess(
        "--aexp" if leaves_strictness(case) else f"--aexp-strict-runs={case['strict_runs']}",
        f"--junitxml={pytester.path}/result.xml",
        *ARGUMENTS,
    )
    reported: list[tuple[str, str]] = []
    tree = ElementTree.parse(pytester.path / "result.xml")
    for item in tree.iter("testcase"):
        facts = [(p.get("name"), p.get("value")) for p in item.iter("property")]
        codes = [value for name, value in facts if name == "code"]
        severities = [value for name, value in facts if name == "severity"]
        reported += [(str(s), str(c)) for s, c in zip(severities, codes, strict=True)]
        assert ("error" in severities) == (item.find("failure") is not None)
        assert item.find("error") is None
    failed = any(severity == "error" for severity, _ in reported)
    # Asked for by name, to have judged no finding is an error of the session, and no item's.
    none = any(line.startswith("aexp: error: ") for line in result.outlines)
    assert result.ret in ((1,) if failed or none else (0, 5))
    warned = sum(severity == "warning" for severity, _ in reported)
    assert result.parseoutcomes().get("warnings", 0) == warned
    return reported
