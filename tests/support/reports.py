"""The report of a repository, from a test."""

from __future__ import annotations

from pathlib import Path

from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.problems import Policy
from pytest_aexp.report.build import gather
from pytest_aexp.report.model import Report
from pytest_aexp.report.page import render
from pytest_aexp.work.check.checker import Checker

NOWHERE = "deadbeef" * 4


def checker(root: Path) -> Checker:
    repository = Repository.open(root)
    configured = repository.configuration
    return Checker(repository, WorkTree(root), Policy(configured.strict_runs, configured.severity))


def gathered(root: Path) -> Report:
    return gather(checker(root))


def page(root: Path) -> str:
    return render(gathered(root))


def point(number: int, **more: object) -> dict[str, object]:
    return {"experiment_id": "E001", "seed": number, **more}
