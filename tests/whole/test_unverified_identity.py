"""An entry that says it was redacted may be any run's: every face counts who cites it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from faces import Faces
from hooking import commit
from repositories import add_entry, add_finding, add_segment, batch, entry_of, job, write

from pytest_aexp.cli import main

CODE = "ledger.unverified_identity"
POINT = {"experiment_id": "E001", "data": "/scratch/me/x"}
REDACTED = {"experiment_id": "E001", "data": "<redacted>"}
FIELDS = {"statepoint": REDACTED, "redacted": ["/statepoint/data"]}
COUNTED = "2 citations of runs whose identity was redacted"


@pytest.fixture(params=["a file", "a packed line"])
def faces(
    request: pytest.FixtureRequest,
    repo: Path,
    capsys: pytest.CaptureFixture[str],
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
) -> Faces:
    if request.param == "a file":
        job_id = add_entry(repo, POINT, **FIELDS)
    else:
        job_id = entry_of(POINT)["job_id"]
        add_segment(repo, [{**entry_of(POINT), **FIELDS}])
    add_finding(repo, "F001-x", job(job_id), batch("E001"))
    commit(repo)
    return Faces(repo, capsys, pytester, monkeypatch)


def test_every_face_counts_such_citations(faces: Faces, capsys: pytest.CaptureFixture[str]) -> None:
    for judged in faces.everywhere():
        assert CODE not in judged.codes
        if judged.face.startswith("--at"):
            assert json.loads(judged.text)["checked"]["citations_of_unverified_runs"] == 2
        else:
            assert COUNTED in judged.text
    main(["validate"])
    assert COUNTED in capsys.readouterr().out


@pytest.mark.parametrize("severity", ["error", "warning"])
def test_who_wants_the_gate_sets_its_severity(faces: Faces, severity: str) -> None:
    config = f'[tool.aexp.severity]\n"{CODE}" = "{severity}"\n'
    write(faces.repo, "pyproject.toml", config)
    commit(faces.repo)
    for judged in [*faces.everywhere(), faces.door()]:
        assert (judged.status == 1) is (severity == "error")
        assert CODE in judged.codes


def test_an_entry_that_is_not_cited_is_reported_once_and_at_its_own_place(
    faces: Faces, capsys: pytest.CaptureFixture[str]
) -> None:
    write(faces.repo, "pyproject.toml", f'[tool.aexp.severity]\n"{CODE}" = "error"\n')
    (faces.repo / "kb/research/findings/F001-x.md").write_text("---\nid: F001\n---\n")
    assert main(["validate"]) == 1
    places = re.findall(rf"(\S+):\d+:\d+: error: .*\[{CODE}\]", capsys.readouterr().out)
    assert len(places) == 1
    assert places[0].startswith(".aexp/ledger/")
