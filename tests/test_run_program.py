"""Every program of the package ends alike: a status and a line, never a traceback."""

from __future__ import annotations

import errno
import subprocess
import sys

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
        (raising(KeyboardInterrupt()), 130, ""),
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


def test_a_reader_that_leaves_is_no_traceback() -> None:
    code = (
        "from pytest_aexp.run_program import run_program\n"
        "print(run_program('aexp', lambda: print('x\\n' * 1_000_000)))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
