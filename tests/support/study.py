"""A study as a reviewer gets it: 45 runs on two machines, three findings, and what came later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from repositories import add_entry, add_finding, git, new_repository, write

ACCURACY = (0.981, 0.987, 0.979, 0.985, 0.984)
"""Of the five seeds; the other values follow from it."""


@dataclass
class Study:
    """The repository, and the ids of the runs that its findings cite."""

    root: Path
    code: list[str] = field(default_factory=list)
    """The commits of the code: the one that most runs ran with, and the one with the bug fix."""
    svm: list[str] = field(default_factory=list)
    """E001, model=svm: cited by F001 as a batch. Three of seven were abandoned."""
    others: list[str] = field(default_factory=list)
    """E001, the other models; cited by nothing."""
    cancer: list[str] = field(default_factory=list)
    """E002: cited by F002 as a batch, and the best of them by id."""
    scaled: list[str] = field(default_factory=list)
    """E003, scale=true: cited by F003 as a pinned batch."""
    unscaled: list[str] = field(default_factory=list)
    """E003, scale=false."""
    submitted: str = ""
    """The commit in which the findings were written."""
    retraction: str = ""
    """The id of the record that retracts a run of F002, once that is there."""

    @property
    def runs(self) -> list[str]:
        """Every run."""
        return [*self.svm, *self.others, *self.cancer, *self.scaled, *self.unscaled]

    def commit(self, message: str, day: int) -> str:
        """Commit everything; the commit."""
        when = f"2026-05-{day:02d}T12:00:00Z"
        git(self.root, "add", "-A")
        dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        git(self.root, "commit", "-q", "-m", message, **dates)
        return git(self.root, "rev-parse", "HEAD").strip()


def submitted_study(path: Path) -> Study:
    """The study on the day it is submitted: 43 runs and the findings, committed."""
    study = Study(new_repository(path))
    write(path, "train.py", "SCALER = 'all'\n")
    study.code.append(study.commit("Train", 1))
    _digits(study)
    _cancer(study)
    _scaling(study)
    add_finding(
        path,
        "F001-svm",
        "{type: batch, experiment_id: E001, selector: {model: svm}, as: svm}",
        extra="experiment: E001\n",
    )
    add_finding(
        path,
        "F002-cancer",
        "{type: batch, experiment_id: E002}",
        f"{{type: job, id: {study.cancer[0]}, as: best}}",
        extra="experiment: E002\n",
    )
    pin = f"count: 5, digest: {digest_of(path, study.scaled)}"
    add_finding(
        path,
        "F003-scaling",
        f"{{type: batch, experiment_id: E003, selector: {{scale: true}}, as: scaled, {pin}}}",
        extra="experiment: E003\nbuilds_on: [F001]\n",
    )
    study.submitted = study.commit("Write the findings down", 10)
    return study


def reviewed_study(path: Path) -> Study:
    """The study as the reviewer finds it: reruns, two new runs and a retraction came since."""
    study = submitted_study(path)
    write(path, "train.py", "SCALER = 'train'\n")
    study.code.append(study.commit("Fit the scaler on the training set alone", 12))
    for seed in range(5):
        _run(study, "E003", seed, {"scale": True}, day=14, accuracy=0.9, code=1, attempt=2)
    for seed in (5, 6):
        study.svm.append(_run(study, "E001", seed, {"model": "svm"}, day=14, code=1))
    study.commit("Run again with the mended scaler", 15)
    study.retraction = retract(path, [study.cancer[0]], "the validation split leaked")
    study.commit("Retract a run", 16)
    return study


def _digits(study: Study) -> None:
    for seed in range(5):
        dropped = seed in (1, 3, 4)
        study.svm.append(
            _run(study, "E001", seed, {"model": "svm"}, status="abandoned" if dropped else ...)
        )
        study.others += [
            _run(study, "E001", seed, {"model": model}, accuracy=0.9) for model in ("rf", "logreg")
        ]


def _cancer(study: Study) -> None:
    for number in range(18):
        point = {"C": 10.0 ** (number // 6), "model": {"kernel": "rbf", "gamma": 0.1}}
        status = "failed" if number in (4, 9) else "stopped" if number == 13 else ...
        study.cancer.append(
            _run(study, "E002", number % 6, point, status=status, machine="cluster")
        )


def _scaling(study: Study) -> None:
    for seed in range(5):
        study.scaled.append(_run(study, "E003", seed, {"scale": True}))
        study.unscaled.append(_run(study, "E003", seed, {"scale": False}, machine="cluster"))


def _run(
    study: Study,
    experiment: str,
    seed: int,
    parameters: dict[str, Any],
    *,
    status: Any = ...,
    machine: str = "laptop",
    day: int = 5,
    code: int = 0,
    accuracy: float | None = None,
    **fields: Any,
) -> str:
    status = "complete" if status is ... else status
    measured = {} if status != "complete" else {"metrics": {"accuracy": accuracy or _of(seed)}}
    return add_entry(
        study.root,
        {"experiment_id": experiment, "seed": seed, **parameters},
        status=status,
        registered_machine=machine,
        code_commit=study.code[code],
        code_dirty=False,
        started_at=f"2026-05-{day:02d}T10:{seed:02d}:00Z",
        ended_at=f"2026-05-{day:02d}T11:{seed:02d}:00Z",
        promoted_at=f"2026-05-{day:02d}T11:{seed:02d}:01Z",
        wallclock_s=3600,
        **measured,
        **fields,
    )


def _of(seed: int) -> float:
    return ACCURACY[seed % len(ACCURACY)]


def digest_of(root: Path, job_ids: Iterable[str]) -> str:
    """The digest that pins these runs, as they are in the ledger now."""
    entries = [
        json.loads((root / f".aexp/ledger/{job_id}.json").read_bytes()) for job_id in job_ids
    ]
    lines = sorted(f"{entry['job_id']} {entry.get('ended_at', '-')}\n" for entry in entries)
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


def retract(root: Path, job_ids: list[str], reason: str, *, machine: str = "laptop") -> str:
    """Write a record that retracts the runs; its id."""
    record = {
        "schema_version": 1,
        "retracts": job_ids,
        "reason": reason,
        "recorded_at": "2026-05-16T09:00:00Z",
        "recorded_by": machine,
    }
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    write(root, f".aexp/ledger/retractions/{name}.json", json.dumps(record, indent=2) + "\n")
    return name
