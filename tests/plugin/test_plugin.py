"""The pytest face: what is collected, how it is chosen, what is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from repositories import add_entry, add_finding, add_jobs, batch, job, new_repository, write

QUIET = ("-W", "always::pytest_aexp.CitationWarning", "-p", "no:hypothesispytest")
UNKNOWN = "deadbeef" * 4
POINT = {"experiment_id": "E001", "condition": "a", "seed": 1}


class Repo:
    """A repository with one good finding and one that has a good and a broken citation."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.job_id = add_entry(path, POINT)
        add_finding(path, "F001-good", job(self.job_id), batch("E001", "{condition: a}"))
        add_finding(path, "F004-broken", job(self.job_id), job(UNKNOWN))


@pytest.fixture
def repo(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository, the current folder; asking for pytester first, which changes it."""
    path = new_repository(pytester.path / "repo")
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def cited(repo: Path) -> Repo:
    return Repo(repo)


@pytest.fixture
def run(pytester: pytest.Pytester):
    """Run pytest in the current folder, the settings of this suite left out."""

    def run_pytest(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_inprocess(*QUIET, "-p", "no:xdist", *arguments)

    return run_pytest


@pytest.fixture
def run_apart(pytester: pytest.Pytester):
    """The same in a process of its own."""

    def run_pytest(*arguments: str) -> pytest.RunResult:
        return pytester.run(sys.executable, "-m", "pytest", *QUIET, *arguments)

    return run_pytest


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
        f"FAILED kb/research/findings/F004-broken.md::supporting_runs?1? - *"
        f"kb/research/findings/F004-broken.md:5:21: error: run {UNKNOWN} was not found*"
        f"?finding.broken_run_citation?; next: *aexp ledger promote {UNKNOWN}*git pull*"
    )


def test_the_header_counts_entries_and_names_machines_and_strictness(cited: Repo, run) -> None:
    add_entry(cited.path, {"experiment_id": "E002"}, registered_machine="laptop")
    run("--aexp-strict-runs=warn").stdout.fnmatch_lines(
        ["aexp: 2 entries from cluster and laptop; strict-runs: warn"]
    )


def test_the_summary_has_a_line_for_each_finding_with_problems(cited: Repo, run) -> None:
    result = run()
    result.stdout.fnmatch_lines(
        [
            "=* citations =*",
            "kb/research/findings/F004-broken.md: 1 error (finding.broken_run_citation)",
        ]
    )
    result.stdout.no_fnmatch_line("kb/research/findings/F001-good.md: *")


class TestCounts:
    def said(self, result: pytest.RunResult) -> list[str]:
        lines = [line for line in result.outlines if line.startswith("aexp: ")]
        return [line.removeprefix("aexp: ") for line in lines if "strict-runs" not in line]

    def test_tell_which_stand(self, cited: Repo, run) -> None:
        assert self.said(run()) == ["1 finding stands, 1 does not"]
        add_finding(cited.path, "F005-too", job(cited.job_id))
        add_finding(cited.path, "F006-not", job(UNKNOWN), job(UNKNOWN))
        assert self.said(run()) == ["2 findings stand, 2 do not"]

    def test_a_warning_lets_a_finding_stand_unless_it_is_made_an_error(
        self, cited: Repo, run
    ) -> None:
        assert self.said(run("--aexp-strict-runs=warn")) == ["2 findings stand"]
        strict = ("--aexp-strict-runs=warn", "-W", "error::pytest_aexp.CitationWarning")
        assert self.said(run(*strict)) == ["1 finding stands, 1 does not"]

    def test_what_is_not_judged_does_not_stand(self, cited: Repo, run) -> None:
        assert self.said(run("--aexp-strict-runs=off")) == ["0 findings stand, 2 are not judged"]

    def test_are_of_what_was_chosen(self, cited: Repo, run) -> None:
        assert self.said(run("-k", "F001")) == ["1 finding stands"]
        assert self.said(run("--co")) == []

    def test_quietly_only_where_there_is_a_problem(self, cited: Repo, run) -> None:
        assert self.said(run("-q", "-k", "F001")) == []
        assert self.said(run("-q")) == ["1 finding stands, 1 does not"]

    def test_an_entry_that_is_damaged_tells_against_who_cites_it(self, cited: Repo, run) -> None:
        write(cited.path, f".aexp/ledger/{UNKNOWN}.json", "{")
        assert self.said(run()) == ["1 finding stands, 1 does not"]
        write(cited.path, f".aexp/ledger/{'e' * 32}.json", "{")
        config = '[tool.aexp.severity]\n"ledger.invalid_entry" = "error"\n'
        write(cited.path, "pyproject.toml", config)
        assert self.said(run()) == ["1 finding stands, 1 does not"]

    def test_come_from_workers_as_well(self, cited: Repo, run_apart) -> None:
        assert self.said(run_apart("-n", "2")) == ["1 finding stands, 1 does not"]

    def test_nothing_is_counted_where_nothing_was_judged(self, cited: Repo, run) -> None:
        path = write(cited.path, "test_own.py", "def test_own(): pass\n")
        assert self.said(run(str(path))) == []


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
    result.stdout.fnmatch_lines([f"*F004-broken.md:5:21: warning: run {UNKNOWN} was not found*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*items.py*")


def test_an_unknown_strictness_is_wrong_usage_and_names_the_three(cited: Repo, run_apart) -> None:
    result = run_apart("--aexp-strict-runs=loud")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*error*warn*off*"])


def test_an_unknown_strictness_in_the_ini_is_wrong_usage(cited: Repo, run_apart) -> None:
    write(cited.path, "pytest.ini", "[pytest]\naexp_strict_runs = loud\n")
    result = run_apart()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*'loud'*error, warn, off*"])


def test_a_broken_configuration_is_wrong_usage(cited: Repo, run_apart) -> None:
    write(cited.path, "pyproject.toml", "[tool.aexp]\nstrict_rnus = 'warn'\n")
    result = run_apart()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*strict_rnus*strict_runs*"])


@pytest.mark.parametrize(
    ("config", "options", "strictness"),
    [
        ("[tool.aexp]\nstrict_runs = 'warn'\n", ["--aexp"], "warn"),
        ("[tool.aexp]\nstrict_runs = 'warn'\n", [], "warn"),
        ("[tool.pytest.ini_options]\naexp_strict_runs = 'off'\n", [], "off"),
        (
            "[tool.aexp]\nstrict_runs='off'\n[tool.pytest.ini_options]\naexp_strict_runs='warn'\n",
            [],
            "warn",
        ),
        (
            "[tool.pytest.ini_options]\naexp_strict_runs = 'off'\n",
            ["--aexp-strict-runs=error"],
            "error",
        ),
    ],
)
def test_the_option_beats_the_ini_and_the_ini_beats_the_repository(
    cited: Repo, run, config: str, options: list[str], strictness: str
) -> None:
    write(cited.path, "pyproject.toml", config)
    run(*options).stdout.fnmatch_lines([f"aexp: *; strict-runs: {strictness}"])


def test_severities_of_the_repository_apply(cited: Repo, run) -> None:
    write(
        cited.path, "pyproject.toml", '[tool.aexp.severity]\n"finding.broken_run_citation" = "off"'
    )
    run().assert_outcomes(passed=6)


class TestChoosing:
    """Items are chosen as pytest's own are."""

    def test_by_job_id(self, cited: Repo, run) -> None:
        run("-k", UNKNOWN).assert_outcomes(failed=1, deselected=5)

    def test_by_experiment(self, cited: Repo, run) -> None:
        run("-k", "E001").assert_outcomes(passed=1, deselected=5)

    @pytest.mark.parametrize("name", ["F004", "f004"])
    def test_by_finding(self, cited: Repo, run, name: str) -> None:
        run("-k", name).assert_outcomes(failed=1, passed=2, deselected=3)

    def test_by_marker(self, cited: Repo, run) -> None:
        write(cited.path, "test_other.py", "def test_other(): pass\n")
        run("-m", "aexp").assert_outcomes(failed=1, passed=5, deselected=1)
        run("-m", "not aexp").assert_outcomes(passed=1, deselected=6)

    def test_by_node_id(self, cited: Repo, run) -> None:
        node = "kb/research/findings/F004-broken.md::supporting_runs[1]"
        run(node).assert_outcomes(failed=1)

    def test_by_path(self, cited: Repo, run) -> None:
        run("kb/research/findings/F001-good.md").assert_outcomes(passed=3)

    def test_what_failed_last(self, cited: Repo, run) -> None:
        run()
        run("--lf").assert_outcomes(failed=1)

    def test_without_the_cache(self, cited: Repo, run) -> None:
        run("-p", "no:cacheprovider").assert_outcomes(failed=1, passed=5)
        assert not (cited.path / ".pytest_cache").exists()

    def test_without_the_plugin(self, cited: Repo, run_apart) -> None:
        result = run_apart("-p", "no:aexp", "-W", "ignore")
        assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
        result.stdout.no_fnmatch_line("aexp:*")


class TestWhere:
    """Findings are collected with ``testpaths``; what the user chose is left alone."""

    @pytest.fixture
    def with_tests(self, cited: Repo) -> Repo:
        write(cited.path, "tests/test_own.py", "def test_own(): pass\n")
        write(cited.path, "pytest.ini", "[pytest]\ntestpaths = tests\n")
        return cited

    def test_testpaths(self, with_tests: Repo, run) -> None:
        run().assert_outcomes(failed=1, passed=6)

    def test_testpaths_that_hold_the_findings_already(self, with_tests: Repo, run) -> None:
        write(with_tests.path, "pytest.ini", "[pytest]\ntestpaths = tests kb\n")
        run().assert_outcomes(failed=1, passed=6)

    def test_testpaths_with_workers(self, with_tests: Repo, run_apart) -> None:
        run_apart("-n", "2").assert_outcomes(failed=1, passed=6)

    def test_a_path_of_the_users(self, with_tests: Repo, run) -> None:
        run("tests").assert_outcomes(passed=1)

    def test_a_sub_folder(self, with_tests: Repo, run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(with_tests.path / "tests")
        run("../kb").assert_outcomes(failed=1, passed=5)
        monkeypatch.chdir(with_tests.path / "kb")
        run().assert_outcomes(failed=1, passed=5)

    def test_globs_of_the_repository(self, cited: Repo, run) -> None:
        write(cited.path, "pyproject.toml", "[tool.aexp]\nfindings = ['notes/*.md']\n")
        write(cited.path, "notes/one.md", "---\n---\n")
        run().assert_outcomes(passed=1)

    def test_a_repository_seen_through_a_link(
        self, cited: Repo, run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        link = cited.path.parent / "link"
        link.symlink_to(cited.path)
        monkeypatch.chdir(link)
        run().assert_outcomes(failed=1, passed=5)
        add_finding(cited.path, "build/F009-x", job(UNKNOWN))
        run().assert_outcomes(failed=2, passed=6)
        run("kb").assert_outcomes(failed=2, passed=6)


class TestFoldersThatPytestDoesNotEnter:
    """A finding is one wherever it lies; pytest's habits are about tests."""

    @pytest.fixture(params=["build", "dist", "node_modules", "venv", "x.egg", "__pycache__", "env"])
    def hidden(self, repo: Path, request: pytest.FixtureRequest) -> Path:
        folder = repo / "kb/research/findings" / request.param
        add_entry(repo, POINT)
        add_finding(repo, "F001-x")
        add_finding(repo, f"{request.param}/F002-x", job(UNKNOWN))
        write(repo, f".aexp/ledger/{'e' * 32}.json", "[]")
        (folder / "test_not_for_us.py").write_text("raise SystemExit")
        if request.param == "env":
            write(repo, folder.relative_to(repo) / "pyvenv.cfg", "")
            write(repo, folder.relative_to(repo) / "bin/activate", "")
        return folder

    @pytest.mark.parametrize("where", [(), ("kb",), (".",), ("kb/research/findings",)])
    def test_findings_are_collected_there(self, hidden: Path, run, where: tuple[str, ...]) -> None:
        run(*where).assert_outcomes(failed=1, passed=2, warnings=1)

    def test_with_testpaths(self, hidden: Path, repo: Path, run) -> None:
        write(repo, "tests/test_own.py", "def test_own(): pass\n")
        write(repo, "pytest.ini", "[pytest]\ntestpaths = tests\n")
        run().assert_outcomes(failed=1, passed=3, warnings=1)

    @pytest.mark.parametrize(
        "how",
        [
            ["--ignore=kb"],
            ["--ignore-glob=*/F002*"],
            ["--ignore-glob=*/research"],
            ["--deselect=kb/research/findings"],
        ],
    )
    def test_what_the_user_ignores_stays_ignored(self, hidden: Path, run, how: list[str]) -> None:
        run(*how).stdout.no_fnmatch_line("*was not found*")

    def test_what_a_conftest_ignores_stays_ignored(self, hidden: Path, repo: Path, run) -> None:
        write(repo, "conftest.py", "collect_ignore = ['kb']\n")
        run().assert_outcomes()

    def test_by_node_id_and_last_failed(self, hidden: Path, repo: Path, run) -> None:
        item = f"{hidden.relative_to(repo)}/F002-x.md::supporting_runs[0]"
        if hidden.name == "__pycache__" and pytest.version_tuple < (8, 1):
            return
        run(item).assert_outcomes(failed=1)
        run().assert_outcomes(failed=1, passed=2, warnings=1)
        run("--lf").assert_outcomes(failed=1)

    def test_with_workers(self, hidden: Path, run_apart) -> None:
        if hidden.name == "build":
            run_apart("-n", "2").assert_outcomes(failed=1, passed=2, warnings=1)


def test_norecursedirs_of_the_users_hides_no_finding(cited: Repo, run) -> None:
    write(cited.path, "pytest.ini", "[pytest]\nnorecursedirs = kb other/*\n")
    run().assert_outcomes(failed=1, passed=5)


class TestTestpaths:
    """Beside ``testpaths``, findings and nothing but findings are collected."""

    @pytest.mark.parametrize(
        ("testpaths", "globs"),
        [("tests", "**/F[0-9]*.md"), ("kb/tests", "kb/**/F[0-9]*.md"), ("tests", "*/F*.md")],
    )
    def test_globs_that_reach_over_the_tests(
        self, repo: Path, run, testpaths: str, globs: str
    ) -> None:
        add_entry(repo, POINT)
        write(repo, f"{testpaths}/test_own.py", "def test_own(): pass\n")
        write(repo, "vendor/test_not_ours.py", "raise SystemExit\n")
        write(repo, "kb/F001-x.md", f"---\nsupporting_runs: [{{type: job, id: {UNKNOWN}}}]\n---\n")
        write(repo, "pytest.ini", f"[pytest]\ntestpaths = {testpaths}\n")
        write(repo, "pyproject.toml", f"[tool.aexp]\nfindings = ['{globs}']\n")
        run().assert_outcomes(failed=1, passed=2)

    def test_tests_beside_findings_are_not_collected(self, cited: Repo, run) -> None:
        write(cited.path, "tests/test_own.py", "def test_own(): pass\n")
        write(cited.path, "pytest.ini", "[pytest]\ntestpaths = tests\n")
        write(cited.path, "kb/research/findings/test_plots.py", "import no_such_module\n")
        write(cited.path, "kb/research/findings/conftest.py", "raise SystemExit\n")
        run().assert_outcomes(failed=1, passed=6)


class TestFromElsewhere:
    """pytest is started outside of the repository, which has no configuration of its own."""

    @pytest.fixture
    def outside(self, cited: Repo, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.chdir(cited.path.parent)
        return cited.path.name

    def test_a_path_leads_to_the_repository(self, outside: str, run) -> None:
        run("--aexp-strict-runs=error", outside).assert_outcomes(failed=1, passed=5)
        run(f"{outside}/kb/research").assert_outcomes(failed=1, passed=5)
        finding = f"{outside}/kb/research/findings/F004-broken.md"
        run(f"{finding}::supporting_runs[1]").assert_outcomes(failed=1)

    def test_without_a_repository_the_check_cannot_be_done(self, outside: str, run) -> None:
        Path("empty").mkdir()
        result = run("--aexp-strict-runs=error", "empty")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(
            ["*aexp: no repository at *give pytest the repository's folder"]
        )
        run("empty").assert_outcomes()


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


class TestFixture:
    """``aexp_ledger`` lets a project's own tests look at its evidence."""

    def test_is_a_read_only_mapping_with_batches(self, cited: Repo, run) -> None:
        add_entry(cited.path, {**POINT, "seed": 2}, status="failed")
        write(cited.path, f".aexp/ledger/{'e' * 32}.json", "[]")
        write(
            cited.path,
            "test_own.py",
            f"""
import pytest
def test_mapping(aexp_ledger):
    assert len(aexp_ledger) == 2
    assert aexp_ledger["{cited.job_id}"]["statepoint"]["seed"] == 1
    with pytest.raises(TypeError):
        aexp_ledger["{cited.job_id}"]["status"] = "failed"
    with pytest.raises(KeyError):
        aexp_ledger["{"e" * 32}"]
def test_batch(aexp_ledger):
    statuses = [e["status"] for e in aexp_ledger.batch("E001", condition="a")]
    assert sorted(statuses) == ["complete", "failed"]
    assert [e["status"] for e in aexp_ledger.batch("E001", seed=2)] == ["failed"]
    assert aexp_ledger.batch("E001", seed="2") == []
    assert len(aexp_ledger.batch("E001")) == 2
""",
        )
        run("test_own.py").assert_outcomes(passed=2)


class TestInert:
    """A repository without findings does not notice the plugin."""

    @pytest.fixture
    def plain(self, repo: Path) -> Path:
        write(repo, "test_plain.py", "def test_plain(): pass\n")
        return repo

    def test_nothing_is_added(self, plain: Path, run) -> None:
        result = run()
        result.assert_outcomes(passed=1)
        result.stdout.no_fnmatch_line("*aexp:*")
        result.stdout.no_fnmatch_line("*citations*")

    def test_nothing_is_loaded(self, plain: Path) -> None:
        write(
            plain,
            "conftest.py",
            "import sys\n"
            "def pytest_sessionfinish():\n"
            "    print('LOADED', *sorted(m for m in sys.modules if m.startswith("
            "('pytest_aexp', 'ruamel', '_ruamel', 'jsonschema', 'signac'))))\n",
        )
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-s", "-p", "no:hypothesispytest"],
            capture_output=True,
            text=True,
            check=True,
        )
        loaded = next(line for line in done.stdout.splitlines() if "LOADED" in line)
        assert loaded.split("LOADED ")[1].split() == [
            "pytest_aexp",
            "pytest_aexp.ground",
            "pytest_aexp.ground.find_root",
            "pytest_aexp.plugin",
        ]

    def test_findings_without_a_ledger_folder_wait_to_be_asked_for(self, plain: Path, run) -> None:
        add_finding(plain, "F001-x", job(UNKNOWN))
        run().assert_outcomes(passed=1)
        run("--aexp").assert_outcomes(passed=2, skipped=1, warnings=1)


def test_an_unpromoted_run_warns(repo: Path, run) -> None:
    (job_id,) = add_jobs(repo, [{"statepoint": POINT, "doc": {"status": "complete"}}])
    add_finding(repo, "F001-x", job(job_id))
    result = run("--aexp")
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines([f"*aexp ledger promote {job_id}*git add .aexp/ledger/{job_id}*"])


def test_importing_the_plugin_costs_next_to_nothing() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import pytest_aexp.plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    package = ["pytest_aexp", "pytest_aexp.ground", "pytest_aexp.ground.find_root"]
    assert done.stdout.split() == [*package, "pytest_aexp.plugin"]


def test_a_second_repository_below_is_not_ours(cited: Repo, run) -> None:
    other = new_repository(cited.path / "vendor" / "other")
    add_finding(other, "F009-theirs", job(UNKNOWN))
    run().assert_outcomes(failed=1, passed=5)
