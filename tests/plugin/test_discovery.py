"""Which findings a pytest run collects, wherever they are and however it is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from plugged import POINT, UNKNOWN, Repo
from repositories import add_entry, add_finding, job, new_repository, write

from pytest_aexp.plugin.discovery import was_typed


class TestWhere:
    """Findings are collected with ``testpaths``; what the user chose is left alone."""

    @pytest.fixture
    def with_tests(self, cited: Repo) -> Repo:
        write(cited.path, "tests/test_own.py", "def test_own(): pass\n")
        write(cited.path, "pytest.ini", "[pytest]\ntestpaths = tests\n")
        return cited

    def test_findings_are_collected_beside_testpaths(self, with_tests: Repo, run) -> None:
        run().assert_outcomes(failed=1, passed=6)

    def test_testpaths_that_hold_the_findings_already(self, with_tests: Repo, run) -> None:
        write(with_tests.path, "pytest.ini", "[pytest]\ntestpaths = tests kb\n")
        run().assert_outcomes(failed=1, passed=6)

    @pytest.mark.slow
    def test_testpaths_with_workers(self, with_tests: Repo, run_apart) -> None:
        run_apart("-n", "2").assert_outcomes(failed=1, passed=6)

    def test_a_path_of_the_users(self, with_tests: Repo, run) -> None:
        run("tests").assert_outcomes(passed=1)

    def test_findings_are_collected_from_a_sub_folder(
        self, with_tests: Repo, run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
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

    def test_hidden_findings_are_collected_beside_testpaths(
        self, hidden: Path, repo: Path, run
    ) -> None:
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

    @pytest.mark.slow
    def test_hidden_findings_are_collected_by_workers(self, hidden: Path, run_apart) -> None:
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


def test_a_second_repository_below_is_not_ours(cited: Repo, run) -> None:
    other = new_repository(cited.path / "vendor" / "other")
    add_finding(other, "F009-theirs", job(UNKNOWN))
    run().assert_outcomes(failed=1, passed=5)


def test_what_addopts_says_was_not_typed(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\naddopts = --aexp-strict-runs=warn")
    config = pytester.parseconfig("--maxfail=1")
    assert not was_typed(config, "--aexp-strict-runs")
    assert was_typed(config, "-k", "--maxfail")
