"""The real pre-commit and prek, installing the hooks from this repository's last commit."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hooking import FINDING, NOWHERE, add_run, entry_of_run
from repositories import add_entry, add_finding, batch, git, job, new_repository, write
from tree import ROOT

from pytest_aexp.linking import link_to_experiment

pytestmark = [pytest.mark.slow, pytest.mark.tree]

BOTH = pytest.mark.parametrize("project", ["pre-commit", "prek"], indirect=True)
"""Where prek has its own way: what it puts aside, what it takes from a command and from git."""
STAGES = ("pre-commit", "pre-merge-commit", "pre-push")
BROKEN = "finding.broken_run_citation"
UNSTAGED = "finding.unstaged_ledger_entry"


def program(name: str) -> Path:
    return Path(sys.executable).with_name(name)


@dataclass(frozen=True)
class Done:
    status: int
    output: str


@dataclass(frozen=True)
class Project:
    """A repository with the hooks installed, as a team has it."""

    root: Path
    tool: Path

    def run(self, *command: str | Path, stdin: str = "") -> Done:
        done = subprocess.run(
            command,
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            input=stdin,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout)

    def git(self, *arguments: str, stdin: str = "") -> Done:
        return self.run("git", *arguments, stdin=stdin)

    def add(self, *paths: str) -> None:
        git(self.root, "add", "--all", "--", *(paths or (".",)))

    def commit(self, *arguments: str) -> Done:
        return self.git("commit", "-m", "change", *arguments)

    def passes(self, done: Done) -> None:
        assert done.status == 0, done.output

    def is_refused(self, done: Done, *printed: str) -> None:
        assert done.status != 0, done.output
        for text in printed:
            assert text in done.output

    def settle(self) -> None:
        """Commit everything without asking the hooks."""
        self.add()
        git(self.root, "commit", "-q", "--allow-empty", "--no-verify", "-m", "settled")


@pytest.fixture(scope="session")
def hooks_home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One place for the hooks' environment, which is built once for all tests."""
    own = tmp_path_factory.getbasetemp()
    return (own if worker_id == "master" else own.parent) / "hooks-home"


@pytest.fixture(scope="session")
def revision(hooks_home: Path) -> str:
    """The commit that the hooks are installed from: one, though others commit meanwhile."""
    hooks_home.mkdir(exist_ok=True)
    file = hooks_home / "revision"
    try:
        with file.open("x") as opened:
            opened.write(git(ROOT, "rev-parse", "HEAD"))
    except FileExistsError:
        pass
    return file.read_text().strip() or git(ROOT, "rev-parse", "HEAD").strip()


@pytest.fixture
def project(
    request: pytest.FixtureRequest,
    hooks_home: Path,
    revision: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Project:
    tool = program(getattr(request, "param", "pre-commit"))
    assert tool.exists(), f"{tool.name} is not installed here; `make venv` does it"
    monkeypatch.setenv("PRE_COMMIT_HOME", str(hooks_home / "pre-commit"))
    monkeypatch.setenv("PREK_HOME", str(hooks_home / "prek"))
    monkeypatch.setenv("PRE_COMMIT_COLOR", "never")
    # The tool's own Python must not be what the hooks find.
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    repo = new_repository(tmp_path / "repo")
    config = (
        f"repos:\n- repo: {ROOT}\n  rev: {revision}\n"
        "  hooks:\n  - id: aexp-findings\n  - id: aexp-ledger\n"
    )
    write(repo, ".pre-commit-config.yaml", config)
    write(repo, ".gitignore", ".runs/\n.aexp/*\n!.aexp/ledger/\n")
    made = Project(repo, tool)
    add_entry(repo, {"experiment_id": "E000"})
    made.settle()
    chosen = [argument for stage in STAGES for argument in ("--hook-type", stage)]
    installed = made.run(tool, "install", *chosen)
    assert installed.status == 0, installed.output
    monkeypatch.chdir(repo)
    return made


@pytest.fixture
def held(project: Project) -> str:
    """A finding that cites a run with an entry, all of it committed; the run's job id."""
    job_id = add_entry(project.root, {"experiment_id": "E001", "seed": 0})
    add_finding(project.root, "F001-x", job(job_id), batch("E001"), extra=BODY)
    project.settle()
    return job_id


BODY = "".join(f"line{number}: 1\n" for number in range(12))
"""Long enough that what stands above and below is staged in two parts."""


class TestCommit:
    def test_an_edited_finding_is_refused_until_its_citations_hold(
        self, project: Project, held: str
    ) -> None:
        add_finding(project.root, "F001-x", job(held), job(NOWHERE), extra=BODY)
        project.add()
        place = f"{FINDING}:17:21: error: "
        project.is_refused(project.commit(), f"{place}run {NOWHERE} was not found", BROKEN)
        add_finding(project.root, "F001-x", job(held), extra=BODY)
        project.add()
        project.passes(project.commit())

    def test_a_new_finding_whose_run_is_not_promoted(self, project: Project) -> None:
        job_id = add_run(project.root)
        add_finding(project.root, "F001-x", job(job_id))
        project.add()
        project.is_refused(project.commit(), UNSTAGED, f"git add {entry_of_run(job_id)}")
        assert project.git("add", entry_of_run(job_id)).status == 0
        project.passes(project.commit())
        assert entry_of_run(job_id) in project.git("ls-files").output

    def test_a_run_that_is_linked_after_its_promotion(self, project: Project) -> None:
        job_id = add_run(project.root)
        add_finding(project.root, "F001-x", job(job_id))
        project.add()
        project.commit()
        project.settle()
        write(project.root, "kb/research/experiments/E002-x.md", "---\nid: E002\n---\n")
        link_to_experiment(job_id, experiment_id="E002", repo_root=project.root)
        assert '"E002"' in (project.root / entry_of_run(job_id)).read_text()
        add_finding(project.root, "F001-x", job(job_id), extra="more: true\n")
        project.add("kb")
        project.is_refused(project.commit(), UNSTAGED, f"git add {entry_of_run(job_id)}")
        assert '"E002"' in (project.root / entry_of_run(job_id)).read_text()
        project.git("add", entry_of_run(job_id))
        project.passes(project.commit())
        assert '"E002"' in project.git("show", f"HEAD:{entry_of_run(job_id)}").output

    def test_only_a_cited_entry_is_deleted(self, project: Project, held: str) -> None:
        project.git("rm", "-q", entry_of_run(held))
        done = project.commit()
        project.is_refused(done, f"{FINDING}:16:21: error: run {held} was not found", BROKEN)
        assert "finding.empty_batch" in done.output

    def test_an_entry_that_nobody_cites_is_deleted(self, project: Project, held: str) -> None:
        other = add_entry(project.root, {"experiment_id": "E009"})
        project.settle()
        project.git("rm", "-q", entry_of_run(other))
        project.passes(project.commit())

    def test_a_finding_is_renamed(self, project: Project, held: str) -> None:
        project.git("mv", FINDING, "kb/research/findings/F002-y.md")
        project.passes(project.commit())
        add_finding(project.root, "F003-z", job(NOWHERE))
        project.settle()
        project.git("mv", "kb/research/findings/F003-z.md", "kb/research/findings/F004-z.md")
        project.is_refused(project.commit(), "kb/research/findings/F004-z.md:4:21: error: ", BROKEN)

    def test_an_entry_is_renamed(self, project: Project, held: str) -> None:
        project.git("mv", entry_of_run(held), entry_of_run(NOWHERE))
        done = project.commit()
        project.is_refused(done, BROKEN, "ledger.invalid_entry")
        assert f"but its file is named for {NOWHERE}" in done.output

    def test_a_commit_of_other_files_passes_over_old_errors(
        self, project: Project, held: str
    ) -> None:
        add_finding(project.root, "F009-old", job(NOWHERE))
        project.settle()
        write(project.root, "README", "x")
        project.add()
        done = project.commit()
        project.passes(done)
        assert "error" not in done.output


@BOTH
class TestPartOfWhatIsThere:
    def test_a_commit_of_all_changes_is_judged_by_what_it_will_hold(
        self, project: Project, held: str
    ) -> None:
        add_finding(project.root, "F001-x", job(NOWHERE), extra=BODY)
        project.is_refused(project.commit("-a"), BROKEN)
        add_finding(project.root, "F001-x", job(held), extra=BODY + "more: true\n")
        project.passes(project.commit("-a"))

    def test_a_commit_of_one_path_is_judged_by_that_path(self, project: Project, held: str) -> None:
        add_finding(project.root, "F002-y", job(NOWHERE))
        project.add()
        write(project.root, "README", "x")
        git(project.root, "add", "README")
        project.passes(project.commit("README"))
        project.is_refused(project.commit("kb/research/findings/F002-y.md"), BROKEN)

    def test_commit_path_leaves_out_what_is_staged_besides(self, project: Project) -> None:
        job_id = add_run(project.root)
        add_finding(project.root, "F001-x", job(job_id))
        project.add()
        done = project.commit(FINDING)
        project.is_refused(done, UNSTAGED, "and name it in `git commit` too")
        project.git("add", entry_of_run(job_id))
        project.is_refused(project.commit(FINDING), UNSTAGED)
        project.passes(project.commit(FINDING, entry_of_run(job_id)))

    @pytest.mark.parametrize(("answers", "status"), [("n\ny\n", 0), ("y\nn\n", 1)])
    def test_a_finding_staged_in_part_is_judged_by_the_staged_part(
        self, project: Project, held: str, answers: str, status: int
    ) -> None:
        """The first part breaks a citation, the second only adds to the text."""
        file = project.root / FINDING
        file.write_text(BODY_FINDING.format(cited=held))
        project.settle()
        file.write_text(BODY_FINDING.format(cited=NOWHERE) + "\nadded\n")
        project.git("add", "-p", stdin=answers)
        assert project.git("diff", "--cached", "--stat").output
        done = project.commit()
        assert done.status == status, done.output
        assert (BROKEN in done.output) == bool(status)
        left = file.read_text()
        assert NOWHERE in left
        assert left.endswith("added\n")

    def test_what_is_not_staged_is_put_aside_and_comes_back(
        self, project: Project, held: str
    ) -> None:
        add_finding(project.root, "F002-y", job(held))
        project.add()
        broken = add_finding(project.root, "F001-x", job(NOWHERE)).read_text()
        (project.root / entry_of_run(held)).write_text("damaged\n")
        project.passes(project.commit())
        assert (project.root / FINDING).read_text() == broken
        assert (project.root / entry_of_run(held)).read_text() == "damaged\n"

    def test_an_entry_that_was_never_added(self, project: Project) -> None:
        job_id = add_entry(project.root, {"experiment_id": "E005"})
        add_finding(project.root, "F001-x", job(job_id), batch("E005"))
        project.add("kb")
        done = project.commit()
        project.is_refused(done, UNSTAGED, f"run `git add {entry_of_run(job_id)}`")
        assert done.output.count(UNSTAGED) == 2
        project.git("add", entry_of_run(job_id))
        project.passes(project.commit())


BODY_FINDING = "---\nsupporting_runs:\n  - {{type: job, id: {cited}}}\n---\n" + "text\n" * 12


class TestEntries:
    def test_an_entry_that_leaks_is_refused(self, project: Project) -> None:
        add_entry(project.root, {"experiment_id": "E005"}, code_commit="/home/me/work")
        project.add()
        project.is_refused(project.commit(), "ledger.leak", "absolute path at")

    def test_a_stray_file_is_stopped(self, project: Project) -> None:
        write(project.root, ".aexp/ledger/copy of run.json", "{}")
        project.add()
        project.is_refused(
            project.commit(), ".aexp/ledger/copy of run.json:1:1: error: the file is"
        )


class TestMerge:
    @pytest.fixture
    def sides(self, project: Project, held: str) -> Callable[[Callable[[], object]], None]:
        """Make main and theirs differ: by what ``theirs`` does, and by a line of the finding."""

        def make(theirs: Callable[[], object]) -> None:
            project.git("checkout", "-qb", "theirs")
            theirs()
            project.settle()
            project.git("checkout", "-q", "main")
            add_finding(project.root, "F001-x", job(held), extra="ours: 1\n" + BODY)
            project.settle()

        return make

    def test_a_conflict_that_was_resolved_wrongly(
        self, project: Project, held: str, sides: Callable[[Callable[[], object]], None]
    ) -> None:
        sides(lambda: add_finding(project.root, "F001-x", job(held), extra="theirs: 1\n" + BODY))
        assert project.git("merge", "theirs").status != 0
        assert project.commit().status != 0
        project.add()
        project.is_refused(project.git("commit", "--no-edit"), "finding.unreadable")
        add_finding(project.root, "F001-x", job(NOWHERE), extra=BODY)
        project.add()
        project.is_refused(project.git("commit", "--no-edit"), BROKEN)
        add_finding(project.root, "F001-x", job(held), extra="both: 1\n" + BODY)
        project.add()
        project.passes(project.git("commit", "--no-edit"))

    def test_a_clean_merge_that_loses_the_evidence(
        self, project: Project, held: str, sides: Callable[[Callable[[], object]], None]
    ) -> None:
        sides(lambda: git(project.root, "rm", "-q", entry_of_run(held), FINDING))
        project.git("checkout", "-q", "-B", "again", "main")
        git(project.root, "rm", "-q", FINDING)
        add_finding(project.root, "F002-y", job(held))
        project.settle()
        done = project.git("merge", "--no-edit", "theirs")
        project.is_refused(done, "kb/research/findings/F002-y.md:4:21: error: ", BROKEN)

    def test_conflict_markers_in_an_entry(
        self, project: Project, held: str, sides: Callable[[Callable[[], object]], None]
    ) -> None:
        sides(
            lambda: add_entry(project.root, {"experiment_id": "E001", "seed": 0}, status="failed")
        )
        add_entry(project.root, {"experiment_id": "E001", "seed": 0}, status="stopped")
        project.settle()
        assert project.git("merge", "theirs").status != 0
        project.add()
        project.is_refused(
            project.git("commit", "--no-edit"),
            "ledger.invalid_entry",
            f"git checkout --merge -- {entry_of_run(held)} && aexp ledger resolve {held}`: ",
        )
        too_late = project.run(program("aexp"), "ledger", "resolve")
        assert f"run `git checkout --merge -- {entry_of_run(held)}`" in too_late.output
        project.git("checkout", "--merge", "--", entry_of_run(held))
        resolved = project.run(program("aexp"), "ledger", "resolve")
        assert resolved.status == 0, resolved.output
        project.passes(project.git("commit", "--no-edit"))


@BOTH
class TestByHand:
    def test_with_all_files_everything_is_judged(self, project: Project, held: str) -> None:
        project.passes(project.run(project.tool, "run", "--all-files"))
        add_finding(project.root, "F002-y", job(NOWHERE))
        write(project.root, entry_of_run(NOWHERE[::-1]), "{}")
        project.settle()
        done = project.run(project.tool, "run", "--all-files")
        project.is_refused(done, BROKEN, "ledger.invalid_entry")
        assert "2 findings, 3 citations" in done.output

    def test_a_range_is_judged_for_what_it_changes(self, project: Project, held: str) -> None:
        add_finding(project.root, "F002-y", job(NOWHERE))
        project.settle()
        write(project.root, "README", "x")
        project.settle()
        ends = ("--from-ref", "HEAD~", "--to-ref", "HEAD")
        project.passes(project.run(project.tool, "run", *ends))
        ends = ("--from-ref", "HEAD~2", "--to-ref", "HEAD")
        project.is_refused(project.run(project.tool, "run", *ends), BROKEN)

    def test_the_hooks_take_arguments_from_the_configuration(
        self, project: Project, held: str
    ) -> None:
        config = project.root / ".pre-commit-config.yaml"
        given = "id: aexp-findings\n    args: [--stage, --strict-runs=warn]"
        config.write_text(config.read_text().replace("id: aexp-findings", given))
        project.settle()
        job_id = add_run(project.root)
        add_finding(project.root, "F002-y", job(job_id), job(NOWHERE))
        project.add()
        done = project.commit()
        project.passes(done)
        assert f"added to the commit: {entry_of_run(job_id)}" in done.output
        assert f"warning: run {NOWHERE} was not found" in done.output
        assert entry_of_run(job_id) in project.git("show", "--stat=200", "HEAD").output
        assert project.git("status", "--porcelain").output == ""


@BOTH
class TestPush:
    @pytest.fixture
    def remote(self, project: Project, tmp_path: Path) -> str:
        git(tmp_path, "init", "-q", "--bare", "remote.git")
        git(project.root, "remote", "add", "origin", str(tmp_path / "remote.git"))
        return "origin"

    def test_the_range_that_is_pushed(self, project: Project, held: str, remote: str) -> None:
        project.passes(project.git("push", "-q", remote, "main"))
        add_finding(project.root, "F002-y", job(NOWHERE))
        project.settle()
        project.is_refused(project.git("push", "-q", remote, "main"), BROKEN)
        add_finding(project.root, "F002-y", job(held))
        project.settle()
        project.passes(project.git("push", "-q", remote, "main"))

    def test_the_first_push_of_a_branch(self, project: Project, held: str, remote: str) -> None:
        add_finding(project.root, "F002-y", job(NOWHERE))
        project.settle()
        project.is_refused(project.git("push", "-q", remote, "main"), BROKEN)

    def test_an_entry_that_was_committed_away(
        self, project: Project, held: str, remote: str
    ) -> None:
        project.passes(project.git("push", "-q", remote, "main"))
        git(project.root, "rm", "-q", entry_of_run(held))
        project.settle()
        project.is_refused(project.git("push", "-q", remote, "main"), BROKEN)


@BOTH
def test_a_linked_work_tree(project: Project, held: str, tmp_path: Path) -> None:
    linked = Project(tmp_path / "linked", project.tool)
    git(project.root, "worktree", "add", "-q", str(linked.root))
    git(linked.root, "rm", "-q", entry_of_run(held))
    linked.is_refused(linked.commit(), BROKEN)
    git(linked.root, "reset", "-q", "--hard")
    add_finding(linked.root, "F002-y", job(held))
    linked.add()
    linked.passes(linked.commit())
