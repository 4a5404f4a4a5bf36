"""A study under review, from its first check to a retraction that others try to undo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hooking import Hooks
from reference import reference_python, run_reference
from repositories import add_entry, add_jobs, git
from study import Study, digest_of, submitted_study

from pytest_aexp.cli import main

FINDINGS = "kb/research/findings"
RETRACTIONS = ".aexp/ledger/retractions"


class Laptop:
    """A clone of the study, and what its owner types in it."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capsys = capsys

    def aexp(self, line: str, status: int = 0) -> str:
        """What a command prints."""
        self._capsys.readouterr()
        assert main(line.split()) == status, self._capsys.readouterr()
        return self._capsys.readouterr().out

    def problems(self, line: str = "validate") -> list[tuple[str, str, str]]:
        """The severity, code and finding of each problem."""
        self._capsys.readouterr()
        main([*line.split(), "--format", "json"])
        found = json.loads(self._capsys.readouterr().out)["problems"]
        return [(p["severity"], p["code"], Path(p["path"]).name[:4]) for p in found]

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that a finding has once."""
        (path,) = (self.root / FINDINGS).glob(f"{name}-*.md")
        text = path.read_text()
        assert text.count(old) == 1, text
        path.write_text(text.replace(old, new))


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    study = submitted_study(tmp_path / "laptop")
    monkeypatch.chdir(study.root)
    return study


@pytest.fixture
def laptop(study: Study, capsys: pytest.CaptureFixture[str]) -> Laptop:
    return Laptop(study.root, capsys)


FAILED = ("warning", "evidence.failed_run")
WRONG = ("error", "finding.wrong_number", "F001")
RETRACTED = ("error", "finding.retracted_run", "F002")


def write_numbers(laptop: Laptop, study: Study) -> None:
    """What the authors write into F001: 5 seeds, of which three were abandoned."""
    text = "The SVM reaches 0.983<!-- = mean(svm.accuracy) --> over 5<!-- = n(svm) --> seeds.\n"
    laptop.edit("F001", "body\n", text)


def test_what_a_reviewer_asks_of_a_study(laptop: Laptop, study: Study) -> None:
    # The numbers rest on runs that have none: that is said, and what to do about it.
    write_numbers(laptop, study)
    assert laptop.problems("validate F001") == [
        (*FAILED, "F001"),
        ("warning", "finding.unchecked_number", "F001"),
    ]
    assert "3 of 5 runs have no accuracy, all abandoned" in laptop.aexp("validate F001")
    laptop.edit("F001", "as: svm}", "as: svm, status: complete}")

    # Two of five are left, and so it is two seeds, and another mean.
    out = laptop.aexp("validate F001", status=1)
    assert "0.983 does not follow from its runs: mean(svm.accuracy) is 0.98 over 2 runs" in out
    assert "next: write 0.980, or correct the expression" in out
    assert "5 does not follow from its runs: n(svm) is 2 over 2 runs" in out
    out = laptop.aexp("numbers F001 --write")
    assert (
        "+The SVM reaches 0.980<!-- = mean(svm.accuracy) --> over 2<!-- = n(svm) --> seeds." in out
    )
    assert laptop.problems("validate F001") == []

    # Pinned, the finding stays what it is when the batch grows.
    kept = [job_id for job_id in study.svm if "complete" in entry(study, job_id)["status"]]
    pin = f"status: complete, count: 2, digest: {digest_of(study.root, kept)}}}"
    laptop.edit("F001", "status: complete}", pin)
    study.commit("Write numbers", 11)
    for seed in (5, 6):
        point = {"experiment_id": "E001", "seed": seed, "model": "svm"}
        fields: dict[str, Any] = {"ended_at": f"2026-05-14T11:0{seed}:00Z"}
        study.svm.append(add_entry(study.root, point, metrics={"accuracy": 0.5}, **fields))
    assert laptop.problems("validate F001") == [("warning", "finding.grown_batch", "F001")]
    out = laptop.aexp("validate F001")
    assert "the batch has 4 runs, 2 when it was pinned" in out
    assert any(f"`aexp cite F001 --except {new[:8]}`" in out for new in study.svm[-2:])

    # Reruns under the same ids change nothing that anybody sees, but the pin.
    for job_id in study.scaled:
        rerun(study, job_id)
    assert ("error", "finding.changed_evidence", "F003") in laptop.problems()
    out = laptop.aexp("validate F003", status=1)
    assert "another run or attempt" in out
    assert "next: read the finding again" in out


def entry(study: Study, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((study.root / f".aexp/ledger/{job_id}.json").read_bytes())
    return found


def rerun(study: Study, job_id: str) -> None:
    """The run ran again, and its entry is of the second attempt."""
    again = {**entry(study, job_id), "ended_at": "2026-05-14T12:00:00Z", "attempt": 2}
    again |= {"metrics": {"accuracy": 0.9}, "promoted_at": "2026-05-14T12:01:00Z"}
    path = study.root / f".aexp/ledger/{job_id}.json"
    path.write_text(json.dumps(again, indent=2, sort_keys=True) + "\n")


# The retraction


@pytest.fixture
def retracted(laptop: Laptop, study: Study) -> str:
    """The best run of F002, retracted and committed."""
    run = study.cancer[0]
    assert main(["retract", run[:8], "--reason", "the validation split leaked"]) == 0
    study.commit("Retract a run", 16)
    study.retraction = next((study.root / RETRACTIONS).iterdir()).stem
    return run


def test_a_retraction_is_an_error_until_somebody_decides(
    laptop: Laptop, study: Study, retracted: str
) -> None:
    out = laptop.aexp("validate F002", status=1)
    assert out.count("the validation split leaked") == 2  # of the batch, and of the run by itself
    assert f'run {retracted} was retracted: "the validation split leaked"' in out
    laptop.aexp("retract " + retracted + " --reason leaked --mark")
    assert RETRACTED not in laptop.problems()


def still_retracted(laptop: Laptop) -> bool:
    return laptop.problems("validate F002").count(RETRACTED) == 2


def test_no_promotion_takes_it_back(laptop: Laptop, study: Study, retracted: str) -> None:
    """A colleague has the run in a store, complete as ever."""
    point = entry(study, retracted)["statepoint"]
    add_jobs(study.root, [{"statepoint": point, "doc": {"status": "complete", "accuracy": 1}}])
    laptop.aexp("ledger backfill")
    assert still_retracted(laptop)
    laptop.aexp(f"ledger promote {retracted} --replace")
    assert still_retracted(laptop)
    laptop.aexp(f"link {retracted} --experiment E002")
    laptop.aexp(f"mark {retracted} complete")
    assert still_retracted(laptop)
    # Without its entry the run is in no batch, but cited by itself it is retracted as before.
    (study.root / f".aexp/ledger/{retracted}.json").unlink()
    assert RETRACTED in laptop.problems("validate F002")


def test_no_merge_takes_it_back(
    laptop: Laptop, study: Study, retracted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A colleague retracts the run as well, and changes its entry, without having pulled."""
    colleague = tmp_path / "desk"
    git(tmp_path, "clone", "-q", str(study.root), str(colleague))
    git(colleague, "reset", "-q", "--hard", "HEAD~1")
    monkeypatch.chdir(colleague)
    assert not (colleague / RETRACTIONS).exists()
    laptop.aexp("retract " + retracted + " --reason another-cause")
    rerun(Study(colleague), retracted)
    git(colleague, "add", "-A")
    git(colleague, "commit", "-qm", "Retract it here, too")
    git(study.root, "pull", "-q", "--no-rebase", "--no-edit", str(colleague))
    monkeypatch.chdir(study.root)
    assert len(list((study.root / RETRACTIONS).iterdir())) == 2
    assert still_retracted(laptop)
    laptop.aexp(f"retract --lift {study.retraction} --reason wrong")
    assert still_retracted(laptop)
    laptop.aexp(f"retract --lift {retracted} --reason wrong")
    assert not still_retracted(laptop)


def test_no_pack_takes_it_back(laptop: Laptop, study: Study, retracted: str) -> None:
    for name in ("F001", "F002", "F003"):
        next((study.root / FINDINGS).glob(f"{name}-*.md")).rename(study.root / f"{name}.md")
    laptop.aexp("ledger pack")
    assert not (study.root / f".aexp/ledger/{retracted}.json").exists()
    for name in ("F001", "F002", "F003"):
        (study.root / f"{name}.md").rename(study.root / FINDINGS / f"{name}-x.md")
    assert still_retracted(laptop)
    assert (study.root / RETRACTIONS).is_dir()


def test_the_hooks_let_bad_news_pass_and_keep_it(
    laptop: Laptop, study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    hooks = Hooks(capsys)
    capsys.readouterr()
    assert main(["retract", study.cancer[0], "--reason", "the validation split leaked"]) == 0
    git(study.root, "add", "--", RETRACTIONS)
    capsys.readouterr()
    # The finding belongs to somebody else: he is told, and the commit goes through.
    output = hooks.findings()
    assert output.status == 0
    assert output.codes.count("finding.retracted_run") == 2
    assert ": error: " not in output.out
    assert hooks.ledger().status == 0
    git(study.root, "commit", "-qm", "Retract a run")
    (record,) = (study.root / RETRACTIONS).iterdir()
    record.unlink()
    git(study.root, "add", "-A")
    output = hooks.ledger()
    assert output.codes == ["ledger.invalid_retraction"]
    assert output.status == 1


@pytest.mark.slow
def test_no_use_of_agentic_experiments_takes_it_back(
    laptop: Laptop, study: Study, retracted: str
) -> None:
    point = entry(study, retracted)["statepoint"]
    add_jobs(study.root, [{"statepoint": point, "doc": {"status": "complete"}}])
    python = reference_python()
    use = (
        "from aexp.ledger import backfill_ledger\n"
        "from aexp.install import install_scaffold\n"
        "from aexp.runs import get_run_store, mark_status\n"
        "from aexp.linking import link_to_experiment\n"
        "install_scaffold('.')\n"
        "print(backfill_ledger('.'))\n"
        f"job = get_run_store('.').open_job(id='{retracted}')\n"
        "mark_status(job, 'complete')\n"
        f"link_to_experiment('{retracted}', experiment_id='E002')\n"
        "print(backfill_ledger('.', overwrite=True))\n"
    )
    run_reference(python, study.root, use)
    assert still_retracted(laptop)
    # Its own check takes the records for what they are to it: nothing.
    check = (
        "from aexp.validate import validate_repo\n"
        "result = validate_repo('.', mode='runs-only')\n"
        "print([issue.code for issue in result.issues if issue.severity == 'error'])\n"
    )
    reported = run_reference(python, study.root, check)
    (study.root / RETRACTIONS).rename(study.root / "aside")
    assert run_reference(python, study.root, check) == reported
    (study.root / "aside").rename(study.root / RETRACTIONS)
    git(study.root, "add", "-A")
    assert f"{RETRACTIONS}/{study.retraction}.json" in git(study.root, "ls-files")
