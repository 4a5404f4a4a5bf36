"""Whether findings were read at all, and what kept them from being read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.git.listing import Location
from pytest_aexp.ground.git.run import git_or_none
from pytest_aexp.ground.git.sparse import (
    how_to_absorb_submodule,
    how_to_check_out_submodule,
    is_checked_out,
    submodules_at,
)
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.configuration import CONFIG, DEFAULT_FINDINGS
from pytest_aexp.ground.settings.globs import fits, fixed_part, matched
from pytest_aexp.ground.text import quoted
from pytest_aexp.ground.views import View, WorkTree, above
from pytest_aexp.model.problems import NONE_COLLECTED, NOT_READ, Fault
from pytest_aexp.work.scope.adoption import restoring

_FIX = "set `findings` in [tool.aexp] of pyproject.toml to where the findings are"


def collection_faults(repository: Repository, view: View, paths: Sequence[str]) -> Iterator[Fault]:
    """What is wrong with where findings are looked for, ``paths`` being those that were found."""
    globs = repository.configuration.findings
    folders = sorted({fixed_part(glob) for glob in globs})
    explained = set[str]()
    for folder in folders:
        is_empty = not any(path.startswith(f"{folder}/") for path in paths)
        faults = [
            *(_on_the_way(view, folder) if is_empty else ()),
            *_in_submodules(view, repository.root, folder, paths),
            *_behind_links(view, folder, globs, paths),
            *_in_other_letters(view, folder, globs),
        ]
        explained.update([folder] if faults else ())
        yield from faults
    if globs != DEFAULT_FINDINGS:
        for glob in globs:
            if fixed_part(glob) not in explained and not any(fits(path, glob) for path in paths):
                message = f"no findings: nothing matches {quoted(glob)} in tool.aexp.findings"
                fix = _bringing_back(repository.root, view, glob) + "correct the glob, or remove it"
                yield Fault(NOT_READ, CONFIG, message, fix)
    elif not paths and not explained:
        message = f"no findings: nothing matches {DEFAULT_FINDINGS[0].partition('*')[0]}**"
        fix = _bringing_back(repository.root, view, *globs) + _FIX
        yield Fault(NONE_COLLECTED, folders[0], message, fix)


def _bringing_back(root: Path, view: View, *globs: str) -> str:
    """How to restore the findings that a commit before has, and "or"; nothing if none has any."""
    folder, location = fixed_part(globs[0]), Location.of(root)
    command = (*location.options, "ls-tree", "-r", "-z", "--full-tree", "--name-only")
    for revision in view.earlier if folder else ():
        listed = git_or_none([*command, revision, "--", f"{location.prefix}{folder}"], location.top)
        files = os.fsdecode(listed or b"").split("\0")
        if matched([file.removeprefix(location.prefix) for file in files], globs):
            return f"{restoring(view, folder, revision)}, or "
    return ""


def _on_the_way(view: View, folder: str) -> Iterator[Fault]:
    """Why nothing in ``folder`` can be read, if something stands in its place or above it."""
    if not folder:
        return
    stop = view.blocked(folder)
    if stop is not None:
        path, reason = stop
        message = f"no findings of {folder} are read: {path} {reason.reason}"
        yield Fault(NOT_READ, path, message, "put the folder itself there, or " + _FIX)
        return
    file = next((path for path in above(folder) if view.has_file(path)), None)
    if file is not None:
        message = f"no findings of {folder} are read: {file} is a file"
        yield Fault(NOT_READ, file, message, "put the folder there, or " + _FIX)


def _in_submodules(view: View, root: Path, folder: str, paths: Sequence[str]) -> Iterator[Fault]:
    """The submodules whose findings are in no commit, even where the folder has them."""
    for submodule in submodules_at(root, folder) if isinstance(view, WorkTree) else ():
        # Where findings may be anywhere, most submodules have none.
        if not (folder or any(path.startswith(f"{submodule}/") for path in paths)):
            continue
        place = folder if folder.startswith(f"{submodule}/") else submodule
        if is_checked_out(root, submodule):
            message = f"no commit has the findings of {place}: {submodule} is a git submodule"
            fix = f"keep them in this repository: {how_to_absorb_submodule(submodule)}"
        else:
            message = (
                f"no findings of {place} are read: {submodule} is a git submodule that is not "
                "checked out here"
            )
            fix = how_to_check_out_submodule(submodule)
        yield Fault(NOT_READ, submodule, message, fix)


def _in_other_letters(view: View, folder: str, globs: Sequence[str]) -> Iterator[Fault]:
    """Findings in folders whose names differ from ``folder`` only in the case of letters."""
    if not folder:
        return
    names = {folder + path[len(folder) :]: path for path in view.spelled_otherwise(folder)}
    for other in sorted({names[path][: len(folder)] for path in matched(names, globs)}):
        message = (
            f"findings in {other} are not read: upper and lower case differ, and the folder is "
            f"called {folder}"
        )
        fix = f"run `git mv {quote(other)} {quote(folder)}`, or {_FIX}"
        yield Fault(NOT_READ, other, message, fix)


def _behind_links(
    view: View, folder: str, globs: Sequence[str], paths: Sequence[str]
) -> Iterator[Fault]:
    """Findings that lie behind a link to a folder, or in a submodule, which is not entered."""
    for path, target in view.not_entered(folder):
        if path in paths:
            continue  # read as a finding, and named there
        if isinstance(target, Unreadable):
            message = f"{path} {target.reason}; findings in it are not read"
            yield Fault(NOT_READ, path, message, "put the folder itself there")
        elif matched((path + file[len(target) :] for file in view.walk(target)), globs):
            message = f"{path} is a link, which is not followed in {view.label}: the findings "
            fix = "put the folder itself there"
            yield Fault(NOT_READ, path, f"{message}behind it are not read", fix)
