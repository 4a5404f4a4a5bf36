"""What is refused before MLflow is asked; what it reads is tested beside its own program."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.work.imports.mlflow_store import mlflow_runs
from pytest_aexp.work.imports.source import Columns


def test_a_store_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no MLflow store at"):
        next(mlflow_runs(str(tmp_path / "mlflow.db"), {"": "E001"}, Columns((), {})))


def test_a_file_that_is_not_a_database_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("not one")
    with pytest.raises(UsageError, match="is not an MLflow database"):
        next(mlflow_runs(f"sqlite:///{tmp_path / 'mlflow.db'}", {"": "E001"}, Columns((), {})))
