"""The picture of a terminal that the README shows is what a terminal shows."""

from __future__ import annotations

import html
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from pages import ROOT, one_digit_wrong

from picture import picture

pytestmark = pytest.mark.tree

SHOWN = ROOT / "docs/terminal.svg"
AGAIN = f"write it again: AEXP_DRAW=1 pytest {Path(__file__).relative_to(ROOT)}"


def on_a_terminal(*command: str) -> str:
    leader, follower = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    try:
        subprocess.run(command, env={**environment, "TERM": "xterm"}, stdout=follower, check=False)
    finally:
        os.close(follower)
    output = b""
    with suppress(OSError):  # Linux says so when the other end is closed
        while more := os.read(leader, 4096):
            output += more
    os.close(leader)
    return output.decode().replace("\r\n", "\n")


def words(svg: str) -> list[str]:
    texts = re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL)
    return html.unescape(" ".join(texts)).replace("\xa0", " ").split()


@pytest.fixture
def drawn(repo: Path) -> str:
    one_digit_wrong(repo)
    output = on_a_terminal(sys.executable, "-m", "pytest_aexp", "validate")
    assert "\x1b[" in output
    return picture("aexp validate", output)


def test_the_picture_shows_what_a_terminal_shows(drawn: str) -> None:
    if os.environ.get("AEXP_DRAW"):
        SHOWN.write_text(drawn, encoding="utf-8")
    assert words(SHOWN.read_text(encoding="utf-8")) == words(drawn), AGAIN
    assert "finding.broken_run_citation" in " ".join(words(drawn))


def test_it_asks_no_host_for_anything(drawn: str) -> None:
    both = re.sub("<!--.*?-->", "", drawn + SHOWN.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert set(re.findall(r"https?://([^/\"'\s]+)", both)) == {"www.w3.org"}
