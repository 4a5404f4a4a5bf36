"""What pytest shows besides the items."""

from __future__ import annotations

from pathlib import Path

import pytest
from plugged import UNKNOWN, Repo
from repositories import add_entry, add_finding, git, job, write


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
    def counts(self, result: pytest.RunResult) -> list[str]:
        lines = [line for line in result.outlines if line.startswith("aexp: ")]
        return [line.removeprefix("aexp: ") for line in lines if "strict-runs" not in line]

    def test_which_findings_are_ok_and_which_failed(self, cited: Repo, run) -> None:
        assert self.counts(run()) == ["1 finding ok, 1 failed"]
        add_finding(cited.path, "F005-too", job(cited.job_id))
        add_finding(cited.path, "F006-not", job(UNKNOWN), job(UNKNOWN))
        assert self.counts(run()) == ["2 findings ok, 2 failed"]

    def test_a_warning_leaves_a_finding_ok_unless_a_filter_makes_it_an_error(
        self, cited: Repo, run
    ) -> None:
        assert self.counts(run("--aexp-strict-runs=warn")) == ["2 findings ok"]
        strict = ("--aexp-strict-runs=warn", "-W", "error::pytest_aexp.CitationWarning")
        assert self.counts(run(*strict)) == ["1 finding ok, 1 failed"]

    def test_what_is_not_checked_is_not_ok(self, cited: Repo, run) -> None:
        assert self.counts(run("--aexp-strict-runs=off")) == ["0 findings ok, 2 not checked"]

    def test_findings_that_were_not_selected_are_counted(self, cited: Repo, run) -> None:
        assert self.counts(run("-k", "F001")) == ["1 finding ok, 1 of 2 findings selected"]
        assert self.counts(run("--co")) == []

    def test_quiet_output_has_counts_only_with_a_problem(self, cited: Repo, run) -> None:
        assert self.counts(run("-q", "-k", "F001")) == []
        assert self.counts(run("-q")) == ["1 finding ok, 1 failed"]

    def test_a_damaged_entry_counts_against_the_findings_that_cite_it(
        self, cited: Repo, run
    ) -> None:
        write(cited.path, f".aexp/ledger/{UNKNOWN}.json", "{")
        assert self.counts(run()) == ["1 finding ok, 1 failed"]
        write(cited.path, f".aexp/ledger/{'e' * 32}.json", "{")
        config = '[tool.aexp.severity]\n"ledger.invalid_entry" = "error"\n'
        write(cited.path, "pyproject.toml", config)
        assert self.counts(run()) == ["1 finding ok, 1 failed"]

    @pytest.mark.slow
    def test_counts_come_from_workers_as_well(self, cited: Repo, run_apart) -> None:
        assert self.counts(run_apart("-n", "2")) == ["1 finding ok, 1 failed"]

    def test_nothing_is_counted_where_nothing_was_judged(self, cited: Repo, run) -> None:
        path = write(cited.path, "test_own.py", "def test_own(): pass\n")
        assert self.counts(run(str(path))) == []


class TestNothingChecked:
    """A run that was asked for the check and checks nothing does not pass."""

    @pytest.fixture
    def with_tests(self, cited: Repo) -> Repo:
        write(cited.path, "tests/test_own.py", "def test_own(): pass\n")
        return cited

    def test_a_run_in_a_sub_folder_says_how_many_findings_there_are(
        self, with_tests: Repo, run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(with_tests.path / "tests")
        result = run()
        assert result.ret == 0
        result.stdout.fnmatch_lines("aexp: 0 findings ok, 0 of 2 findings selected")

    @pytest.mark.parametrize("addopts", ["--ignore=kb", "--ignore-glob=*.md", "-m 'not aexp'"])
    def test_what_addopts_leaves_out_is_no_choice_of_the_user(
        self, with_tests: Repo, run, addopts: str
    ) -> None:
        write(with_tests.path, "pytest.ini", f"[pytest]\naddopts = {addopts}\n")
        result = run("--aexp")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines("aexp: error: none of 2 findings was checked*")
        assert run("--aexp", "-k", "test_own").ret == 0

    @pytest.mark.parametrize(
        "ini", ["aexp_strict_runs = off", "addopts = --aexp-strict-runs=off", "addopts = -k F001"]
    )
    def test_under_the_policy_of_another_commit_the_repository_chooses_nothing(
        self, cited: Repo, run, ini: str
    ) -> None:
        git(cited.path, "add", "--all")
        git(cited.path, "commit", "-qm", "first")
        write(cited.path, "pytest.ini", f"[pytest]\n{ini}\n")
        result = run("--aexp-policy-from=HEAD")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        if "-k" in ini:
            result.stdout.fnmatch_lines("aexp: error: only 1 of 2 findings was checked*")
        assert run("--aexp-policy-from=HEAD", "-k", "F001").ret == 0

    def test_nor_does_it_excuse_a_failure(self, cited: Repo, run) -> None:
        git(cited.path, "add", "--all")
        git(cited.path, "commit", "-qm", "first")
        excuse = "    [i.add_marker(pytest.mark.xfail) for i in items if 'F004' in i.nodeid]\n"
        hook = f"import pytest\ndef pytest_collection_modifyitems(items):\n{excuse}"
        write(cited.path, "conftest.py", hook)
        assert run("--aexp").ret == 0
        result = run("--aexp-policy-from=HEAD")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines("aexp: error: only * checked: *or excused them")

    def test_a_finding_that_a_conftest_leaves_out_is_counted_in_quiet_output_too(
        self, cited: Repo, run
    ) -> None:
        write(cited.path, "kb/research/findings/conftest.py", "collect_ignore = ['F004-broken.md']")
        result = run("-q")
        assert result.ret == 0
        result.stdout.fnmatch_lines("aexp: 1 finding ok, 1 of 2 findings selected")

    @pytest.mark.parametrize("option", ["--aexp", "--aexp-strict-runs=warn"])
    def test_asked_for_by_name_it_is_an_error(
        self, with_tests: Repo, run, monkeypatch: pytest.MonkeyPatch, option: str
    ) -> None:
        monkeypatch.chdir(with_tests.path / "tests")
        result = run(option)
        result.assert_outcomes(passed=1)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(
            [
                "aexp: error: none of 2 findings was checked: *",
                "  next: pytest ../kb/research/findings",
            ]
        )
        run(option, "../kb/research/findings/F001-good.md").assert_outcomes(passed=3)

    @pytest.mark.parametrize("chosen", [["."], ["-k", "own"], ["-m", "not aexp"]])
    def test_what_the_user_selected_is_no_error(
        self, with_tests: Repo, run, monkeypatch: pytest.MonkeyPatch, chosen: list[str]
    ) -> None:
        monkeypatch.chdir(with_tests.path / "tests")
        assert run("--aexp", *chosen).ret == 0

    def test_another_plugin_that_deselects_every_finding_is_no_way_to_pass(
        self, with_tests: Repo, run
    ) -> None:
        write(
            with_tests.path,
            "conftest.py",
            "def pytest_collection_modifyitems(items):\n"
            "    items[:] = [item for item in items if item.path.suffix == '.py']\n",
        )
        assert run().ret == 0
        assert run("--aexp").ret == pytest.ExitCode.TESTS_FAILED

    def test_a_session_that_only_collects_is_no_error(self, with_tests: Repo, run) -> None:
        assert run("--aexp", "--co").ret == 0

    def test_without_findings_it_says_where_they_were_looked_for(self, repo: Path, run) -> None:
        write(repo, "tests/test_own.py", "def test_own(): pass\n")
        result = run("--aexp")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines("aexp: error: no findings: nothing matches *")

    @pytest.mark.slow
    def test_workers_say_the_same(
        self, with_tests: Repo, run_apart, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(with_tests.path / "tests")
        assert run_apart("--aexp", "-n", "2").ret == pytest.ExitCode.TESTS_FAILED
        monkeypatch.chdir(with_tests.path)
        write(with_tests.path, "kb/research/findings/F004-broken.md", "---\n---\n")
        assert run_apart("--aexp", "-n", "2").ret == 0


def test_commands_in_a_sub_folder_come_with_the_way_to_the_root(
    cited: Repo, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(cited.path / "kb")
    run().stdout.fnmatch_lines("aexp: 1 finding ok, 1 failed; the commands are for the root: cd ..")


def test_findings_that_cannot_be_read_at_all_are_no_way_to_pass(cited: Repo, run) -> None:
    (cited.path / "kb").rename(cited.path.parent / "kb")
    (cited.path / "kb").symlink_to("nowhere")
    write(cited.path, "tests/test_own.py", "def test_own(): pass\n")
    result = run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["aexp: error: no findings of kb*?finding.none_collected?"])


def test_a_folder_whose_findings_the_repository_deselects_does_not_pass(cited: Repo, run) -> None:
    folder, missed = "kb/research/findings", "aexp: error: none of 2 findings was checked: *"
    write(cited.path, "test_own.py", "def test_own(): pass\n")
    write(cited.path, "pytest.ini", '[pytest]\naddopts = -k "not F0"\n')
    result = run("--aexp-strict-runs=error", "test_own.py", folder)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([missed])
    for arguments in (["test_own.py"], [folder, "test_own.py", "-k", "own"]):
        assert run("--aexp-strict-runs=error", *arguments).ret == pytest.ExitCode.OK
