"""What git says of the installed files: the ledger must reach it, the runs must not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pytest_aexp.ground.git.ignore_rules import IgnoreRule, attribute, ignoring_rules
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.configuration import read_configuration
from pytest_aexp.ground.text import counted, listed, quoted
from pytest_aexp.model.entry import LEDGER_DIR as LEDGER
from pytest_aexp.model.packs.segment import PACKS_DIR
from pytest_aexp.work.install.control_files import (
    DRIVER,
    GITATTRIBUTES,
    GITIGNORE,
    escaped,
    ignored_store,
    is_whole_folder,
)
from pytest_aexp.work.install.plan import InstallAction
from pytest_aexp.work.scope.tracked_runs import removal, store_places, tracked_paths

ENTRY = f"{LEDGER}/{'0' * 32}.json"
"""The path of an entry that cannot be: all that is asked is what git would do with one."""

SEGMENT = f"{PACKS_DIR}/machine/2000-01-000.jsonl"

_TAKE_BACK = {
    ".aexp": ["!/.aexp/"],
    LEDGER: [f"!/{LEDGER}/"],
    ENTRY: [f"!/{LEDGER}/*.json"],
    SEGMENT: [f"!/{PACKS_DIR}/", f"!/{PACKS_DIR}/**"],
}
"""From the outside in: what may be ignored, and the rules that take it back."""
_MANY = {ENTRY: "every ledger entry", SEGMENT: "every segment of packed runs"}
_NONE = ("unspecified", "unset")
"""What git says of an attribute that a path does not have."""


def git_warnings(
    root: Path,
    store: Path,
    legacy: Mapping[int, str],
    *,
    shared: Sequence[str] = (GITIGNORE, GITATTRIBUTES),
) -> list[InstallAction]:
    """What is wrong, asked of git itself. Raises GitError.

    ``legacy`` are the rules of .gitignore that ignore the whole folder, by line; ``shared`` are
    the files that are to be committed, .gitattributes among them if it has the block.
    """
    rules = ignoring_rules(root, list(_TAKE_BACK))
    unshared = ignoring_rules(root, shared, tracked=False)
    return [
        *_ledger_warnings(rules, legacy),
        *map(_unshared_warning, unshared.values()),
        *_attribute_warnings(root, has_block=GITATTRIBUTES in shared),
        *_store_warnings(root, store),
    ]


def legacy_warnings(legacy: Mapping[int, str]) -> Iterator[InstallAction]:
    """A warning for each rule of .gitignore that ignores the whole folder."""
    for line, rule in legacy.items():
        yield InstallAction(
            "gitignore_migration_warning",
            GITIGNORE,
            f"line {line}, {quoted(rule)}, ignores the whole folder, and out of an ignored folder "
            "git re-includes nothing: no other machine would ever see the ledger. Delete that "
            "line; the block ignores what has to stay here",
        )


def _ledger_warnings(
    rules: Mapping[str, IgnoreRule], legacy: Mapping[int, str]
) -> Iterator[InstallAction]:
    path = next((path for path in _TAKE_BACK if path in rules), None)
    if path is None:
        return
    rule = rules[path]
    if rule.source == GITIGNORE and rule.line in legacy:
        yield from legacy_warnings(legacy)
        return
    what = _MANY.get(path, f"{path}/")
    # A rule that fits more than the folder may fit what is in it, too.
    lines = [line for path, helps in _TAKE_BACK.items() if path in rules for line in helps]
    advice = _advice(rule, lines[0] if is_whole_folder(rule.pattern) else listed(lines))
    yield InstallAction(
        "ignored_ledger_warning",
        rule.source,
        f"line {rule.line}, {quoted(rule.pattern)}, makes git ignore {what}: no other machine "
        f"would ever see {'them' if path == SEGMENT else 'the ledger'}; {advice}",
    )


def _advice(rule: IgnoreRule, lines: str) -> str:
    """What to do about a rule; ``lines`` take it back where they come after it."""
    advice = "delete or narrow that line"
    is_gitignore = os.path.basename(rule.source) == GITIGNORE and not os.path.isabs(rule.source)
    if is_gitignore and rule.source != GITIGNORE:
        return advice  # it is deeper than the root's, whose rules come before
    return f"{advice}, or add {lines} at the end of {GITIGNORE}"


def _unshared_warning(rule: IgnoreRule) -> InstallAction:
    advice = _advice(rule, f"!/{rule.path}")
    return InstallAction(
        "unshared_file_warning",
        rule.path,
        f"git ignores it ({rule.source}, line {rule.line}: {quoted(rule.pattern)}), so it would "
        f"reach no other machine: {advice}",
    )


def _attribute_warnings(root: Path, *, has_block: bool) -> Iterator[InstallAction]:
    driver = attribute(root, "merge", ENTRY)
    # Without the block there is no other line to blame.
    if driver != DRIVER and (has_block or driver not in _NONE):
        yield InstallAction(
            "merge_driver_warning",
            GITATTRIBUTES,
            f"git merges ledger entries with {quoted(driver)}, not with {DRIVER}: another line "
            "gives them that `merge` attribute; delete it, or move it above the block",
        )
    filters = ((many, attribute(root, "filter", path)) for path, many in _MANY.items())
    many, name = next((pair for pair in filters if pair[1] not in _NONE), ("", ""))
    if many:
        yield InstallAction(
            "filter_warning",
            GITATTRIBUTES,
            f"git keeps {many} through the filter {quoted(name)}, so what is committed is not the "
            f"ledger as it is, and nothing can be checked there: add the line {LEDGER}/** !filter "
            f"at the end of {GITATTRIBUTES}",
        )


def _store_warnings(root: Path, store: Path) -> Iterator[InstallAction]:
    probe = _runs_probe(root, store)
    if probe and not ignoring_rules(root, probe[:1]):
        detail = (
            "git does not ignore the run store, so `git add .` would commit every run: "
            f"add the line {probe[1]}"
        )
        yield InstallAction("unignored_runs_warning", GITIGNORE, detail)
    repository = Repository(root, read_configuration(root))
    if tracked := tracked_paths(repository):
        fix = removal(store_places(repository))
        detail = f"git has {counted(len(tracked), 'file')} of the run store: {fix}, and commit"
        yield InstallAction("tracked_runs_warning", tracked[0], detail)


def _runs_probe(root: Path, store: Path) -> tuple[str, str] | None:
    """A path that git must ignore, and the rule to write for it; None outside the repository."""
    rules = ignored_store(root, store)
    if not rules:
        return None
    parts = Path(os.path.relpath(store, root)).parts
    for depth in range(1, len(parts) + 1):
        # git sees the link, not what it leads to, and takes it for a file
        if os.path.islink(root.joinpath(*parts[:depth])):
            link = "/".join(parts[:depth])
            return link, f"/{escaped(link)}"
    # named like nothing, so that only a rule for the whole store fits
    return "/".join([*parts, "workspace", "0" * 32, "0" * 32]), rules[-1]
