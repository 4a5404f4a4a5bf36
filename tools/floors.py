"""Check the floors of pyproject.toml against the package as it is installed.

In the tree ``hooks/`` and ``schemas/`` lie beside ``pytest_aexp``, in an installation inside it,
where import-linter looks for them: so it is given a copy that is laid out like an installation.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from artifacts import ROOT

IGNORED = shutil.ignore_patterns("__pycache__")


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the ``pytest_aexp`` that lies in ``folder``."""
    linter = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [linter, "--no-cache", "--no-logo", ROOT / "pyproject.toml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def lay_out(folder: Path) -> Path:
    """Copy the package to ``folder`` as an installation has it."""
    package = folder / "pytest_aexp"
    shutil.copytree(ROOT / "pytest_aexp", package, ignore=IGNORED)
    for name in ("hooks", "schemas"):
        shutil.copytree(ROOT / name, package / name, ignore=IGNORED)
    return package


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        lay_out(Path(name))
        result = check(Path(name))
    sys.stdout.write(result.stdout + result.stderr)
    sys.exit(result.returncode)
