"""The page itself: one HTML file with its style and script inside, and nothing else allowed."""

from __future__ import annotations

import base64
import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_aexp.ground.containment import require_no_link
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.files import write_atomic
from pytest_aexp.ground.text import counted, shown
from pytest_aexp.model.entry import TERMINAL_STATUSES
from pytest_aexp.report import chart
from pytest_aexp.report.build import gather
from pytest_aexp.report.model import VERDICTS
from pytest_aexp.work.check.checker import Checker

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

    from pytest_aexp.report.model import Report

MISSING_JINJA = "the report needs jinja2: run `pip install 'pytest-aexp[report]'`"


def page_template() -> jinja2.Template:
    """The compiled template; raises UsageError where jinja2 is not installed."""
    try:
        # Here, since it is an extra, and takes a while to load.
        import jinja2
    except ImportError as error:
        raise UsageError(MISSING_JINJA) from error
    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["number"] = counted
    environment.filters["shown"] = shown
    environment.filters["places"] = _places
    environment.filters["commands"] = with_commands
    return environment.from_string(_resource("page.html.jinja"))


_CODE = re.compile(r"(`[^`]*`|\b[0-9a-f]{32}\b)")
_JOB_ID = re.compile(r"(\b[0-9a-f]{32}\b)")


def _places(words: Iterable[str], of: Sequence[str]) -> str:
    """Where each word stands in a sorted list: what the filters of the page compare."""
    return " ".join(str(bisect_left(of, word)) for word in words)


def with_commands(text: str) -> Markup:
    """Text as HTML; what stands in backticks, and each job id, as code."""
    # Here for the same reason; it comes with jinja2.
    from markupsafe import Markup, escape

    balanced = text.count("`") % 2 == 0
    parts = (_CODE if balanced else _JOB_ID).split(text)
    # Every second part is one that the expression holds, without its backticks.
    marked = (
        f"<code>{escape(p.strip('`'))}</code>" if n % 2 else escape(p) for n, p in enumerate(parts)
    )
    return Markup("".join(marked))  # noqa: S704 - each part is escaped


def render(report: Report) -> str:
    """The report as HTML: the same text for the same report, whenever and wherever it is made."""
    template = page_template()
    style, script = _resource("page.css"), _resource("page.js")
    return template.render(
        report=report,
        geometry=chart,
        terminal=TERMINAL_STATUSES,
        verdicts={key: words for key, (words, _) in VERDICTS.items()},
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def write_report(checker: Checker, path: Path) -> Report:
    """Write the page of ``checker`` to ``path``, its folders included; what is on it.

    Raises UsageError, OSError.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name a file in it, such as {path / 'report.html'}")
    require_no_link(checker.repository.root, path)
    # First: nobody should wait for the check to learn that jinja2 is missing.
    page_template()
    report = gather(checker)
    # Half of a surrogate pair, which JSON may hold, cannot be UTF-8.
    data = render(report).encode("utf-8", "backslashreplace")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() or (path.exists() and not path.is_file()):
        path.write_bytes(data)  # a link such as /dev/stdout, a pipe: not to be replaced
    else:
        write_atomic(path, data, sync=False)
    return report


def _resource(name: str) -> str:
    # Browsers read every line end as a newline, and hash what they read.
    text = files("pytest_aexp.report").joinpath(name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    # As a Content-Security-Policy names what it lets a page run.
    return f"'sha256-{base64.b64encode(digest).decode()}'"
