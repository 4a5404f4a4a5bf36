"""``aexp import mlflow`` where MLflow is not installed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_aexp.cli import main

if TYPE_CHECKING:
    import pytest


def test_without_mlflow_the_command_that_installs_it_is_named(
    repo: Path, ledger, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    monkeypatch.setitem(sys.modules, "mlflow.exceptions", None)
    (repo / "mlruns").mkdir()
    assert main(["import", "mlflow", "mlruns", "--experiment", "E001"]) == 2
    assert f"run `{sys.executable} -m pip install mlflow`" in capsys.readouterr().err
