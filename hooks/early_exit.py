"""What the next commit changes, told by git alone.

Most commits concern neither findings nor ledger, and must not wait for anything to be imported: in
this module that is only what starting git takes.
"""

from __future__ import annotations

import os

LEDGER = ".aexp/ledger"
PACKS = f"{LEDGER}/packs"
INDEXES = ".aexp/runs-index"
FINDINGS = "kb/research/findings"
CONFIG = "pyproject.toml"
LINK = "120000"

DIFF = ("--raw", "-z", "--no-renames", "--no-ext-diff")
STAGED = ("diff-index", "--cached", "--ita-invisible-in-index", *DIFF)
_FORESEEN = 100
PUSHED = ("PRE_COMMIT_TO_REF", "PRE_COMMIT_LOCAL_BRANCH")


class Change:
    """A path that a commit adds, changes or deletes; ``old_name`` and ``name`` are git's objects.

    ``status`` is git's letter: added, deleted, modified, type changed, unmerged.
    """

    __slots__ = ("mode", "name", "old_mode", "old_name", "path", "status")

    def __init__(self, about: str, path: str) -> None:
        """``about`` is as git writes it: ``:100644 100644 <name> <name> M``."""
        fields = about.removeprefix(":").split(" ")
        self.old_mode, self.mode, self.old_name, self.name, self.status = fields
        self.path = path

    @property
    def involves_link(self) -> bool:
        """Whether it is or was a symbolic link."""
        return LINK in (self.old_mode, self.mode)


def parse(raw: bytes, prefix: str = "") -> list[Change]:
    """The changes of ``git diff… --raw -z`` below ``prefix``, their paths relative to it."""
    fields = os.fsdecode(raw).split("\0")
    pairs = zip(fields[:-1:2], fields[1::2], strict=True)
    return [
        Change(about, path.removeprefix(prefix)) for about, path in pairs if path.startswith(prefix)
    ]


Foreseen = tuple[dict[str, tuple[str, str] | None], dict[str, tuple[str, str]] | None]
"""The mode and name of what is at paths, None for nothing; and of all there is of segments, by
path, None if that is not known."""


class Glance:
    """What git says at once of the current folder, where that is a repository's root.

    ``raw`` is what is staged, None if that takes more than a glance: a push, a first commit, a
    folder further down. ``config`` is pyproject.toml as it is committed, None if it is not.
    """

    def __init__(self) -> None:
        self.raw: bytes | None = None
        self.config: bytes | None = None
        self._asked: list[str] = []
        self._looking: tuple[int, int] | None = None
        if os.path.lexists(".git") and not any(map(os.environ.get, PUSHED)):
            # Both at once: the second is done before the first.
            asked = [_start("git", *STAGED, "HEAD", "--"), _start(*_COMMITTED_CONFIG)]
            self.raw, self.config = (_answer(each) for each in asked)

    def foresee(self) -> None:
        """Have git look for the entries that staged findings seem to cite, while others import.

        What they seem to cite is taken from the files as they lie there, which may be others than
        are staged; what git says of the entries is true all the same.
        """
        texts = [_beginning(change.path) for change in parse(self.raw or b"")[:_FORESEEN]]
        # Here, since all that comes after needs it anyway.
        import re

        ids = sorted(set(re.findall(rb"(?<!\w)[0-9a-f]{32}(?!\w)", b"\n".join(texts))))
        self._asked = [f"{LEDGER}/{job_id.decode()}.json" for job_id in ids[:_FORESEEN]]
        if self._asked:
            options = ("--literal-pathspecs", "ls-files", "-s", "-z", "--")
            self._looking = _start("git", *options, *self._asked, PACKS)

    def foreseen(self) -> Foreseen:
        """What the index has at those paths, and what of packed entries."""
        told = _answer(self._looking)
        self._looking = None
        if told is None:
            return {}, None
        found: dict[str, tuple[str, str] | None] = dict.fromkeys(self._asked)
        packs: dict[str, tuple[str, str]] = {}
        for record in os.fsdecode(told).split("\0")[:-1]:
            about, _, path = record.partition("\t")
            mode, name, stage = about.split(" ")
            is_packed = path.startswith(f"{PACKS}/")
            if not (is_packed or path in found) or stage != "0" or not name.strip("0"):
                return {}, None  # a folder or a conflict: to be looked at with more care
            if is_packed:
                packs[path] = mode, name
            else:
                found[path] = mode, name
        # Without one of them the ledger may be elsewhere: behind a link.
        return found, packs if any(found.values()) else None

    def leaves_entries_alone(self) -> bool:
        """Whether something is staged, and surely no ledger entry."""
        if not self.raw or leads_through_link(LEDGER):
            return False
        return not any(_is_on_the_way(change.path, LEDGER) for change in parse(self.raw))

    def leaves_findings_alone(self) -> bool:
        """Whether something is staged, and surely neither a finding nor what findings rest on."""
        if not self.raw or self._may_be_configured() or _may_be_linked():
            return False
        return not any(map(_may_matter, parse(self.raw)))

    def _may_be_configured(self) -> bool:
        """Whether other files than usual may be findings; a link's target is one line."""
        return self.config is not None and (b"aexp" in self.config or b"\n" not in self.config)


_COMMITTED_CONFIG = ("git", "cat-file", "blob", f"HEAD:./{CONFIG}")


def _start(*command: str) -> tuple[int, int] | None:
    """The process id of ``command`` and the pipe it writes to; None if it cannot be started."""
    # Not subprocess: to import that takes longer than Python takes to start.
    if not hasattr(os, "posix_spawnp"):
        return None
    reading, writing = os.pipe()
    actions = [
        (os.POSIX_SPAWN_DUP2, writing, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    try:
        return os.posix_spawnp(command[0], command, os.environ, file_actions=actions), reading
    except OSError:
        os.close(reading)
        return None
    finally:
        os.close(writing)


def _answer(started: tuple[int, int] | None) -> bytes | None:
    """What a process wrote; None if it failed."""
    if started is None:
        return None
    process, pipe = started
    with open(pipe, "rb") as stream:
        written = stream.read()
    return written if os.waitpid(process, 0)[1] == 0 else None


def _beginning(path: str) -> bytes:
    """What a finding's front matter may be; empty if there is no such file, or no finding."""
    if not path.endswith((".md", ".markdown")) or not os.path.isfile(path):
        return b""
    try:
        with open(path, "rb") as stream:
            return stream.read(1 << 16)
    except OSError:
        return b""


def _may_matter(change: Change) -> bool:
    if change.path == CONFIG:
        return True
    return any(_is_on_the_way(change.path, folder) for folder in (LEDGER, INDEXES, FINDINGS))


def _is_on_the_way(path: str, folder: str) -> bool:
    """Whether ``path`` lies below ``folder``, or is it or one that it lies in: a file, a link."""
    return path.startswith(f"{folder}/") or f"{folder}/".startswith(f"{path}/")


def _may_be_linked() -> bool:
    """Whether a link leads to a finding or an entry from a path that git does not name."""
    return any(map(leads_through_link, (LEDGER, FINDINGS))) or holds_link(FINDINGS)


def leads_through_link(folder: str, root: str = ".") -> bool:
    """Whether, on disk, ``folder`` or one of those it lies in is a link."""
    parts = folder.split("/")
    return any(os.path.islink(os.path.join(root, *parts[: n + 1])) for n in range(len(parts)))


def holds_link(folder: str, root: str = ".") -> bool:
    """Whether, on disk, a link lies below ``folder``."""
    todo = [os.path.join(root, folder)]
    while todo:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    if entry.is_symlink():
                        return True
                    if entry.is_dir():
                        todo.append(entry.path)
        except OSError:
            continue
    return False
