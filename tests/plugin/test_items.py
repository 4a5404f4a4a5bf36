"""Findings and citations as items: how they are chosen, and what each reports."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from plugged import POINT, UNKNOWN, Repo
from repositories import add_entry, add_finding, add_jobs, job, write


def test_an_item_for_the_front_matter_and_one_for_each_citation(cited: Repo, run) -> None:
    result = run("--co", "-q")
    result.stdout.fnmatch_lines(
        [
            "kb/research/findings/F001-good.md::front-matter",
            "kb/research/findings/F001-good.md::supporting_runs?0?",
            "kb/research/findings/F001-good.md::supporting_runs?1?",
            "kb/research/findings/F004-broken.md::front-matter",
            "kb/research/findings/F004-broken.md::supporting_runs?0?",
            "kb/research/findings/F004-broken.md::supporting_runs?1?",
            "6 tests collected*",
        ],
        consecutive=False,
    )


def test_a_broken_citation_fails_without_a_traceback(
    cited: Repo, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    result = run()
    result.assert_outcomes(failed=1, passed=5)
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*items.py*")
    result.stdout.fnmatch_lines(
        [
            "*_ kb/research/findings/F004-broken.md: supporting_runs?1? _*",
            f"run {UNKNOWN} was not found: * ?finding.broken_run_citation?",
            "  at kb/research/findings/F004-broken.md:5:21",
            f"  next: *aexp ledger promote {UNKNOWN}*git pull*",
            f"FAILED kb/*/F004-broken.md::supporting_runs?1? - *run {UNKNOWN} was not found: *",
        ]
    )


def test_what_to_do_next_is_the_brightest_line(cited: Repo, run) -> None:
    lines = run("--color=yes", "--tb=short", "-rN").stdout.lines
    (reason,) = (line for line in lines if line.startswith(f"run {UNKNOWN} was not found"))
    (following,) = (line for line in lines if "  next: " in line)
    assert following.startswith("\x1b[1m  next: ")
    assert "\x1b" not in reason


def test_warn_makes_it_a_warning_and_off_skips(cited: Repo, run) -> None:
    run("--aexp-strict-runs=warn").assert_outcomes(passed=6, warnings=1)
    result = run("--aexp-strict-runs=off", "-rs")
    result.assert_outcomes(passed=2, skipped=4)
    result.stdout.fnmatch_lines(
        ["SKIPPED*kb/research/findings/F0*.md:*: strict-runs is off: *"],
    )


def test_a_filter_turns_citation_warnings_into_failures(
    cited: Repo, pytester: pytest.Pytester
) -> None:
    result = pytester.run(
        *(sys.executable, "-m", "pytest", "--aexp-strict-runs=warn"),
        *("-W", "error::pytest_aexp.CitationWarning"),
    )
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(
        [f"run {UNKNOWN} was not found*", "  at kb/research/findings/F004-broken.md:5:21"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*items.py*")


class TestChoosing:
    """Items are chosen as pytest's own are."""

    def test_a_citation_is_selected_by_its_job_id(self, cited: Repo, run) -> None:
        run("-k", UNKNOWN).assert_outcomes(failed=1, deselected=5)

    def test_a_batch_is_selected_by_its_experiment(self, cited: Repo, run) -> None:
        run("-k", "E001").assert_outcomes(passed=1, deselected=5)

    @pytest.mark.parametrize("name", ["F004", "f004"])
    def test_items_are_selected_by_their_finding(self, cited: Repo, run, name: str) -> None:
        run("-k", name).assert_outcomes(failed=1, passed=2, deselected=3)

    def test_items_are_selected_by_the_marker(self, cited: Repo, run) -> None:
        write(cited.path, "test_other.py", "def test_other(): pass\n")
        run("-m", "aexp").assert_outcomes(failed=1, passed=5, deselected=1)
        run("-m", "not aexp").assert_outcomes(passed=1, deselected=6)

    def test_a_citation_is_selected_by_its_node_id(self, cited: Repo, run) -> None:
        node = "kb/research/findings/F004-broken.md::supporting_runs[1]"
        run(node).assert_outcomes(failed=1)

    def test_a_finding_is_selected_by_its_path(self, cited: Repo, run) -> None:
        run("kb/research/findings/F001-good.md").assert_outcomes(passed=3)

    def test_the_last_failures_can_be_run_alone(self, cited: Repo, run) -> None:
        run()
        run("--lf").assert_outcomes(failed=1)

    def test_items_run_without_the_cache_plugin(self, cited: Repo, run) -> None:
        run("-p", "no:cacheprovider").assert_outcomes(failed=1, passed=5)
        assert not (cited.path / ".pytest_cache").exists()

    def test_without_the_plugin(self, cited: Repo, run_apart) -> None:
        result = run_apart("-p", "no:aexp", "-W", "ignore")
        assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
        result.stdout.no_fnmatch_line("aexp:*")


def test_a_finding_that_cannot_be_read_fails_its_own_item_only(cited: Repo, run) -> None:
    write(cited.path, "kb/research/findings/F002-bad.md", b"---\nid: \xe9\n---\n")
    (cited.path / "kb/research/findings/F003-link.md").symlink_to("nowhere.md")
    result = run("-k", "F002 or F003 or F001")
    result.assert_outcomes(failed=2, passed=3, deselected=3)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_junit_has_code_job_and_machine(repo: Path, run) -> None:
    add_finding(repo, "F001-x", job(UNKNOWN))
    index = {"entries": [{"job_id": UNKNOWN, "status": "complete"}], "machine_label": "cluster"}
    write(repo, ".aexp/runs-index/cluster.json", str(index).replace("'", '"'))
    run("--junitxml=junit.xml").assert_outcomes(passed=2, warnings=1)
    facts = {
        (p.get("name"), p.get("value"))
        for p in ElementTree.parse(repo / "junit.xml").iter("property")
    }
    assert facts == {
        ("job_id", UNKNOWN),
        ("code", "finding.absent_run_citation"),
        ("severity", "warning"),
        ("machine", "cluster"),
    }


def test_an_unpromoted_run_warns(repo: Path, run) -> None:
    (job_id,) = add_jobs(repo, [{"statepoint": POINT, "doc": {"status": "complete"}}])
    add_finding(repo, "F001-x", job(job_id))
    result = run("--aexp")
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines([f"*aexp ledger promote {job_id}*git add .aexp/ledger/{job_id}*"])


def test_a_warning_says_the_place_once_and_what_is_next_on_a_line_of_its_own(
    cited: Repo, run
) -> None:
    run("--aexp-strict-runs=warn").stdout.fnmatch_lines(
        [
            "kb/research/findings/F004-broken.md::supporting_runs?1?",
            f"  kb/*/F004-broken.md:5: CitationWarning: run {UNKNOWN} was not found: *",
            "    next: *aexp ledger promote *",
        ],
        consecutive=True,
    )


def test_the_line_of_an_item_is_that_of_its_first_problem(repo: Path, run) -> None:
    add_entry(repo, POINT)
    path = "kb/research/findings/F001-x.md"
    cited = f"supporting_runs:\n  - type: job\n    note: n\n    id: {UNKNOWN}\n"
    write(repo, path, f"---\nid: F001\n\nsupporting_run: x\n{cited}---\n")
    run("--junitxml=junit.xml", "-o", "junit_family=xunit1")
    lines = {
        case.get("name"): int(case.get("line") or 0) + 1
        for case in ElementTree.parse(repo / "junit.xml").iter("testcase")
    }
    assert lines == {"front-matter": 4, "supporting_runs[0]": 8}


class TestOtherPlugins:
    """What conftests and plugins expect of any item."""

    def test_an_item_has_what_a_doctest_has(self, cited: Repo, run) -> None:
        write(
            cited.path,
            "conftest.py",
            "def pytest_collection_modifyitems(items):\n"
            "    for item in items:\n"
            "        assert 'tmp_path' not in item.fixturenames\n"
            "        assert item.funcargs == {}\n"
            "        assert item.obj is None\n"
            "        item._initrequest()\n"
            "        assert item.reportinfo()[1] >= 0\n",
        )
        run().assert_outcomes(failed=1, passed=5)

    def test_no_two_items_share_a_list(self, cited: Repo, run) -> None:
        write(
            cited.path,
            "conftest.py",
            "def pytest_collection_modifyitems(items):\n"
            "    items[0].fixturenames.append('x')\n"
            "    assert items[1].fixturenames == []\n",
        )
        run().assert_outcomes(failed=1, passed=5)

    def test_an_item_may_be_there_twice(self, cited: Repo, run) -> None:
        twice = "def pytest_collection_modifyitems(items):\n    items *= 2\n"
        write(cited.path, "conftest.py", twice)
        result = run()
        result.assert_outcomes(failed=2, passed=10)
        assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_node_ids_outside_the_rootdir_are_unique_and_can_be_pasted(
    cited: Repo, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_finding(cited.path, "sub/F004-broken", job(UNKNOWN))
    write(cited.path, "backend/tests/test_own.py", "def test_own(): pass\n")
    write(cited.path, "backend/pytest.ini", "[pytest]\ntestpaths = tests\n")
    monkeypatch.chdir(cited.path / "backend")
    listed = [line for line in run("--co", "-q").outlines if ".md::" in line]
    assert len(listed) == len(set(listed)) == 8
    for nodeid in listed:
        outcomes = run(nodeid).parseoutcomes()
        assert outcomes.get("passed", 0) + outcomes.get("failed", 0) == 1, nodeid


def test_the_citations_of_a_very_long_list_share_an_item(repo: Path, run) -> None:
    job_id = add_entry(repo, POINT)
    add_finding(repo, "F001-x", *[job(job_id)] * 39, *[job(UNKNOWN)] * 20)
    result = run("-q")
    result.assert_outcomes(failed=1, passed=31)
    result.stdout.fnmatch_lines(
        [
            "*_ kb/research/findings/F001-x.md: supporting_runs?30:? _*",
            "  at kb/research/findings/F001-x.md:43:21",
            "… and 17 more errors of this kind ?finding.broken_run_citation?",
        ]
    )
    node = "kb/research/findings/F001-x.md::supporting_runs[30:]"
    run(node).assert_outcomes(failed=1)
    run("--lf").assert_outcomes(failed=1)
    run("--aexp-strict-runs=off").assert_outcomes(passed=1, skipped=31)


def test_after_many_problems_of_a_kind_the_reason_alone_is_shown(
    repo: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where pytest takes itself to be in a CI, its short summary has the whole of each failure.
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("BUILD_NUMBER", raising=False)
    add_entry(repo, POINT)
    add_finding(repo, "F001-x", *[job(f"{n:032x}") for n in range(8)])
    add_finding(repo, "F002-x", *[job(f"{n:032x}") for n in range(8, 15)])
    result = run()
    result.assert_outcomes(failed=15, passed=2)
    text = result.stdout.str()
    assert text.count("  next: ") == text.count("  at kb/") == 10
    assert text.count("\nrun 0000000000000000000000000000000") == 15
    assert text.count("FAILED ") == 15


class Editor:
    """What VS Code's adapter does: list items by absolute paths, then match results to them."""

    def __init__(self) -> None:
        self.listed: dict[str, tuple[str, int | None]] = {}
        self.outcomes: dict[str, str] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            assert item.parent is not None
            assert item.parent.path == item.path
            assert not hasattr(item, "callspec")
            rest = item.nodeid.split("::")[1:]
            self.listed["::".join([str(item.path), *rest])] = item.nodeid, item.location[1]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.outcomes[report.nodeid] = report.outcome


@pytest.mark.parametrize("below", [".", "backend"])
def test_an_editor_lists_every_item_and_runs_it_by_an_absolute_path(
    cited: Repo, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    write(cited.path, f"{below}/pytest.ini", "[pytest]\ntestpaths = tests\n")
    write(cited.path, f"{below}/tests/test_own.py", "def test_own(): pass\n")
    monkeypatch.chdir(cited.path / below)
    editor, later = Editor(), Editor()
    pytester.runpytest_inprocess("--co", "-p", "no:xdist", plugins=[editor])
    assert len(editor.listed) == 7
    pytester.runpytest_inprocess("-p", "no:xdist", *editor.listed, plugins=[later])
    assert later.listed == editor.listed
    assert sorted(later.outcomes.values()) == ["failed", *["passed"] * 6]
    assert set(later.outcomes) == {nodeid for nodeid, _ in editor.listed.values()}


def test_a_name_that_is_not_utf8_breaks_neither_junitxml_nor_workers(
    cited: Repo, run, run_apart
) -> None:
    folder = cited.path / "kb/research/findings"
    (folder / "F004-broken.md").rename(folder / os.fsdecode(b"F004-\xff.md"))
    run("--junitxml=x.xml").assert_outcomes(failed=1, passed=5)
    name = r"findings/F004-\udcff.md"
    assert name in (cited.path / "x.xml").read_text()
    result = run_apart("-n", "2")
    result.assert_outcomes(failed=1, passed=5)
    result.stdout.fnmatch_lines(f"FAILED *{name}::*")
