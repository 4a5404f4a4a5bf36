"""What became of the runs of a finding since it was last edited, as git's history has it."""

from __future__ import annotations

from pathlib import Path

from reports import gathered, point
from repositories import add_entry, add_finding, batch, git, job, write


def commit(repo: Path, day: int) -> str:
    when = f"2026-05-{day:02d}T12:00:00Z"
    dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "all", **dates)
    return git(repo, "rev-parse", "--short", "HEAD").strip()


def changes(repo: Path) -> dict[str, tuple[str, ...]]:
    return {f.name: f.citations[0].changes for f in gathered(repo).findings}


def test_runs_that_came_or_changed_since_the_last_edit_are_counted(repo: Path) -> None:
    ids = [add_entry(repo, point(n)) for n in range(2)]
    add_finding(repo, "F001-a", batch("E001"))
    first = commit(repo, 1)
    add_entry(repo, point(2))
    add_entry(repo, point(0), status="stopped")
    add_finding(repo, "F002-b", batch("E001"))
    add_finding(repo, "F003-c", job(ids[1]))
    second = commit(repo, 2)
    add_entry(repo, point(3))
    add_entry(repo, point(2), status="stopped")
    commit(repo, 3)
    output = "since its last edit in {} of 2026-05-{:02d}: {} (`aexp changes {}`)"
    assert changes(repo) == {
        "F001": (output.format(first, 1, "1 run changed, 2 runs new", "F001"),),
        "F002": (output.format(second, 2, "1 run changed, 1 run new", "F002"),),
        "F003": (),
    }
    add_finding(repo, "F001-a", batch("E001"), extra="title: again\n")
    commit(repo, 4)
    assert changes(repo)["F001"] == ()


def test_a_pinned_citation_and_one_without_history_say_nothing(repo: Path, tmp_path: Path) -> None:
    pinned = f"{{type: job, id: {add_entry(repo, point(1))}, ended_at: '2026-05-14T11:00:00Z'}}"
    add_finding(repo, "F001-a", batch("E001"))
    assert changes(repo) == {"F001": ()}
    commit(repo, 1)
    add_finding(repo, "F002-b", pinned)
    add_entry(repo, point(1), attempt=2)
    commit(repo, 2)
    assert [bool(lines) for lines in changes(repo).values()] == [True, True]
    write(repo, "pyproject.toml", "")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repo}", "shallow")
    assert changes(tmp_path / "shallow")["F001"] == ()


def test_the_project_may_lie_below_the_top_of_the_work_tree(repo: Path) -> None:
    below = repo / "paper"
    add_entry(below, point(1))
    add_finding(below, "F001-ä", batch("E001"))
    commit(repo, 1)
    add_entry(below, point(2))
    commit(repo, 2)
    assert "1 run new" in changes(below)["F001"][0]
