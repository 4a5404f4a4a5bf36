"""Since when evidence is compared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from repositories import add_entry, add_finding, batch, git
from study import Study, digest_of, reviewed_study

from pytest_aexp.cli.findings.edit_finding import open_checker
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.work.evidence.since import ChangesReader, CitationChanges

PATHS = {
    f"F00{n}": f"kb/research/findings/F00{n}-{name}.md"
    for n, name in enumerate(("svm", "cancer", "scaling"), start=1)
}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return reviewed_study(tmp_path / "study")


def changes(
    root: Path, name: str, since: str | None, at: pytest.MonkeyPatch
) -> list[CitationChanges]:
    at.chdir(root)
    checker = open_checker()
    with ChangesReader(checker, since) as reader:
        return list(reader.of(checker.finding(PATHS[name])))


def test_since_the_pin_though_the_finding_was_edited(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = study.root / PATHS["F003"]
    path.write_text(path.read_text() + "A typo less.\n")
    study.commit("Mend a typo", 20)
    (found,) = changes(study.root, "F003", None, monkeypatch)
    assert found.since.reason == f"since it was pinned in {study.submitted[:10]} of 2026-05-10"
    assert [change.kind for change in found.changes] == ["ran again"] * 5
    assert "accuracy 0.987 -> 0.9" in {d for c in found.changes for d in c.details}


def test_else_since_the_last_edit(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = changes(study.root, "F001", None, monkeypatch)
    assert found.since.reason == f"since it was edited in {study.submitted[:10]} of 2026-05-10"
    assert sorted(c.run["job_id"] for c in found.changes) == sorted(study.svm[-2:])
    path = study.root / PATHS["F001"]
    path.write_text(path.read_text() + "Read again.\n")
    study.commit("Read it again", 20)
    (found,) = changes(study.root, "F001", None, monkeypatch)
    assert found.changes == ()


def test_changes_are_those_since_the_commit_given(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = changes(study.root, "F003", "HEAD~1", monkeypatch)
    assert found.changes == ()
    with pytest.raises(UsageError):
        changes(study.root, "F003", "nowhere", monkeypatch)


def shallow(study: Study) -> Path:
    clone = study.root.parent / "clone"
    git(study.root.parent, "clone", "-q", "--depth", "1", study.root.as_uri(), "clone")
    return clone


def test_a_shallow_clone_cannot_tell(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = shallow(study)
    for name in PATHS:
        with pytest.raises(UsageError, match="this clone is shallow, so what has changed"):
            changes(clone, name, None, monkeypatch)


def test_a_pin_that_fits_tells_in_a_shallow_clone_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from study import retract, submitted_study

    study = submitted_study(tmp_path / "study")
    (found,) = changes(shallow(study), "F003", None, monkeypatch)
    assert (found.since.reason, found.changes) == ("since it was pinned", ())
    retract(tmp_path / "clone", [study.scaled[0]], "wrong")
    (found,) = changes(tmp_path / "clone", "F003", None, monkeypatch)
    assert [change.kind for change in found.changes] == ["retracted"]


def test_a_pin_that_came_after_the_batch_grew(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a rebase, a revert of a revert or a move of the finding leaves the history."""
    later = add_entry(study.root, {"experiment_id": "E003", "scale": True, "seed": 9})
    pin = f"count: 5, digest: {digest_of(study.root, study.scaled)}"
    text = (study.root / PATHS["F003"]).read_text()
    (study.root / PATHS["F003"]).write_text(re.sub("count: 5, digest: [0-9a-f]+", pin, text))
    pinned = study.commit("Pin anew, beside a run that came in between", 20)
    (found,) = changes(study.root, "F003", None, monkeypatch)
    assert found.since.reason == f"since it was pinned in {pinned[:10]} of 2026-05-20"
    assert [(c.kind, c.run["job_id"]) for c in found.changes] == [("new", later)]
    (found,) = changes(shallow(study), "F003", None, monkeypatch)
    assert [(c.kind, c.run["job_id"]) for c in found.changes] == [("new", later)]


def test_a_pin_that_never_fitted_where_it_was_committed(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = study.root / PATHS["F003"]
    moved = path.with_name("F003-moved.md")
    path.rename(moved)
    commit = study.commit("Give it another name, after the runs ran again", 20)
    monkeypatch.setitem(PATHS, "F003", moved.relative_to(study.root).as_posix())
    with pytest.raises(UsageError, match=f"in {commit[:10]}, where .* was pinned, the ledger did"):
        changes(study.root, "F003", None, monkeypatch)
    (found,) = changes(study.root, "F003", study.submitted, monkeypatch)
    assert [change.kind for change in found.changes] == ["ran again"] * 5


def test_a_pin_that_is_in_no_commit_yet(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    path = study.root / PATHS["F003"]
    digest = digest_of(study.root, study.scaled)
    path.write_text(re.sub("digest: [0-9a-f]+", f"digest: {digest}", path.read_text()))
    (found,) = changes(study.root, "F003", None, monkeypatch)
    assert (found.since.reason, found.changes) == ("since it was pinned", ())


def test_a_finding_in_no_commit(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(repo, "commit", "-qm", "x", "--allow-empty")
    add_entry(repo, {"experiment_id": "E001"})
    add_finding(repo, "F001-svm", batch("E001"))
    with pytest.raises(UsageError, match="is in no commit: give --since REV"):
        changes(repo, "F001", None, monkeypatch)
    (found,) = changes(repo, "F001", "HEAD", monkeypatch)
    assert [change.kind for change in found.changes] == ["new"]
