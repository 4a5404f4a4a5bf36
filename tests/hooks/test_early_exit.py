"""A commit that concerns neither findings nor ledger waits for nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hooking import FINDING, NOWHERE, commit, stage
from pytest_aexp.hooks import early_exit
from pytest_aexp.hooks.early_exit import StagedDiff
from repositories import add_entry, add_finding, git, job, write

from pytest_aexp.ground.settings.configuration import CONFIG, DEFAULT_FINDINGS
from pytest_aexp.ground.settings.globs import fixed_part
from pytest_aexp.model.entry import LEDGER_DIR
from pytest_aexp.model.runs.machine_index import INDEX_DIR


def test_its_folders_are_those_of_the_rules() -> None:
    assert (early_exit.LEDGER, early_exit.INDEXES, early_exit.CONFIG) == (
        LEDGER_DIR,
        INDEX_DIR,
        CONFIG,
    )
    assert {fixed_part(glob) for glob in DEFAULT_FINDINGS} == {early_exit.FINDINGS}


@pytest.fixture
def settled(repo: Path) -> Path:
    """A repository with something in each place, all of it committed."""
    add_finding(repo, "F001-x", job(add_entry(repo, {"seed": 0})))
    write(repo, "src/code.py", "pass\n")
    write(repo, "pyproject.toml", "[project]\nname = 'x'\n")
    commit(repo)
    return repo


class TestStagedDiff:
    @pytest.mark.parametrize(
        ("path", "findings", "entries"),
        [
            ("README", True, True),
            ("src/code.py", True, True),
            ("kb/research/F001-x.md", True, True),
            ("kb/research/findings-old/F001.md", True, True),
            (".aexp/ledgers/x.json", True, True),
            (FINDING, False, True),
            ("kb/research/findings/sub/notes.txt", False, True),
            (f".aexp/ledger/{NOWHERE}.json", False, False),
            (".aexp/ledger/x", False, False),
            (".aexp/runs-index/m.json", False, True),
            ("pyproject.toml", False, True),
        ],
    )
    def test_which_paths_matter(
        self, settled: Path, path: str, findings: bool, entries: bool
    ) -> None:
        write(settled, path, "changed\n")
        stage(settled)
        staged = StagedDiff()
        assert (staged.leaves_findings_alone(), staged.leaves_entries_alone()) == (
            findings,
            entries,
        )

    @pytest.mark.parametrize("path", ["kb", ".aexp", "kb/research", ".aexp/ledger"])
    def test_a_folder_on_the_way_that_becomes_a_file_matters(
        self, settled: Path, path: str
    ) -> None:
        git(settled, "rm", "-rq", path)
        write(settled, path, "x")
        git(settled, "add", path)
        assert not StagedDiff().leaves_findings_alone()

    def test_a_deletion_matters_like_a_change(self, settled: Path) -> None:
        git(settled, "rm", "-rq", ".aexp")
        assert not StagedDiff().leaves_findings_alone()
        assert not StagedDiff().leaves_entries_alone()

    def test_with_nothing_staged_all_matters(self, settled: Path) -> None:
        assert not StagedDiff().leaves_findings_alone()
        assert not StagedDiff().leaves_entries_alone()

    @pytest.mark.parametrize("config", ["[tool.aexp]\nfindings = 'src/*'\n", None])
    def test_where_other_files_may_be_findings_a_staged_is_not_enough(
        self, settled: Path, config: str | None
    ) -> None:
        if config is not None:
            write(settled, "pyproject.toml", config)
        else:
            write(settled, "real.toml", "[tool.aexp]\nfindings = 'src/*'\n")
            (settled / "pyproject.toml").unlink()
            (settled / "pyproject.toml").symlink_to("real.toml")
        commit(settled)
        write(settled, "src/code.py", "changed\n")
        stage(settled)
        assert not StagedDiff().leaves_findings_alone()
        assert StagedDiff().leaves_entries_alone()

    @pytest.mark.parametrize("table", ["[tool.aexp]", "[tool . 'aexp']", "[tool]\naexp.findings"])
    @pytest.mark.parametrize("path", ["sub/notes/x.md", "sub/notes/x.rst"])
    def test_a_repository_in_a_folder_may_be_configured_in_any_spelling(
        self, settled: Path, table: str, path: str
    ) -> None:
        write(settled, path, "x")
        stage(settled)
        assert StagedDiff().leaves_findings_alone()
        write(settled, "sub/pyproject.toml", f"{table}\n")
        commit(settled)
        write(settled, path, "changed\n")
        stage(settled)
        assert not StagedDiff().leaves_findings_alone()

    @pytest.mark.parametrize("kind", ["link", "missing"])
    def test_settings_in_a_folder_that_git_does_not_read_may_say_anything(
        self, settled: Path, kind: str
    ) -> None:
        if kind == "link":
            write(settled, "sub/real.toml", "[tool.aexp]\nfindings = ['notes/*']\n")
            (settled / "sub/pyproject.toml").symlink_to("real.toml")
        else:
            write(settled, "sub/pyproject.toml", "[tool.aexp]\nfindings = ['notes/*']\n")
        commit(settled)
        if kind == "missing":
            name = git(settled, "rev-parse", ":sub/pyproject.toml").strip()
            (settled / f".git/objects/{name[:2]}/{name[2:]}").unlink()
        write(settled, "sub/notes/x.md", "x")
        git(settled, "add", "sub/notes")
        assert not StagedDiff().leaves_findings_alone()

    def test_where_the_end_of_children_is_ignored_it_sees_nothing(self, settled: Path) -> None:
        write(settled, "README", "x")
        stage(settled)
        before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        try:
            assert StagedDiff().raw is None
        finally:
            signal.signal(signal.SIGCHLD, before)

    @pytest.mark.parametrize("name", ["PRE_COMMIT_TO_REF", "PRE_COMMIT_LOCAL_BRANCH"])
    def test_on_a_push_what_is_staged_says_nothing(
        self, settled: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        write(settled, "README", "x")
        stage(settled)
        monkeypatch.setenv(name, "HEAD")
        assert StagedDiff().raw is None
        assert not StagedDiff().leaves_findings_alone()

    def test_no_file_system_monitor_is_run(
        self, settled: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log = settled.parent / "log"
        monkeypatch.chdir(settled)
        git(settled, "config", "core.fsmonitor", f"echo x >> {log}; :")
        git(settled, "diff-index", "--cached", "HEAD")
        assert log.read_text().startswith("x")  # git by itself does
        log.unlink()
        assert StagedDiff().raw == b""
        assert not log.exists()

    def test_further_down_and_before_the_first_commit_it_sees_nothing(
        self, settled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(settled, "README", "x")
        stage(settled)
        monkeypatch.chdir(settled / "src")
        assert StagedDiff().raw is None
        git(tmp_path, "init", "-q", "new")
        monkeypatch.chdir(tmp_path / "new")
        write(tmp_path / "new", "README", "x")
        stage(tmp_path / "new")
        assert StagedDiff().raw is None

    def test_without_git_it_sees_nothing(
        self, settled: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(settled))
        before = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
        assert StagedDiff().raw is None
        assert before is None or set(os.listdir("/proc/self/fd")) == before

    @pytest.mark.parametrize("name", ["a b", "new\nline", "ü", os.fsdecode(b"\xff")])
    def test_paths_of_any_name_are_told_apart(self, settled: Path, name: str) -> None:
        write(settled, f"src/{name}", "x")
        write(settled, f"kb/research/findings/F2{name}.md", "x")
        stage(settled, "src")
        assert StagedDiff().leaves_findings_alone()
        stage(settled)
        assert not StagedDiff().leaves_findings_alone()


class TestCost:
    """Counted, as time is not the same twice."""

    @staticmethod
    def run(program: str, repo: Path) -> subprocess.CompletedProcess[str]:
        code = (
            "import sys, __future__; before = set(sys.modules)\n"
            f"from pytest_aexp.hooks.{program} import main\n"
            "status = main([])\n"
            "print(*sorted(set(sys.modules) - before), file=sys.stderr); sys.exit(status)"
        )
        environ = {**os.environ, "GIT_TRACE": str(repo / ".git/trace")}
        command = [sys.executable, "-c", code]
        return subprocess.run(
            command, cwd=repo, env=environ, capture_output=True, text=True, check=False
        )

    @pytest.mark.parametrize("program", ["findings", "ledger"])
    def test_a_commit_that_concerns_nothing(self, settled: Path, program: str) -> None:
        write(settled, "README", "x")
        stage(settled)
        done = self.run(program, settled)
        assert (done.returncode, done.stdout) == (0, "")
        package = {"pytest_aexp", "pytest_aexp.hooks", "pytest_aexp.hooks.early_exit"}
        imported = {name for name in done.stderr.split() if name.startswith("pytest_aexp")}
        assert imported == {*package, f"pytest_aexp.hooks.{program}"}
        # As much again as Python itself.
        assert "subprocess" not in done.stderr.split()
        asked = re.findall(r"built-in: git ([a-z-]+)", (settled / ".git/trace").read_text())
        assert sorted(asked) == ["cat-file", "diff-index"]

    def test_one_finding_asks_git_little_and_never_for_the_whole_ledger(
        self, settled: Path
    ) -> None:
        ids = [add_entry(settled, {"seed": number}) for number in range(60)]
        commit(settled)
        add_finding(settled, "F002-y", *map(job, ids[:4]))
        stage(settled)
        (settled / ".git/trace").unlink(missing_ok=True)
        done = self.run("findings", settled)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        trace = (settled / ".git/trace").read_text()
        asked = re.findall(r"built-in: git (?:--literal-pathspecs )?(.*)", trace)
        # One of them finds who builds on the finding. Two read the index, which may be large.
        assert len(asked) == 6, asked
        assert sum("--cached" in line or line.startswith("ls-files") for line in asked) == 2, asked
        listing = [line for line in asked if line.startswith("ls-files")]
        assert not any(line.endswith(".aexp/ledger") for line in listing)
        assert set(re.findall("ledger/([0-9a-f]{32})", listing[-1])) == set(ids[:4])
        # Plain front matter needs no YAML parser.
        assert "ruamel" not in done.stderr
