"""When the plugin is active, its options, its fixture, and what it costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from plugged import POINT, UNKNOWN, Repo
from repositories import add_entry, add_finding, git, job, write


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

    def test_an_inert_plugin_adds_nothing_to_the_output(self, plain: Path, run) -> None:
        result = run()
        result.assert_outcomes(passed=1)
        result.stdout.no_fnmatch_line("*aexp:*")
        result.stdout.no_fnmatch_line("*citations*")

    def test_an_inert_plugin_loads_nothing_more(self, plain: Path) -> None:
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

    @pytest.mark.parametrize("block", [True, False])
    def test_a_ledger_in_a_folder_that_git_knows_is_looked_for(
        self, plain: Path, run, block: bool
    ) -> None:
        project = plain / "projects/one"
        if block:
            write(project, ".gitignore", "# agentic-experiments:begin\n")
        else:
            add_entry(project, {"seed": 1})
        add_finding(project, "F001-x", job(UNKNOWN))
        run().assert_outcomes(passed=1)
        git(plain, "add", "--all")
        result = run()
        result.assert_outcomes(passed=2, failed=1)
        result.stdout.fnmatch_lines(["*projects/one/kb/research/findings/F001-x.md*"])
        assert "in projects/one" not in result.stdout.str()  # the summary says where to type it
        add_entry(plain, {"seed": 1})
        # Where it is not the only repository, the same command is about other findings above.
        run().stdout.fnmatch_lines(["  next: in projects/one: *"])

    @pytest.mark.parametrize("option", ["--split-index", "--index-version=4"])
    def test_every_form_of_index_is_understood(self, plain: Path, run, option: str) -> None:
        add_entry(plain / "one", {"seed": 1})
        add_finding(plain / "one", "F001-x", job(UNKNOWN))
        git(plain, "add", "--all")
        git(plain, "update-index", *option.split("="))
        run().assert_outcomes(passed=2, failed=1)

    def test_a_linked_work_tree_has_an_index_of_its_own(
        self, plain: Path, run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        git(plain, "commit", "-q", "--allow-empty", "-m", "first")
        other = plain.parent / "other"
        git(plain, "worktree", "add", "-q", str(other))
        add_finding(other / "one", "F001-x", job(UNKNOWN))
        add_entry(other / "one", {"seed": 1})
        git(other, "add", "--all")
        monkeypatch.chdir(other)
        run(f"--rootdir={other}").assert_outcomes(passed=1, failed=1)

    def test_findings_without_a_ledger_folder_wait_to_be_asked_for(self, plain: Path, run) -> None:
        add_finding(plain, "F001-x", job(UNKNOWN))
        run().assert_outcomes(passed=1)
        run("--aexp").assert_outcomes(passed=2, skipped=1, warnings=1)


def test_importing_the_plugin_costs_next_to_nothing() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import pytest_aexp.plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    package = ["pytest_aexp", "pytest_aexp.ground", "pytest_aexp.ground.find_root"]
    assert done.stdout.split() == [*package, "pytest_aexp.plugin"]


@pytest.mark.parametrize("name", ["aexp", "pytest_aexp", "pytest_aexp.plugin"])
@pytest.mark.parametrize("autoload", [True, False])
def test_the_plugin_can_be_named(
    cited: Repo, run_apart, monkeypatch: pytest.MonkeyPatch, name: str, autoload: bool
) -> None:
    if autoload and name == "pytest_aexp.plugin":
        pytest.skip("pytest takes a module and an entry point for two plugins")
    if not autoload:
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    run_apart("-p", name).assert_outcomes(failed=1, passed=5)


def test_a_plugin_that_is_named_and_switched_off_stays_off(cited: Repo, run_apart) -> None:
    result = run_apart("-p", "pytest_aexp", "-p", "no:aexp", "-W", "ignore")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
