"""The runs of a committed ledger by experiment, cached, so that a batch reads only its own.

The key is the tree that holds the entries, so what is cached is never out of date.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pytest_aexp.ground.git.cache_dir import Cache
from pytest_aexp.ground.git.listing import Location, Node
from pytest_aexp.ground.git.objects import LOST, Blobs
from pytest_aexp.ground.git.run import git_or_none, run_git
from pytest_aexp.model.entry import ENTRY_LIMIT, LEDGER_DIR, Entry, entry_path
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.job_id import is_job_id

MANY = 2000
"""Fewer entries than this are read as fast as the cache."""

_KEPT = 3  # trees: a branch, and those that somebody goes back and forth to

Read = Callable[[Iterable[str]], list[Entry]]
Changes = Mapping[str, tuple[Node | None, Node | None]]
"""By job id the file of an entry, before and after."""


class CommittedRuns:
    """The loose entries of a view, by experiment: those of a commit, but for some that changed."""

    def __init__(self, cached: CachedBatches, changed: Iterable[str], read: Read) -> None:
        """``read`` reads from the view the entries of ``changed``, and what is not cached."""
        self._cached = cached
        self._changed = frozenset(changed)
        self._read = read

    @property
    def experiments(self) -> Iterable[str]:
        """The experiments that there may be runs of."""
        return {*self._cached.blocks, *(name for e in self._live for name in e.experiments)}

    def of_experiment(self, experiment: str) -> list[Entry]:
        """The entries of an experiment's runs, by job id."""
        cached = [e for e in self._cached.runs(experiment) if e.job_id not in self._changed]
        # What is wrong with the unusable ones is not cached.
        others = self._loose(entry.job_id for entry in cached if not entry.usable)
        every = (*(entry for entry in cached if entry.usable), *self._live, *others)
        runs = {entry.job_id: entry for entry in every if experiment in entry.experiments}
        return [runs[job_id] for job_id in sorted(runs)]

    @cached_property
    def _live(self) -> list[Entry]:
        return self._loose(self._changed | self._cached.uncached)

    def _loose(self, job_ids: Iterable[str]) -> list[Entry]:
        # A packed entry may count for a run whose file is gone or damaged; it is found elsewhere.
        return [e for e in self._read(job_ids) if e.path == entry_path(e.job_id)]


@dataclass(frozen=True)
class CachedBatches:
    """For each experiment its runs, compressed, and the ids of the entries that are not cached."""

    count: int = 0
    uncached: frozenset[str] = frozenset()
    blocks: Mapping[str, bytes] = field(default_factory=dict)

    def runs(self, experiment: str) -> list[Entry]:
        """The runs of an experiment, without the faults of those that are not usable."""
        block = self.blocks.get(experiment)
        rows = [] if block is None else json.loads(zlib.decompress(block))
        return [Entry(**{**row, "experiments": tuple(row["experiments"])}) for row in rows]

    def after(self, changes: Changes, blobs: Blobs) -> CachedBatches | None:
        """The same after ``changes``; None if git has lost what was there. Raises GitError."""
        before = _entries({j: old for j, (old, _) in changes.items()}, blobs)
        now = _entries({j: new for j, (_, new) in changes.items()}, blobs)
        if before is None or now is None:
            return None
        blocks = dict(self.blocks)
        for experiment in {name for entry in (*before, *now) for name in entry.experiments}:
            runs = [run for run in self.runs(experiment) if run.job_id not in changes]
            blocks[experiment] = _block([*runs, *(e for e in now if experiment in e.experiments)])
        odd = {j for j, (_, new) in changes.items() if new is not None and not new.is_file}
        more = sum((new is not None) - (old is not None) for old, new in changes.values())
        return CachedBatches(self.count + more, self.uncached.difference(changes) | odd, blocks)

    def to_bytes(self) -> bytes:
        """As the content of a cached file: where each block is, and the blocks."""
        sizes = {name: len(block) for name, block in self.blocks.items()}
        head = {"count": self.count, "uncached": sorted(self.uncached), "sizes": sizes}
        return b"\n".join((json.dumps(head).encode(), b"".join(self.blocks.values())))

    @classmethod
    def from_bytes(cls, content: bytes) -> CachedBatches:
        """What `to_bytes` wrote."""
        head, _, data = content.partition(b"\n")
        about, blocks, start = json.loads(head), {}, 0
        for name, size in about["sizes"].items():
            blocks[name] = data[start : start + size]
            start += size
        return cls(about["count"], frozenset(about["uncached"]), blocks)


def committed_runs(
    location: Location, revision: str, changed: Iterable[str], read: Read
) -> CommittedRuns | None:
    """The runs of the ledger in ``revision``; None where it is small or has no folder there.

    Raises GitError.
    """
    ledger = f"{revision}:{location.prefix}{LEDGER_DIR}"
    tree = git_or_none(["rev-parse", "--verify", "--quiet", ledger], location.top)
    if tree is None:
        return None
    cached = _cached(location, tree.decode().strip(), Cache(Path(location.top), "batches", _KEPT))
    return None if cached.count < MANY else CommittedRuns(cached, changed, read)


def _cached(location: Location, tree: str, cache: Cache) -> CachedBatches:
    content = cache.get(tree)
    if content is not None:
        return CachedBatches.from_bytes(content)
    kept = ((earlier, cache.get(earlier)) for earlier in cache.latest_keys())
    bases = ((name, CachedBatches.from_bytes(data)) for name, data in kept if data is not None)
    with closing(Blobs(location.top)) as blobs:
        made = (_since(location, earlier, tree, base, blobs) for earlier, base in bases)
        latest = next(filter(None, made), None)
        if latest is None:
            nothing = run_git(["hash-object", "-t", "tree", "--stdin"], location.top, stdin=b"")
            empty = nothing.decode().strip()
            latest = _since(location, empty, tree, CachedBatches(), blobs) or CachedBatches()
    if latest.count >= MANY:
        cache.put(tree, latest.to_bytes())
    return latest


def _since(
    location: Location, earlier: str, tree: str, base: CachedBatches, blobs: Blobs
) -> CachedBatches | None:
    """The runs in ``tree``, given those in the ``earlier`` one; None if git has lost some."""
    command = ("diff-tree", "--raw", "-z", "--no-renames", earlier, tree)
    raw = git_or_none(command, location.top)
    changes = {} if raw is None else dict(_differences(raw))
    # Fewer are not worth reading, since they are not kept.
    is_few = base.count + len(changes) < MANY
    return None if raw is None or is_few else base.after(changes, blobs)


def _differences(raw: bytes) -> Iterator[tuple[str, tuple[Node | None, Node | None]]]:
    fields = raw.split(b"\0")
    for about, name in zip(fields[:-1:2], fields[1::2], strict=True):
        old_mode, mode, old, new, _ = about.decode().removeprefix(":").split(" ")
        job_id = _job_id(name)
        if job_id is not None:
            before = Node(old_mode, old) if old.strip("0") else None
            yield job_id, (before, Node(mode, new) if new.strip("0") else None)


def _job_id(name: bytes) -> str | None:
    stem = os.fsdecode(name).removesuffix(".json")
    return stem if is_job_id(stem) and name.endswith(b".json") else None


def _entries(nodes: Mapping[str, Node | None], blobs: Blobs) -> list[Entry] | None:
    """The entries among ``nodes``; None if one cannot be had."""
    files = {job_id: node.name for job_id, node in nodes.items() if node and node.is_file}
    entries = []
    contents = blobs.read_many(list(files.values()), ENTRY_LIMIT)
    for job_id, data in zip(files, contents, strict=True):
        if data is LOST:
            return None
        entries.append(judge_entry(job_id, entry_path(job_id), data))
    return entries


def _block(runs: Iterable[Entry]) -> bytes:
    rows = [_row(run) for run in runs if run.statepoint is not None]
    return zlib.compress(json.dumps(rows).encode(), 1)


def _row(entry: Entry) -> dict[str, Any]:
    return {name: value for name, value in entry._asdict().items() if name != "faults"}
