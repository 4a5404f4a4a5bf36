"""Which Pythons of a machine the tests run on, and which one is the base of ``.venv``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import interpreters
from interpreters import Interpreter, ask, newest_of_each_minor

pytestmark = pytest.mark.tree

FIND = Path(interpreters.__file__).with_name("find-python.sh")
FINE = {
    "path": "/usr/bin/python3.12",
    "implementation": "cpython",
    "level": "final",
    "free_threaded": False,
    "version": [3, 12, 1],
}


def program(file: Path, body: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


def python_saying(file: Path, **said: object) -> Path:
    return program(file, f"cat <<'END'\n{json.dumps(FINE | said)}\nEND")


def test_an_interpreter_is_what_it_says_it_is(tmp_path: Path) -> None:
    found = ask(python_saying(tmp_path / "python3.12"))
    assert found == Interpreter((3, 12, 1), "/usr/bin/python3.12")
    assert (found.minor, str(found)) == ("3.12", "CPython 3.12.1")


@pytest.mark.parametrize(
    "said",
    [
        {"version": [3, 10, 13]},
        {"implementation": "pypy"},
        {"level": "beta"},
        {"free_threaded": True},
    ],
    ids=lambda said: next(iter(said)),
)
def test_others_are_left_out(tmp_path: Path, said: dict[str, object]) -> None:
    assert ask(python_saying(tmp_path / "python3", **said)) is None


@pytest.mark.parametrize(
    "body", ["echo 'pyenv: version not active' >&2; exit 127", "echo nonsense"]
)
def test_an_interpreter_that_does_not_work_is_passed_over(tmp_path: Path, body: str) -> None:
    assert ask(program(tmp_path / "python3", body)) is None
    assert ask(tmp_path / "absent") is None


def test_one_of_each_minor_version_is_kept_the_newest_first_patch_last() -> None:
    kept = newest_of_each_minor(
        Interpreter(version, f"/{place}/python3")
        for place, version in [("c", (3, 13, 0)), ("a", (3, 11, 10)), ("b", (3, 11, 9))]
    )
    assert [each.path for each in kept] == ["/a/python3", "/c/python3"]


def test_path_pyenv_and_uv_are_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [
        python_saying(tmp_path / "bin" / "python3.12"),
        python_saying(tmp_path / "pyenv" / "versions" / "3.12.1" / "bin" / "python3"),
        python_saying(tmp_path / "uv" / "cpython-3.12.1-linux" / "bin" / "python3"),
    ]
    python_saying(tmp_path / "bin" / "python3.12-config")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    assert [file for file in interpreters.candidates() if tmp_path in file.parents] == places


def test_this_very_interpreter_is_found() -> None:
    assert sys.version_info[:2] in {each.version[:2] for each in interpreters.discover()}


class TestBase:
    """``tools/find-python.sh``, which runs before any Python is known."""

    @staticmethod
    def find(home: Path, *arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", FIND, *arguments],
            env={"PATH": f"{home / 'bin'}:{path}", "HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )

    @staticmethod
    def real(file: Path) -> Path:
        return program(file, f'exec "{sys.executable}" "$@"')

    def test_the_one_asked_for_is_taken(self, tmp_path: Path) -> None:
        asked = program(tmp_path / "asked", "echo /the/one/asked/for")
        result = self.find(tmp_path, str(asked))
        assert (result.stdout, result.stderr) == ("/the/one/asked/for\n", "")

    def test_another_one_is_not_taken_in_its_place(self, tmp_path: Path) -> None:
        self.real(tmp_path / "bin" / "python3")
        result = self.find(tmp_path, "nope")
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith("nope is not a Python 3.11 or newer with ")

    @pytest.mark.parametrize("place", ["bin/python3.12", ".pyenv/versions/3.12.1/bin/python3"])
    def test_where_it_is_too_old_a_newer_one_is_looked_for(
        self, tmp_path: Path, place: str
    ) -> None:
        program(tmp_path / "bin" / "python3", "exit 1")
        self.real(tmp_path / place)
        result = self.find(tmp_path, "python3")
        assert result.returncode == 0, result.stderr
        assert result.stderr.startswith(
            "== python3 is not a Python 3.11 or newer with venv: taking "
        )
        assert os.path.samefile(result.stdout.strip(), sys._base_executable)  # type: ignore[attr-defined]

    def test_without_any_it_says_what_to_install(self, tmp_path: Path) -> None:
        text = FIND.read_text(encoding="utf-8")
        script = tmp_path / "find.sh"
        script.write_text(text.replace("/usr/local/bin/python3 /usr/bin/python3", ""))
        result = subprocess.run(
            ["/bin/sh", script, "python3"],
            env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (result.returncode, result.stdout) == (1, "")
        assert "apt-get install python3 python3-venv" in result.stderr
        assert "make PYTHON=" in result.stderr
