"""Problems that belong to no item."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
from plugged import QUIET, UNKNOWN, Repo
from repositories import add_entry, add_finding, git, job, write


@pytest.mark.slow
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


NOWHERE = "deadbeefdeadbeefdeadbeefdeadbeef"
RUN_HERE = ("-p", "no:cacheprovider", "-rA")


@pytest.fixture
def top(pytester: pytest.Pytester) -> Path:
    """A git repository with a good project in one folder and a broken one in another."""
    root = pytester.path
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "x")
    git(root, "config", "user.email", "x@example.org")
    add_finding(root / "good", "F001-x", job(add_entry(root / "good", {"seed": 1})))
    add_entry(root / "bad", {"seed": 1})
    add_finding(root / "bad", "F002-x", job(NOWHERE))
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    return root


def test_each_is_judged_from_the_top(top: Path, pytester: pytest.Pytester) -> None:
    done = pytester.runpytest_subprocess(*RUN_HERE, "--aexp-strict-runs=error")
    assert done.ret == 1
    done.assert_outcomes(passed=3, failed=1)
    done.stdout.fnmatch_lines(["FAILED bad/kb/research/findings/F002-x.md::supporting_runs*"])
    done.stdout.fnmatch_lines(["aexp: bad: 1 entry from *", "aexp: good: 1 entry from *"])


def test_an_own_test_beside_them(top: Path, pytester: pytest.Pytester) -> None:
    write(top, "tests/test_one.py", "def test_one(): pass\n")
    write(top, "pytest.ini", "[pytest]\ntestpaths = tests\naexp = true\n")
    done = pytester.runpytest_subprocess(*RUN_HERE)
    done.assert_outcomes(passed=4, failed=1)


def test_a_policy_from_a_commit_counts(top: Path, pytester: pytest.Pytester) -> None:
    off = '[tool.aexp.severity]\n"finding.broken_run_citation" = "off"\n'
    write(top, "bad/pyproject.toml", off)
    assert pytester.runpytest_subprocess(*RUN_HERE, "--aexp").ret == 0
    done = pytester.runpytest_subprocess(*RUN_HERE, "--aexp", "--aexp-policy-from=HEAD")
    done.assert_outcomes(passed=3, failed=1, warnings=1)
    assert "policy.weakened" in done.stdout.str()


def test_what_is_typed_counts_for_more_than_the_table(top: Path, pytester: pytest.Pytester) -> None:
    off = '[tool.aexp.severity]\n"finding.broken_run_citation" = "off"\n'
    write(top, "bad/pyproject.toml", off)
    assert pytester.runpytest_subprocess(*RUN_HERE, "--aexp-strict-runs=error").ret == 1


def test_what_was_read_is_let_go_at_the_end(cited: Repo, pytester: pytest.Pytester) -> None:
    """Else Python looks at every piece of a large repository again, three times, before it ends."""
    sessions: list[pytest.Session] = []
    ledgers: list[weakref.ref[object]] = []
    searching: set[bool] = set()

    class Watch:
        def pytest_runtest_logreport(self) -> None:
            searching.add(gc.isenabled())

        def pytest_sessionfinish(self, session: pytest.Session) -> None:
            sessions.append(session)
            ledgers.append(weakref.ref(session.items[0].parent.collector.checker.sources.ledger))  # type: ignore[attr-defined]

    assert pytester.inline_run(*QUIET, "-p", "no:xdist", plugins=[Watch()]).ret == 1
    assert [session.items for session in sessions] == [[]]
    assert [ref() for ref in ledgers] == [None]
    # The user's own tests have Python's search for cycles as they had it.
    assert searching == {True}
