"""Problems that belong to no item."""

from __future__ import annotations

from pathlib import Path

from plugged import UNKNOWN, Repo
from repositories import add_finding, job, write


def test_workers_tell_what_belongs_to_no_item_once(cited: Repo, run_apart) -> None:
    write(cited.path, f".aexp/ledger/{'e' * 32}.json", "[]")
    result = run_apart("-n", "2")
    result.assert_outcomes(failed=1, passed=5, warnings=1)
    result.stdout.fnmatch_lines([f".aexp/ledger/{'e' * 32}.json: 1 warning (ledger.invalid_entry)"])


def test_what_belongs_to_no_item_is_told_only_when_every_finding_was_collected(
    cited: Repo, run
) -> None:
    write(cited.path, f".aexp/ledger/{'e' * 32}.json", "[]")
    run("kb/research/findings/F001-good.md").assert_outcomes(passed=3)
    run("-k", "F001").assert_outcomes(passed=3, deselected=3, warnings=1)


def test_without_anything_to_compare_with_citations_are_skipped(repo: Path, run) -> None:
    add_finding(repo, "F001-x", job(UNKNOWN), job(UNKNOWN))
    result = run("--aexp", "-rs")
    result.assert_outcomes(passed=1, skipped=2, warnings=1)
    result.stdout.fnmatch_lines(["SKIPPED*nothing to check against*"])
