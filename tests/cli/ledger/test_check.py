"""``aexp ledger check`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from repositories import add_entry

from pytest_aexp.cli import main

if TYPE_CHECKING:
    import pytest

POINT = {"experiment_id": "E001", "seed": 1}


class TestCheck:
    def test_a_leak_is_an_error_in_ledger_check(
        self, repo: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        add_entry(repo, POINT)
        assert main(["ledger", "check"]) == 0
        assert capsys.readouterr().out == "1 ledger entry: no problems\n"
        leaking = add_entry(repo, {"data": "/scratch/me/x"})
        assert main(["ledger", "check", "--format", "json"]) == 1
        document = json.loads(capsys.readouterr().out)
        assert document["checked"] == {"findings": 0, "citations": 0, "entries": 2}
        (problem,) = document["problems"]
        assert (problem["code"], problem["severity"]) == ("ledger.leak", "error")
        assert "/scratch" not in json.dumps(document)
        assert main(["ledger", "check", leaking[:8]]) == 1

    def test_what_redaction_took_away_is_said(
        self, repo: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        redacted = {"statepoint": {"data": "<redacted>"}, "redacted": ["/statepoint/data"]}
        job_id = add_entry(repo, {"data": "/scratch/me/x"}, **redacted)
        assert main(["ledger", "check"]) == 0
        out = capsys.readouterr().out
        assert "cannot be checked" in out
        assert job_id in out
