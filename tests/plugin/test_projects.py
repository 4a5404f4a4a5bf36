"""Several repositories below pytest's rootdir, and a policy from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import add_entry, add_finding, git, job, write

NOWHERE = "deadbeefdeadbeefdeadbeefdeadbeef"
RUN = ("-p", "no:cacheprovider", "-rA")


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
    done = pytester.runpytest_subprocess(*RUN, "--aexp-strict-runs=error")
    assert done.ret == 1
    done.assert_outcomes(passed=3, failed=1)
    done.stdout.fnmatch_lines(["FAILED bad/kb/research/findings/F002-x.md::supporting_runs*"])
    done.stdout.fnmatch_lines(["aexp: bad: 1 entry from *", "aexp: good: 1 entry from *"])


def test_an_own_test_beside_them(top: Path, pytester: pytest.Pytester) -> None:
    write(top, "tests/test_one.py", "def test_one(): pass\n")
    write(top, "pytest.ini", "[pytest]\ntestpaths = tests\naexp = true\n")
    done = pytester.runpytest_subprocess(*RUN)
    done.assert_outcomes(passed=4, failed=1)


def test_a_policy_from_a_commit_counts(top: Path, pytester: pytest.Pytester) -> None:
    off = '[tool.aexp.severity]\n"finding.broken_run_citation" = "off"\n'
    write(top, "bad/pyproject.toml", off)
    assert pytester.runpytest_subprocess(*RUN, "--aexp").ret == 0
    done = pytester.runpytest_subprocess(*RUN, "--aexp", "--aexp-policy-from=HEAD")
    done.assert_outcomes(passed=3, failed=1, warnings=1)
    assert "policy.weakened" in done.stdout.str()


def test_what_is_typed_counts_for_more_than_the_table(top: Path, pytester: pytest.Pytester) -> None:
    off = '[tool.aexp.severity]\n"finding.broken_run_citation" = "off"\n'
    write(top, "bad/pyproject.toml", off)
    assert pytester.runpytest_subprocess(*RUN, "--aexp-strict-runs=error").ret == 1
