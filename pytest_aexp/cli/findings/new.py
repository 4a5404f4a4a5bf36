"""Begin a finding: a Markdown file with the next free number, its front matter and
its title. Then cite runs in it with `aexp cite`.
"""

from __future__ import annotations

import argparse
import re
import unicodedata

from pytest_aexp.cli.output import at_root
from pytest_aexp.ground.containment import require_no_link
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.files import write_new
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.globs import fixed_part, matched
from pytest_aexp.ground.text import clean
from pytest_aexp.ground.views import WorkTree, matching
from pytest_aexp.model.findings.finding import name_of

STATUSES = {0: "the file is written"}
EXAMPLES = """\
aexp finding new "Full context beats none"    F004-full-context-beats-none.md
"""
_LONGEST = 60
"""How much of a title is in the name of its file, which people type and read in lists."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("title", metavar="TITLE", help="the finding in one sentence, in quotes")


def run(arguments: argparse.Namespace) -> int:
    title = clean(" ".join(arguments.title.split()))
    if not title:
        raise UsageError("a finding needs a title: aexp finding new 'Full context beats none'")
    repository = Repository.open()
    globs = repository.configuration.findings
    view = WorkTree(repository.root)
    numbers = (re.match(r"F(\d{1,9})", name_of(path)) for path in matching(view, globs))
    name = f"F{max((int(match[1]) for match in numbers if match), default=0) + 1:03}"
    path = f"{fixed_part(globs[0])}/{name}-{_slug(title)}.md".lstrip("/")
    if not matched([path], globs):
        raise UsageError(
            f"{path} would not be a finding: nothing in tool.aexp.findings matches it; write the "
            "file by hand"
        )
    target = repository.root / path
    require_no_link(repository.root, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_new(target, f"---\nid: {name}\n---\n\n# {title}\n".encode())
    print(path)
    print(f"next: {at_root(repository.root, f'aexp cite {name} RUN')}")
    return 0


def _slug(title: str) -> str:
    """The title as part of a file's name, in plain letters."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return slug[:_LONGEST].rstrip("-") or "finding"
