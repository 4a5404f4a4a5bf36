"""Every CPython from 3.11 on that this machine has, one of each minor version."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST = (3, 11)
NAME = re.compile(r"python3(\.\d+)?")
PROBE = """
import json, sys, sysconfig
import ensurepip, venv
print(json.dumps({
    "path": getattr(sys, "_base_executable", sys.executable),
    "implementation": sys.implementation.name,
    "level": sys.version_info.releaselevel,
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "version": list(sys.version_info[:3]),
}))
"""


@dataclass(frozen=True, slots=True, order=True)
class Interpreter:
    """A released CPython that can make virtual environments."""

    version: tuple[int, int, int]
    path: str

    @property
    def minor(self) -> str:
        """The version as environments are named after it, such as ``3.12``."""
        return f"{self.version[0]}.{self.version[1]}"

    def __str__(self) -> str:
        return "CPython {}.{}.{}".format(*self.version)


def candidates() -> Iterator[Path]:
    """Files that may be a Python: on PATH, in pyenv, in uv, and where systems put them."""
    home = Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    on_path = (Path(folder) for folder in os.get_exec_path() if folder)
    for folder in (*on_path, Path("/usr/bin"), Path("/usr/local/bin")):
        yield from sorted(file for file in folder.glob("python3*") if NAME.fullmatch(file.name))
    yield from sorted(pyenv.glob("versions/3.*/bin/python3"))
    yield from sorted(uv.glob("*/bin/python3"))


def ask(python: Path) -> Interpreter | None:
    """What ``python`` says it is; ``None`` unless it is one the tests should run on."""
    try:
        answer = subprocess.run(
            [python, "-I", "-c", PROBE], capture_output=True, text=True, timeout=30, check=True
        )
        facts = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    version = tuple(facts["version"])
    wanted = (
        facts["implementation"] == "cpython"
        and facts["level"] == "final"
        and not facts["free_threaded"]
        and version >= OLDEST
    )
    return Interpreter(version, facts["path"]) if wanted else None


def newest_of_each_minor(found: Iterable[Interpreter]) -> list[Interpreter]:
    """One interpreter of each minor version, the newest patch of it, oldest minor first."""
    return sorted({each.minor: each for each in sorted(found)}.values())


def discover() -> list[Interpreter]:
    """Ask every candidate, each file once."""
    files = {os.path.realpath(file): file for file in candidates()}
    return newest_of_each_minor(each for file in files.values() if (each := ask(file)))


if __name__ == "__main__":
    for interpreter in discover():
        sys.stdout.write(f"{interpreter} {interpreter.path}\n")
