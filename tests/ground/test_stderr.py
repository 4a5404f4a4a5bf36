"""A notice is one line on standard error, and never a reason to fail."""

from __future__ import annotations

import io
import sys

import pytest

from pytest_aexp.ground.stderr import REASON_LIMIT, notice, reason


def test_a_notice_is_one_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    notice("the entry was not written")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "aexp: the entry was not written\n")


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("stream", [None, closed(), Full()], ids=["none", "closed", "full"])
def test_a_standard_error_that_cannot_be_written_to_is_no_failure(
    stream: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    notice("the entry was not written")
    assert capsys.readouterr().out == ""


def test_a_reason_is_one_short_line_that_a_terminal_can_show() -> None:
    assert reason(ValueError("two\nlines \x1b[31mred")) == r"two lines \x1b[31mred"
    assert reason(KeyboardInterrupt()) == "KeyboardInterrupt"
    assert len(reason(ValueError("x" * 10_000))) <= REASON_LIMIT + 1
