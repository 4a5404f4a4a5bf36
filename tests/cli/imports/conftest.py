"""What the tests of ``aexp import`` share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def ledger(repo: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(repo)
    return lambda: {p.name: p.read_bytes() for p in (repo / ".aexp/ledger").glob("*.json")}
