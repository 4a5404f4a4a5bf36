"""Every program of the package ends alike: a status and a line, never a traceback."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.run_program import run_program


def raising(error: BaseException):
    def work() -> int:
        raise error

    return work


@pytest.mark.parametrize(
    ("work", "status", "said"),
    [
        (lambda: 0, 0, ""),
        (lambda: 1, 1, ""),
        (raising(UsageError("no\x1b such\nthing")), 2, "aexp: no\\x1b such\\x0athing\n"),
        (
            raising(OSError(errno.EROFS, "Read-only file system", "x\ny")),
            2,
            "aexp: Read-only file system: x\\x0ay\n",
        ),
        (raising(MemoryError()), 2, "aexp: not enough memory\n"),
        (raising(KeyboardInterrupt()), 130, "aexp: interrupted; run it again\n"),
    ],
)
def test_every_kind_of_end_has_its_status_and_its_words(
    work, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_program("aexp", work) == status
    assert capsys.readouterr().err == said


def test_a_fault_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run_program("aexp", lambda: 1 // 0)


LONG = """
import sys
from pytest_aexp.run_program import run_program
sys.exit(run_program("aexp", lambda: print("x\\n" * 1_000_000) or 1))
"""
SHORT = LONG.replace("1_000_000", "1")


def shell(code: str, redirections: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", f'set -o pipefail; "$0" -c "$1" {redirections}', sys.executable, code],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_reader_that_leaves_is_said_in_a_line_and_has_its_own_status() -> None:
    done = shell(LONG, "| head -1")
    assert done.returncode == 141
    assert done.stderr == "aexp: standard output was closed before all of it was written\n"


@pytest.mark.parametrize(
    ("redirections", "status", "words"),
    [
        (">&-", 2, "aexp: standard output is closed; redirect it to /dev/null instead\n"),
        ("2>&-", 1, ""),
        ("<&- >/dev/null", 1, ""),
        (">/dev/full", 2, "aexp: No space left on device\n"),
        (">/dev/full 2>&1", 2, ""),
        (">&- 2>&-", 2, ""),
    ],
)
def test_closed_and_full_streams_end_in_words(redirections: str, status: int, words: str) -> None:
    done = shell(SHORT, redirections)
    assert (done.returncode, done.stderr) == (status, words)


@pytest.mark.parametrize("name", ["json", "tomllib", "argparse", "re", "difflib"])
def test_a_module_of_the_repository_that_is_checked_is_not_run(repo: Path, name: str) -> None:
    (repo / f"{name}.py").write_text("raise SystemExit('code of the repository runs')\n")
    for options in ([], ["-P"]):
        done = subprocess.run(
            [sys.executable, *options, "-m", "pytest_aexp", "validate"],
            cwd=repo,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "code of the repository" not in done.stdout + done.stderr
        assert "0 findings, 0 citations: " in done.stdout
