"""The files that a pack writes, removes and cleans up."""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from pathlib import Path

from pytest_aexp.ground.containment import require_no_link
from pytest_aexp.ground.errors import GitError, UsageError
from pytest_aexp.ground.files import read_bounded
from pytest_aexp.ground.git.ignore_rules import attribute, ignoring_rules, rules_fault
from pytest_aexp.ground.text import quoted
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import ENTRY_LIMIT, LEDGER_DIR, entry_bytes, entry_document, entry_path
from pytest_aexp.model.packs.packs import Packs
from pytest_aexp.model.packs.segment import PACKS_DIR, packed_line

_ASIDE_FOLDERS = (".aexp", LEDGER_DIR)
_ASIDE = re.compile(r"\.([0-9a-f]{32})\.packed\.tmp", re.ASCII)
_GROWTH = 128
"""How many times as long as its line an entry may be as a file, at the most: by its indent."""


def line_of(data: bytes) -> bytes | None:
    """The line for an entry, without its end; None if unpacking could not give the entry back."""
    document = entry_document(data)
    if document is None:
        return None
    try:
        line = packed_line(document)[:-1]
    except ValueError:
        return None
    may_be_large = max(len(data), len(line)) * _GROWTH > ENTRY_LIMIT
    if may_be_large and max(len(line), len(entry_bytes(document))) > ENTRY_LIMIT:
        return None
    return line


def refuse_unshared(root: Path, path: str) -> None:
    """Raises UsageError if a segment at ``path`` would not reach other machines as it is."""
    require_no_link(root, root / path)
    fault = rules_fault(root, [path])
    if fault is not None:
        raise UsageError(f"nothing is packed: {fault}")
    try:
        rule = ignoring_rules(root, [path]).get(path)
        driver = attribute(root, "filter", path)
    except GitError:
        return  # nothing here to share it by
    if rule is not None:
        raise UsageError(
            f"git ignores {path} ({rule.source}, line {rule.line}: {quoted(rule.pattern)}), so "
            "packed runs would reach no other machine and nothing is packed; delete or narrow "
            f"that line, or add `!/{PACKS_DIR}/**` at the end of .gitignore"
        )
    if driver not in ("unspecified", "unset"):
        raise UsageError(
            f"git would keep {path} through the filter {quoted(driver)}, not as it is, so nothing "
            f"is packed; add `{PACKS_DIR}/** !filter` at the end of .gitattributes"
        )


def remove(root: Path, job_id: str, data: bytes) -> bool:
    """Remove the file of an entry if it holds ``data`` still; whether it did.

    One that was promoted again since stays. Raises OSError.
    """
    path = root / entry_path(job_id)
    # Aside first: between a look and a removal somebody could put another file there.
    try:
        aside = _put_aside(root, path, f".{job_id}.packed.tmp")
    except FileNotFoundError:
        return False
    now = read_bounded(aside, ENTRY_LIMIT, follow=False)
    if now == data:
        aside.unlink(missing_ok=True)
        return True
    _put_back(aside, path)
    return False


def _put_aside(root: Path, path: Path, name: str) -> Path:
    """Where git does not see it or, if the ledger is a mount of its own, beside it."""
    for folder in _ASIDE_FOLDERS:
        try:
            os.rename(path, root / folder / name)
        except OSError as error:
            if error.errno != errno.EXDEV or folder == LEDGER_DIR:
                raise
            continue
        break
    return root / folder / name


def _put_back(aside: Path, path: Path) -> None:
    with suppress(FileNotFoundError):
        try:
            # A link, which fails where there is a new file: a rename would replace that.
            os.link(aside, path)
        except FileExistsError:
            pass  # promoted once more, which is the last word
        except FileNotFoundError:
            raise
        except OSError:
            # Without hard links; a promotion in this very moment would be lost, and made again.
            os.rename(aside, path)
        aside.unlink(missing_ok=True)


def tidy(root: Path) -> None:
    """Finish what a killed pack was at: remove what it put aside, or put that back."""
    packs = Packs(WorkTree(root))
    # Listed before any of them is moved.
    for aside in [path for name in _ASIDE_FOLDERS for path in (root / name).glob("*.packed.tmp")]:
        match = _ASIDE.fullmatch(aside.name)
        if match is not None:
            data = read_bounded(aside, ENTRY_LIMIT, follow=False)
            line = line_of(data) if isinstance(data, bytes) else None
            if any(version.data == line for version in packs.versions(match[1])):
                aside.unlink(missing_ok=True)
            else:
                _put_back(aside, root / entry_path(match[1]))
