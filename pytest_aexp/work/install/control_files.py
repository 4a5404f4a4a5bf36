"""The managed blocks in ``.gitignore`` and ``.gitattributes``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pytest_aexp.ground.files import LINK, Unreadable, read_bounded, write_atomic
from pytest_aexp.ground.find_root import BLOCK_LIMIT
from pytest_aexp.work.install.managed_block import holds_block, merge_block, rules_outside
from pytest_aexp.work.install.plan import ActionKind, InstallAction, InstallRefused, Step

GITIGNORE = ".gitignore"
GITATTRIBUTES = ".gitattributes"
DRIVER = "aexp-ledger"

GITIGNORE_BODY = b"""\
# This machine's own settings stay on it,
.aexp/*
# the evidence that findings cite is for everybody:
!.aexp/runs-index/
!.aexp/ledger/
"""
GITATTRIBUTES_BODY = b"""\
# Two machines that promoted one run: `aexp ledger merge-driver` settles it.
.aexp/ledger/*.json merge=aexp-ledger
# Written by programs, and read with `aexp ledger show` and `aexp ledger diff`.
.aexp/ledger/*.json linguist-generated -diff
.aexp/ledger/packs/** linguist-generated -diff
"""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_WHOLE_FOLDER = re.compile(r"/?(?:\*\*/)?\.aexp/?")


def block_merge_gitignore(existing: str, shipped_body: str) -> str:
    """``existing``, the text of a .gitignore, with the managed block holding ``shipped_body``.

    A block that is there is replaced where it stands, else one is added at the end. Lines outside
    it are kept as they are; the block takes their line ends.
    """
    merged = merge_block(
        existing.encode("utf-8", "surrogatepass"), shipped_body.encode("utf-8", "surrogatepass")
    )
    return merged.decode("utf-8", "surrogatepass")


class ControlFile(NamedTuple):
    """One of the two files: what is to be done to it, and what it holds then.

    ``data`` is None for a file that git would not read, and that is left alone.
    """

    name: str
    step: Step
    data: bytes | None


def ignored_store(root: Path, store: Path) -> tuple[str, ...]:
    """The rules that keep the run store out of git; none where it lies elsewhere."""
    relative = os.path.relpath(store, root).replace(os.sep, "/")
    if relative == ".":
        # The store is the repository itself, of which only signac's folders stay here.
        return ("/.signac/", "/workspace/")
    if relative.partition("/")[0] == ".." or os.path.isabs(relative):
        return ()
    # A link is not a folder to git.
    return (f"/{escaped(relative)}" if os.path.islink(store) else f"/{escaped(relative)}/",)


def escaped(path: str) -> str:
    """A path as a rule of .gitignore that fits nothing else."""
    return re.sub(r"([\\*?\[#!])", r"\\\1", path)


def planned_files(
    root: Path, store: Path | None = None, *, force: bool
) -> Mapping[str, ControlFile]:
    """What to do to the two files at ``root``, by name. Raises InstallRefused."""
    rules = "".join(f"{rule}\n" for rule in ignored_store(root, store)) if store else ""
    comment = "# and the runs are this machine's alone.\n" if rules else ""
    ignored = GITIGNORE_BODY + os.fsencode(comment + rules)
    files = (
        _planned(root, GITIGNORE, ignored, "merged_gitignore", force=force),
        _planned(root, GITATTRIBUTES, GITATTRIBUTES_BODY, "merged_gitattributes", force=force),
    )
    return {file.name: file for file in files}


def whole_folder_rules(gitignore: bytes) -> dict[int, str]:
    """The rules outside the block that ignore ``.aexp`` itself, by number of the line."""
    rules = ((number, rule.decode("latin-1")) for number, rule in rules_outside(gitignore))
    return {number: rule for number, rule in rules if is_whole_folder(rule)}


def is_whole_folder(rule: str) -> bool:
    """Whether a rule is for ``.aexp`` and nothing else."""
    return _WHOLE_FOLDER.fullmatch(rule) is not None


def _planned(root: Path, name: str, body: bytes, kind: ActionKind, *, force: bool) -> ControlFile:
    data = read_bounded(root / name, BLOCK_LIMIT, follow=False)
    if data is LINK:
        return _left_alone(name, "is a link, which git ignores and aexp does not write through")
    if isinstance(data, Unreadable) and not data.missing:
        raise InstallRefused(f"{name} {data.reason}: nothing was changed")
    old = b"" if isinstance(data, Unreadable) else data
    if old.startswith(_UTF16):
        return _left_alone(name, "is in UTF-16, which git does not read")
    new = merge_block(old, body, rescue=True)
    if new == old or (holds_block(old, body) and not force):
        return ControlFile(name, Step(InstallAction("skipped_identical", name)), old)
    had_one = b"# agentic-experiments:" in old
    detail = f"the managed block is {'renewed' if had_one else 'added'}"
    action = InstallAction(kind, name, detail)
    return ControlFile(name, Step(action, partial(write_atomic, root / name, new)), new)


def _left_alone(name: str, fault: str) -> ControlFile:
    advice = "put a plain text file in its place and run `aexp install` again"
    return ControlFile(name, Step(InstallAction("file_warning", name, f"{fault}: {advice}")), None)
