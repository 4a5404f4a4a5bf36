"""The sdist and, built from it, the wheel: made once for each state of the packaged files."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
PACKAGED = (
    "pytest_aexp",
    "hooks",
    "schemas",
    "pyproject.toml",
    "MANIFEST.in",
    "README.md",
    "LICENSE",
)


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What a release would upload."""

    sdist: Path
    wheel: Path


def tree_files(*, of: Iterable[str] = (), but: Iterable[str] = ()) -> list[str]:
    """The files git knows or would add, only those below ``of`` and none below ``but``."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = sorted({name for name in listed.stdout.split("\0") if (ROOT / name).is_file()})
    top = {name: name.partition("/")[0] for name in names}
    return [name for name in names if top[name] not in but and (not of or top[name] in of)]


def copy_tree(target: Path, names: Iterable[str]) -> None:
    """Copy the named files of the tree to ``target``."""
    for name in names:
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy)


def digest(files: Iterable[Path]) -> str:
    """One hash over the names and contents of ``files``."""
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def build_here(source: Path, out: Path, *only: str) -> None:
    """Run the public build front end; ``only`` may be ``--wheel`` for a wheel straight from source.

    Raises ``subprocess.CalledProcessError``, with what the build printed, when it fails.
    """
    command = [sys.executable, "-m", "build", "--outdir", str(out), *only, str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)


def artifacts() -> Artifacts:
    """The sdist and wheel of the files as they are now; safe to call from several processes."""
    names = tree_files(of=PACKAGED)
    DIST.mkdir(exist_ok=True)
    with (DIST / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = DIST / digest(ROOT / name for name in names)[:16]
        if not folder.is_dir():
            _build(names, folder)
    return Artifacts(next(folder.glob("*.tar.gz")), next(folder.glob("*.whl")))


def _build(names: list[str], folder: Path) -> None:
    for old in (each for each in DIST.iterdir() if each.is_dir()):
        shutil.rmtree(old)
    with tempfile.TemporaryDirectory(dir=DIST) as name:
        # A copy: a build in the tree writes there, and would pack what earlier builds left.
        copy_tree(Path(name) / "source", names)
        build_here(Path(name) / "source", Path(name) / "out")
        (Path(name) / "out").rename(folder)


if __name__ == "__main__":
    sys.stdout.write(f"{artifacts().wheel}\n")
