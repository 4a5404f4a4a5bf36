"""``aexp import hydra`` as it is typed. The real Hydra is in tests/whole/test_imports.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from repositories import write

from pytest_aexp.cli import main

if TYPE_CHECKING:
    import pytest


def test_the_folders_of_a_multirun(repo: Path, ledger, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in (1, 2):
        write(repo, f"multirun/{seed}/.hydra/config.yaml", f"seed: {seed}\n")
        write(repo, f"multirun/{seed}/.hydra/overrides.yaml", f"- seed={seed}\n")
    write(repo, "multirun/1/out/numbers.json", '{"f1": 0.5}')
    words = ["multirun", "--experiment", "E001", "--metrics-file", "out/*.json"]
    assert main(["import", "hydra", *words]) == 0
    captured = capsys.readouterr()
    assert "1 run written, 0 already there, 1 left out\n" in captured.out
    assert "aexp: left out: 2 has no out/*.json: it has not finished" in captured.err
    (data,) = ledger().values()
    assert json.loads(data)["metrics"] == {"f1": 0.5}
