"""Other programs that runs are imported from and asked by, in environments of their own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tree import ROOT

from environments import make_beside

# MLflow with what its stores need, and not what its models and its server do.
_STORES = ("alembic", "sqlparse")
PACKAGES = {
    "current": [
        *("mlflow-skinny>=3", "sqlalchemy", *_STORES),
        *("hydra-core>=1.3", "polars>=1", "duckdb>=1.1", "pandas>=2", "wandb==0.31.*"),
    ],
    # What it imports from SQLAlchemy is gone in 2.1.
    "mlflow2": ["mlflow-skinny<3", "sqlalchemy<2.1", *_STORES],
}
"""By environment: what is in it beside this package."""

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "GIT_PYTHON_REFRESH": "quiet"}


def python_of(name: str) -> Path:
    """A Python of the environment, made when it is first wanted.

    ``AEXP_PYTHON_CURRENT`` and ``AEXP_PYTHON_MLFLOW2`` name ones that exist.
    """
    named = os.environ.get(f"AEXP_PYTHON_{name.upper()}")
    return Path(named) if named else make_beside(ROOT / f".venv-{name}", PACKAGES[name])


def run(
    name: str, arguments: Sequence[str | Path], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run an environment's Python in a folder; this package is installed there."""
    return subprocess.run(
        [python_of(name), *arguments],
        cwd=folder,
        env={**os.environ, **QUIET, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )


def run_script(name: str, script: str, folder: Path) -> str:
    """What a script prints; a failure shows what it said."""
    done = run(name, ["-c", script], folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def aexp(name: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """``aexp`` in an environment that has the other program as well."""
    return run(name, ["-m", "pytest_aexp", *words], folder)
