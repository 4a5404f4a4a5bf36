"""What the next commit changes, as one git command lists it.

Most commits touch neither findings nor ledger and should not wait for this program, so this module
imports next to nothing: to import ``subprocess`` takes as long as Python takes to start.
"""

from __future__ import annotations

import os
import stat

LEDGER = ".aexp/ledger"
INDEXES = ".aexp/runs-index"
FINDINGS = "kb/research/findings"
CONFIG = "pyproject.toml"

# What is committed may say itself, in .gitmodules, that changes of a submodule are ignored.
DIFF = ("--raw", "-z", "--no-renames", "--no-ext-diff", "--ignore-submodules=none")
STAGED = ("diff-index", "--cached", "--ita-invisible-in-index", *DIFF)
PUSHED = ("PRE_COMMIT_TO_REF", "PRE_COMMIT_LOCAL_BRANCH")
LINK, SUBMODULE = "120000", "160000"
_RUNS = ("/.runs/", "/.signac/", "/workspace/")
"""What files of a run store have in their path."""


class FileChange:
    """A path that a commit adds, changes or deletes; ``old_name`` and ``name`` are git's objects.

    ``status`` is git's letter: added, deleted, modified, type changed, unmerged.
    """

    __slots__ = ("mode", "name", "old_mode", "old_name", "path", "status")

    def __init__(self, description: str, path: str) -> None:
        """``description`` is as git writes it: ``:100644 100644 <name> <name> M``."""
        fields = description.removeprefix(":").split(" ")
        self.old_mode, self.mode, self.old_name, self.name, self.status = fields
        self.path = path

    @property
    def is_entered(self) -> bool:
        """Whether it is no symbolic link or submodule, nor was one: those are not entered."""
        return not {LINK, SUBMODULE} & {self.old_mode, self.mode}


def parse(raw: bytes, prefix: str = "") -> list[FileChange]:
    """The changes of ``git diff… --raw -z`` below ``prefix``, their paths relative to it."""
    fields = os.fsdecode(raw).split("\0")
    pairs = zip(fields[:-1:2], fields[1::2], strict=True)
    return [
        FileChange(info, path.removeprefix(prefix))
        for info, path in pairs
        if path.startswith(prefix)
    ]


def may_be_pushing() -> bool:
    """Whether git may be about to say on standard input what is pushed, as to a pre-push hook.

    pre-commit and prek hand that on in variables of their own.
    """
    if os.environ.get("PRE_COMMIT"):
        return False
    try:
        return stat.S_ISFIFO(os.fstat(0).st_mode)
    except OSError:
        return False


class StagedDiff:
    """What is staged, where the current folder is the root of a repository.

    ``raw`` is git's answer, None where one command is not enough: a push, a first commit, a folder
    further down. ``config`` is pyproject.toml as it is committed, None if it is not.
    """

    def __init__(self) -> None:
        self.raw: bytes | None = None
        self.config: bytes | None = None
        is_plain = os.path.lexists(".git") and not any(map(os.environ.get, PUSHED))
        if is_plain and not _is_sent_elsewhere():
            # Both at once: the second is done before the first.
            started = [
                _start(*STAGED, "HEAD", "--"),
                _start("cat-file", "blob", f"HEAD:./{CONFIG}"),
            ]
            self.raw, self.config = map(_output, started)

    @property
    def deleted(self) -> list[str] | None:
        """The paths that the commit deletes; None if that is not clear."""
        if not self.raw:
            return None
        return [change.path for change in parse(self.raw) if change.status == "D"]

    @property
    def changed(self) -> list[str] | None:
        """All paths that the commit changes; None if a folder may lose its ledger by that."""
        if self.deleted is None or any("/.aexp/" in f"{path.lower()}/" for path in self.deleted):
            return None
        return [change.path for change in parse(self.raw or b"")]

    def leaves_entries_alone(self) -> bool:
        """Whether something is staged, and certainly no ledger entry."""
        if not self.raw or may_be_pushing():
            return False
        paths = [change.path for change in parse(self.raw)]
        return not any(_touches(path, LEDGER) or _is_run(path) for path in paths)

    def leaves_findings_alone(self) -> bool:
        """Whether something is staged, and certainly neither a finding nor evidence for one."""
        if not self.raw or may_be_pushing():
            return False
        # With a setting of ours, other files than usual may be findings; a link is one line.
        if self.config and (b"aexp" in self.config or b"\n" not in self.config):
            return False
        paths = [change.path for change in parse(self.raw)]
        return not (any(map(_may_matter, paths)) or _may_be_configured_below(paths))


def _is_sent_elsewhere() -> bool:
    """Whether a variable may send git to another repository's index, which is then refused."""
    if any(map(os.environ.get, ("GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_WORK_TREE"))):
        return True
    folder = ".git"
    if os.path.isfile(folder):
        with open(folder, encoding="utf-8", errors="surrogateescape") as stream:
            folder = stream.read().removeprefix("gitdir:").strip()
    own = os.path.realpath(folder) + os.sep
    values = filter(None, map(os.environ.get, ("GIT_DIR", "GIT_INDEX_FILE")))
    return not all(f"{os.path.realpath(value)}{os.sep}".startswith(own) for value in values)


def _may_be_configured_below(paths: list[str]) -> bool:
    """Whether a repository in a folder may be configured to take these for findings."""
    if not any("/" in path for path in paths):
        return False
    configs = ("-z", "--", f":(glob)*/**/{CONFIG}")
    listed = _output(_start("ls-files", *configs))
    if not listed:
        return listed is None
    # As for the root, since TOML has many spellings of [tool.aexp]. A link, or what git has no
    # object of, is no file without it either. Status 1 says that there is none.
    without = _start("grep", "--cached", "-L", "-F", "-e", "aexp", *configs)
    return set(listed.split(b"\0")) != set((_output(without, accept=(0, 1)) or b"").split(b"\0"))


def _start(*arguments: str) -> tuple[int, int] | None:
    """Start git; its process and where to read what it writes, None if that is not possible."""
    if not hasattr(os, "posix_spawnp"):
        return None
    output, write_end = os.pipe()
    actions = [
        (os.POSIX_SPAWN_DUP2, write_end, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    # As all other git commands: no file system monitor, which a configuration names, is run.
    command = ["git", "--no-replace-objects", "-c", "core.fsmonitor=", *arguments]
    # The others decide how a path is read.
    environ = {n: v for n, v in os.environ.items() if not n.endswith("_PATHSPECS")}
    try:
        return os.posix_spawnp("git", command, environ, file_actions=actions), output
    except OSError:
        os.close(output)
        return None
    finally:
        os.close(write_end)


def _output(started: tuple[int, int] | None, accept: tuple[int, ...] = (0,)) -> bytes | None:
    """What a process wrote; None if it failed."""
    if started is None:
        return None
    process, output = started
    with open(output, "rb") as file:
        written = file.read()
    try:
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    except ChildProcessError:  # whoever started this program ignores the end of children
        return None
    return written if status in accept else None


def _may_matter(path: str) -> bool:
    if f"/{path}".endswith(f"/{CONFIG}") or _is_run(path):
        return True
    return any(_touches(path, folder) for folder in (LEDGER, INDEXES, FINDINGS))


def _is_run(path: str) -> bool:
    """Whether ``path`` looks like that of a file of a run store."""
    return any(part in f"/{path}" for part in _RUNS)


def _touches(path: str, folder: str) -> bool:
    """Whether ``path`` lies below such a folder, or is it or one that it lies in: a link, say.

    In any case of letters: what a folder of another name holds is not read, and must be named.
    """
    path = path.lower()
    return f"/{folder}/" in f"/{path}/" or f"{folder}/".startswith(f"{path}/")
