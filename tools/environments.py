"""The virtual environments of this project, each made anew only when its inputs changed."""

from __future__ import annotations

import fcntl
import hashlib
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ROOT / "pyproject.toml"
TREE = ROOT / ".venv"
STAMP = ".made-of"
SPEED_UPS = ("ruamel.yaml.clib", "jsonschema-rs")
MINIMUM = re.compile(r"([A-Za-z0-9._-]+)\s*>=\s*([0-9.]+)")

Kind = Literal["wheel", "lowest", "pure"]
"""``wheel``: the newest versions of all dependencies; ``lowest``: the oldest that pyproject.toml
admits; ``pure``: the newest, without the compiled packages that only make things faster."""


def python_of(environment: Path) -> Path:
    """The interpreter of a virtual environment."""
    return environment / "bin" / "python"


def version_of(python: Path) -> str:
    """The minor version, such as ``3.12``; empty if there is no such interpreter or it fails."""
    try:
        answer = subprocess.run(
            [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return answer.stdout.strip()


def minimums(project: Path = PROJECT) -> list[str]:
    """A constraint ``name==version`` for each lower bound of the package's own dependencies."""
    table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    requirements = list(table["dependencies"])
    for extra in table.get("optional-dependencies", {}).values():
        requirements += extra
    found = (MINIMUM.match(requirement) for requirement in requirements)
    return ["{}=={}".format(*match.groups()) for match in found if match]


def make_tree(base: Path) -> None:
    """``.venv``: an editable install with everything that developing here needs."""
    made_of = _made_of(version_of(base))
    if _is_made_of(TREE, made_of):
        return
    _say(f"making .venv with {base}, which takes a minute or two")
    if version_of(python_of(TREE)) != version_of(base):
        _run(base, "-m", "venv", "--clear", TREE)
    _pip(TREE, "--upgrade", "pip>=25.1")
    _pip(TREE, "--editable", ".[runs]", "--group", "dev")
    _mark(TREE, made_of)


def make_for_wheel(environment: Path, base: Path, wheel: Path, kind: Kind) -> None:
    """An environment with ``wheel`` and the test dependencies; it never sees the tree."""
    made_of = _made_of(kind, version_of(base))
    if not _is_made_of(environment, made_of):
        _say(f"making {environment.name} with {base}")
        _make_empty(base, environment)
        _install_dependencies(environment, wheel, minimums() if kind == "lowest" else ())
        if kind == "pure":
            _run(python_of(environment), "-m", "pip", "uninstall", "-qq", "--yes", *SPEED_UPS)
        _mark(environment, made_of)
    _pip(environment, "--no-deps", "--force-reinstall", wheel)


def make_beside(environment: Path, packages: Sequence[str]) -> Path:
    """An environment with this tree, editable, beside other packages; its interpreter.

    Several processes may want it at once: the others wait for the first.
    """
    made_of = " ".join((version_of(Path(sys.executable)), *packages))
    with environment.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_made_of(environment, made_of):
            _say(f"making {environment.name}")
            _make_empty(Path(sys.executable), environment)
            _pip(environment, "--editable", ".[runs]", *packages)
            _mark(environment, made_of)
    return python_of(environment)


def _install_dependencies(environment: Path, wheel: Path, constraints: Iterable[str]) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(constraints))
        file.flush()
        _pip(environment, "pip", f"{wheel}[runs]", "--group", "test", "--constraint", file.name)


def _make_empty(base: Path, environment: Path) -> None:
    # To install pip takes longer than most packages: that of .venv installs what is needed.
    _run(base, "-m", "venv", "--clear", "--without-pip", environment)


def _pip(environment: Path, *arguments: str | Path) -> None:
    pip = (python_of(TREE), "-m", "pip", "--python", python_of(environment))
    # Most of what packages bring along is never imported, and Python compiles what is.
    _run(*pip, "install", "-qq", "--no-compile", *arguments)


def _made_of(*parts: str) -> str:
    """What an environment depends on, as text to compare: it is equal, or all is made anew."""
    project = hashlib.sha256(PROJECT.read_bytes()).hexdigest()
    return " ".join((*parts, project))


def _is_made_of(environment: Path, made_of: str) -> bool:
    stamp = environment / STAMP
    if not stamp.is_file() or stamp.read_text() != made_of:
        return False
    return bool(version_of(python_of(environment)))


def _mark(environment: Path, made_of: str) -> None:
    (environment / STAMP).write_text(made_of)


def _run(*command: str | Path) -> None:
    subprocess.run(command, cwd=ROOT, check=True)


def _say(text: str) -> None:
    sys.stdout.write(f"== {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        make_tree(Path(sys.executable))
    except subprocess.CalledProcessError as error:
        sys.exit(f"making .venv failed: {' '.join(map(str, error.cmd))}")
