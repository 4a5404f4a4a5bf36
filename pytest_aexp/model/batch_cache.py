"""The runs of a committed ledger by experiment, remembered, so that a batch reads only its own.

A file in git's own folder, named for the tree that holds the entries and for the rules they were
read by. The name says all that its content depends on, so it is never out of date; it is written
whole, never changed, and not believed if a bit of it is not as it was written. To delete it costs
nothing but time, and where none can be written nothing is remembered.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pytest_aexp.ground.files import Unreadable, read_bounded, write_atomic
from pytest_aexp.ground.git.cache_dir import checked, folder_in, rules, with_checksum
from pytest_aexp.ground.git.listing import Location, Node
from pytest_aexp.ground.git.objects import LOST, Blobs
from pytest_aexp.ground.git.run import git_or_none
from pytest_aexp.model.entry import ENTRY_LIMIT, LEDGER_DIR, Entry, entry_path, judge_entry
from pytest_aexp.model.job_id import is_job_id

MANY = 2000
"""Fewer entries than this are read as fast as what is remembered of them."""

_KEPT = 3
_LIMIT = 1 << 30

Judge = Callable[[Iterable[str]], list[Entry]]
Changes = Mapping[str, tuple[Node | None, Node | None]]
"""By job id what an entry's file was, and what it is."""


class RememberedRuns:
    """The loose entries of a view, by experiment: those of a commit, but for some that changed."""

    def __init__(self, memory: Memory, changed: Iterable[str], judge: Judge) -> None:
        """``judge`` reads from the view the entries of ``changed``, and what is not remembered."""
        self._memory = memory
        self._changed = frozenset(changed)
        self._judge = judge

    @property
    def experiments(self) -> Iterable[str]:
        """The experiments that there may be runs of."""
        return {*self._memory.blocks, *(name for e in self._live for name in e.experiments)}

    def of_experiment(self, experiment: str) -> list[Entry]:
        """The entries of an experiment's runs, by job id."""
        known = [e for e in self._memory.runs(experiment) if e.job_id not in self._changed]
        whole = [entry for entry in known if entry.usable]
        # What is wrong with the others is not remembered.
        others = self._loose(entry.job_id for entry in known if not entry.usable)
        read = (*self._live, *others)
        found = {e.job_id: e for e in (*whole, *read) if experiment in e.experiments}
        return [found[job_id] for job_id in sorted(found)]

    @cached_property
    def _live(self) -> list[Entry]:
        return self._loose(self._changed.union(self._memory.unremembered))

    def _loose(self, job_ids: Iterable[str]) -> list[Entry]:
        read = self._judge(job_ids)
        # For a run whose file is gone, or of no use, a packed entry may count, and is found there.
        return [entry for entry in read if entry.path == entry_path(entry.job_id)]


@dataclass(frozen=True)
class Memory:
    """What is remembered: for each experiment its runs, packed, and the ids of other entries."""

    count: int = 0
    unremembered: frozenset[str] = frozenset()
    blocks: Mapping[str, bytes] = field(default_factory=dict)

    def runs(self, experiment: str) -> list[Entry]:
        """The runs of an experiment; of those that are not usable it is not known why."""
        packed = self.blocks.get(experiment)
        return (
            [] if packed is None else [_entry(row) for row in json.loads(zlib.decompress(packed))]
        )

    def changed(self, changes: Changes, blobs: Blobs) -> Memory | None:
        """The same after ``changes``; None if git has lost what was there. Raises GitError."""
        gone = _judged({j: old for j, (old, _) in changes.items()}, blobs)
        come = _judged({j: new for j, (_, new) in changes.items()}, blobs)
        if gone is None or come is None:
            return None
        blocks = dict(self.blocks)
        for experiment in {name for entry in (*gone, *come) for name in entry.experiments}:
            runs = [run for run in self.runs(experiment) if run.job_id not in changes]
            runs += [entry for entry in come if experiment in entry.experiments]
            blocks[experiment] = _packed(runs)
        odd = {j for j, (_, new) in changes.items() if new is not None and not new.is_file}
        more = sum((new is not None) - (old is not None) for old, new in changes.values())
        return Memory(self.count + more, self.unremembered.difference(changes) | odd, blocks)

    def written(self) -> bytes:
        """As a file: a checksum, what it holds and where, and the blocks."""
        places, start = {}, 0
        for name, packed in self.blocks.items():
            places[name] = (start, start + len(packed))
            start += len(packed)
        about = {"count": self.count, "other": sorted(self.unremembered), "blocks": places}
        return with_checksum(
            b"\n".join((json.dumps(about).encode(), b"".join(self.blocks.values())))
        )

    @classmethod
    def read(cls, data: bytes | Unreadable) -> Memory | None:
        """The memory in a file; None if the file is not as it was written."""
        content = checked(data)
        if content is None:
            return None
        about, _, packed = content.partition(b"\n")
        told = json.loads(about)
        blocks = {name: packed[start:end] for name, (start, end) in told["blocks"].items()}
        return cls(told["count"], frozenset(told["other"]), blocks)


def remembered_runs(
    location: Location, revision: str, changed: Iterable[str], judge: Judge
) -> RememberedRuns | None:
    """The runs of the ledger in ``revision``; None where it is small or has no folder there.

    Raises GitError.
    """
    ledger = f"{revision}:{location.prefix}{LEDGER_DIR}"
    told = git_or_none(["rev-parse", "--git-common-dir", ledger], location.top)
    if told is None:
        return None
    common, _, tree = os.fsdecode(told).removesuffix("\n").rpartition("\n")
    folder = folder_in(Path(location.top, common))
    memory = None if folder is None else _Store(folder, location, rules()).memory_of(tree)
    return None if memory is None else RememberedRuns(memory, changed, judge)


@dataclass(frozen=True, slots=True)
class _Store:
    """The folder of the remembered files of one repository."""

    folder: Path
    location: Location
    rules: str

    def memory_of(self, tree: str) -> Memory | None:
        path = self._path(tree)
        known = Memory.read(read_bounded(path, _LIMIT))
        if known is None:
            known = self._made(tree)
            with suppress(OSError):
                if known is not None and known.count >= MANY:
                    self.folder.mkdir(exist_ok=True)
                    write_atomic(path, known.written(), sync=False)
                    self._tidy()
        return known if known is not None and known.count >= MANY else None

    def _path(self, tree: str) -> Path:
        return self.folder / f"ledger-{tree}-{self.rules}"

    def _made(self, tree: str) -> Memory | None:
        """What is to be remembered of ``tree``, from the last that is known or from nothing."""
        with closing(Blobs(self.location.top)) as blobs:
            for earlier in self._earlier():
                memory = Memory.read(read_bounded(self._path(earlier), _LIMIT))
                asked = ("diff-tree", "--raw", "-z", "--no-renames", earlier, tree)
                raw = None if memory is None else git_or_none(asked, self.location.top)
                if memory is not None and raw is not None:
                    made = memory.changed(dict(_differences(raw)), blobs)
                    if made is not None:
                        return made
            listed = git_or_none(["ls-tree", "-z", tree], self.location.top)
            changes = {} if listed is None else dict(_additions(listed))
            # Not worth reading if it will not be kept.
            return Memory().changed(changes, blobs) if len(changes) >= MANY else None

    def _earlier(self) -> list[str]:
        """The trees of the remembered files, the latest first."""
        names = [path.name.split("-") for path in self._files()]
        return [tree for _, tree, rules in names if rules == self.rules]

    def _files(self) -> list[Path]:
        try:
            found = list(self.folder.glob("ledger-*-*"))
            return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)
        except OSError:
            return []

    def _tidy(self) -> None:
        for path in self._files()[_KEPT:]:
            path.unlink(missing_ok=True)


def _additions(listed: bytes) -> Iterator[tuple[str, tuple[None, Node]]]:
    for record in listed.split(b"\0")[:-1]:
        about, _, name = record.partition(b"\t")
        mode, _, blob = about.decode().split(" ")
        job_id = _job_id(name)
        if job_id is not None:
            yield job_id, (None, Node(mode, blob))


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


def _judged(nodes: Mapping[str, Node | None], blobs: Blobs) -> list[Entry] | None:
    """The entries among ``nodes``; None if one cannot be had."""
    files = {job_id: node.name for job_id, node in nodes.items() if node and node.is_file}
    read = []
    contents = blobs.read_many(list(files.values()), ENTRY_LIMIT)
    for job_id, data in zip(files, contents, strict=True):
        if data is LOST:
            return None
        read.append(judge_entry(job_id, entry_path(job_id), data))
    return read


def _packed(runs: Iterable[Entry]) -> bytes:
    rows = [
        (
            *(r.job_id, r.usable, r.status, r.machine, r.experiments, r.statepoint, r.checkable),
            *(r.ended_at, r.attempt, r.metrics),
        )
        for r in runs
        if r.statepoint is not None
    ]
    return zlib.compress(json.dumps(rows).encode(), 1)


def _entry(row: list[Any]) -> Entry:
    job_id, usable, status, machine, experiments, statepoint, checkable, *more = row
    ended_at, attempt, metrics = more
    return Entry(
        job_id,
        entry_path(job_id),
        usable,
        status=status,
        machine=machine,
        experiments=tuple(experiments),
        statepoint=statepoint,
        checkable=checkable,
        ended_at=ended_at,
        attempt=attempt,
        metrics=metrics,
    )
