"""Check the floors of pyproject.toml against the package as it is installed.

The wheel is unpacked and judged, not the tree: only there do ``hooks/`` and ``schemas/`` lie inside
``pytest_aexp``, where import-linter looks for its modules.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from artifacts import ROOT, artifacts


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the ``pytest_aexp`` that lies in ``folder``."""
    return subprocess.run(
        [
            Path(sys.executable).with_name("lint-imports"),
            "--no-cache",
            "--no-logo",
            "--config",
            ROOT / "pyproject.toml",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def unpack(folder: Path) -> None:
    """Unpack the wheel of the tree as it is now."""
    with zipfile.ZipFile(artifacts().wheel) as wheel:
        wheel.extractall(folder)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        unpack(Path(name))
        result = check(Path(name))
    sys.stdout.write(result.stdout + result.stderr)
    sys.exit(result.returncode)
