"""What the verbs that edit findings share."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import add_entry, add_finding

from pytest_aexp.cli import main

POINT = {"experiment_id": "E005", "condition": "full", "seed": 1}


@pytest.fixture
def cited(repo: Path) -> tuple[Path, str]:
    job_id = add_entry(repo, POINT)
    return add_finding(repo, "F001-x"), job_id


def test_a_link_is_not_replaced(cited, repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, job_id = cited
    real = path.rename(repo / "real.md")
    path.symlink_to("../../../real.md")
    assert main(["cite", "F001", job_id]) == 2
    assert "is a link" in capsys.readouterr().err
    assert path.is_symlink()
    assert job_id not in real.read_text()
