"""Draw what a command writes to a terminal as an SVG: ``… | tools/picture.py COMMAND > FILE``.

The fonts are those of whoever looks at it: the page asks no other host for one.
"""

from __future__ import annotations

import io
import re
import sys

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

WIDTH = 104


def picture(command: str, output: str) -> str:
    """An SVG of a terminal in which ``command`` wrote ``output``, colours included."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), legacy_windows=False)
    console.print(Text.assemble(("$ ", "dim"), command))
    console.print(Text.from_ansi(output.rstrip("\n")))
    drawn = console.export_svg(title="", theme=MONOKAI, unique_id="aexp", font_aspect_ratio=0.61)
    without_hosts = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL)
    return re.sub(r"[ \t]+$", "", without_hosts, flags=re.MULTILINE)


if __name__ == "__main__":
    sys.stdout.write(picture(" ".join(sys.argv[1:]), sys.stdin.read()))
