"""What is fuzzed: each parser of files that somebody else may have written.

A target takes bytes, reads them as that parser's file, and asserts what must hold of whatever it
makes of them. None of them may raise anything.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from unicodedata import bidirectional, category

from pytest_aexp.ground import jsontext
from pytest_aexp.ground.errors import ConfigurationError, NotPromotable
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.configuration import parse_configuration
from pytest_aexp.ground.text import clean
from pytest_aexp.ground.yaml import nodes, values
from pytest_aexp.model.entry import ENTRY_LIMIT, entry_path
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.findings.finding import read_finding
from pytest_aexp.model.findings.front_matter import READ_LIMIT
from pytest_aexp.model.packs import segment as segments
from pytest_aexp.model.problems import Fault, Outcome, Policy
from pytest_aexp.model.redaction import redact
from pytest_aexp.model.redaction.prefilter import may_leak
from pytest_aexp.model.runs.machine_index import read_index
from pytest_aexp.model.runs.run_files import DOCUMENT, STATEPOINT
from pytest_aexp.model.runs.run_store import RunStore
from pytest_aexp.rendering import FORMATS
from pytest_aexp.work.install import managed_block
from pytest_aexp.work.install.control_files import GITIGNORE_BODY
from pytest_aexp.work.merge.merge import Merged, merge_entries
from pytest_aexp.work.promote.project import entry_bytes, project

JOB_ID = "9bd65a7d2ca10b8b4a4d03e7f9ec4a2a"
SPLIT = b"\n%%%%\n"
"""Stands between the parts of an input that is several files."""

_FORGING = ("Cc", "Cs", "Zl", "Zp")
_BIDI = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


def finding(data: bytes) -> None:
    """A finding: front matter, citations, and what is wrong with them."""
    read = read_finding("kb/research/findings/F001-x.md", data[:READ_LIMIT])
    lines = data.decode("utf-8", "replace").count("\n") + data.count(b"\r") + 1
    faults = [*read.faults, *(fault for citation in read.citations for fault in citation.faults)]
    for fault in faults:
        assert 1 <= fault.position.line <= lines, fault
    _told(faults)


def yaml(data: bytes) -> None:
    """YAML, and the values that its nodes stand for."""
    try:
        root = nodes.parse(data.decode("utf-8", "replace"))
        if root is not None:
            json.dumps(values.value(root))
    except nodes.YamlFault as fault:
        assert fault.message
        assert 0 <= fault.offset <= len(data), fault.offset


def entry(data: bytes) -> None:
    """A ledger entry."""
    judged = judge_entry(JOB_ID, entry_path(JOB_ID), data)
    assert judged.usable is (judged.cause is None)
    assert judged.usable <= (judged.statepoint is not None)
    _told(judged.faults)


def segment(data: bytes) -> None:
    """A segment of packed entries: each line by itself, none passed over by the quick look."""
    for number, line in enumerate(segments.lines_of(data), start=1):
        judged = segments.judge_line(".aexp/ledger/packs/m/2026-05-001.jsonl", number, line)
        assert judged.usable is (judged.cause is None)
        assert all(fault.position.line == number for fault in judged.faults), judged.faults
        _told(judged.faults)
        named = segments.experiments_named(line)
        assert not judged.usable or named is None or named >= set(judged.experiments)


def index(data: bytes) -> None:
    """A machine index."""
    read = read_index(".aexp/runs-index/cluster.json", data)
    assert read.readable or read.faults
    _told(read.faults)


def configuration(data: bytes) -> None:
    """The table ``[tool.aexp]`` of pyproject.toml."""
    try:
        read = parse_configuration(data)
        Policy(read.strict_runs, read.severity)
    except ConfigurationError as error:
        assert str(error)


def marker(data: bytes) -> None:
    """The install marker, and the run store that it names."""
    root = _folder()
    _write(root / ".aexp/installed.json", data)
    repository = Repository(root)
    assert repository.machine_label
    RunStore.of(repository)


def run(data: bytes) -> None:
    """A run's two files in a signac project, and the entry that they become."""
    statepoint, _, document = data.partition(SPLIT)
    folder = _folder() / ".runs"
    store = RunStore(folder, ".runs")
    job_id = _job_id(statepoint)
    workspace = folder / "workspace" / job_id
    _write(workspace / STATEPOINT, statepoint)
    _write(workspace / DOCUMENT, document)
    known = store.get(job_id)
    assert known is not None
    _told(known.faults)
    _promote(store, job_id)
    for name in (STATEPOINT, DOCUMENT):
        os.unlink(workspace / name)
    workspace.rmdir()


def _job_id(statepoint: bytes) -> str:
    from pytest_aexp.model.job_id import job_id_of, statepoint_json

    try:
        value = jsontext.parse(statepoint, 100)
    except ValueError:
        return JOB_ID
    return job_id_of(statepoint_json(value))


def _promote(store: RunStore, job_id: str) -> None:
    try:
        entry = project(job_id, store.files(job_id), "cluster").entry
    except NotPromotable as refusal:
        assert str(refusal)
        return
    assert redact.leaks(entry) == ()
    judged = judge_entry(job_id, entry_path(job_id), entry_bytes(entry))
    assert judged.usable or len(entry_bytes(entry)) > ENTRY_LIMIT, judged.faults


def redacted(data: bytes) -> None:
    """What redaction leaves holds nothing to redact, and stays as it is the second time."""
    try:
        value = jsontext.parse(data, 100)
    except ValueError:
        return
    once, _ = redact.redact(value)
    assert redact.leaks(once) == ()
    assert redact.redact(once)[0] == once
    if redact.leaks(value):
        assert may_leak(json.dumps(value, ensure_ascii=False))


def block(data: bytes) -> None:
    """The managed block of a .gitignore: the lines of the user stay, byte for byte."""
    merged = managed_block.merge_block(data, GITIGNORE_BODY, rescue=True)
    assert managed_block.holds_block(merged, GITIGNORE_BODY)
    # A file that ends in half a line end gets the other half, and may settle one step later.
    settled = managed_block.merge_block(merged, GITIGNORE_BODY, rescue=True)
    assert managed_block.merge_block(settled, GITIGNORE_BODY, rescue=True) == settled
    assert settled == merged or data.endswith(b"\r")
    before = [rule for _, rule in managed_block.rules_outside(data)]
    shipped = {line for line in GITIGNORE_BODY.split(b"\n") if line}
    after = [rule for _, rule in managed_block.rules_outside(merged)]
    for rule in before:
        assert rule in after or rule in shipped, rule


def merge(data: bytes) -> None:
    """Two versions of one entry, and what both came from."""
    parts = data.split(SPLIT)
    ours, theirs = parts[0], parts[1] if len(parts) > 1 else b""
    base = parts[2] if len(parts) > 2 else None
    merged = merge_entries(base, ours, theirs, JOB_ID)
    swapped = merge_entries(base, theirs, ours, JOB_ID)
    assert type(merged) is type(swapped)
    if isinstance(merged, Merged) and isinstance(swapped, Merged):
        assert merged.data == swapped.data


def _told(faults: Iterable[Fault]) -> None:
    """Every way to report the faults keeps to its lines and prints no control character."""
    problems = tuple(Policy(for_entries=True).judge(faults))
    for problem in problems:
        assert clean(problem.message) == problem.message, problem
        assert len(problem.message) < 5000
    outcome = Outcome(problems, 1, 1, 1)
    for name, render in FORMATS.items():
        text = render(outcome)
        text.encode("ascii", "backslashreplace")
        _check_lines(name, text, len(problems))


def _check_lines(name: str, text: str, problems: int) -> None:
    odd = {c for c in text if c != "\n" and (category(c) in _FORGING or bidirectional(c) in _BIDI)}
    assert not odd, (name, odd)
    assert "##[" not in text, name
    if name == "text":
        assert text.count("\n") == 2 * problems + 1
        assert not any(line.lstrip().startswith("::") for line in text.split("\n"))
    elif name == "github":
        assert text.count("\n") == problems
        assert text.count("::error ") + text.count("::warning ") >= problems
    else:
        json.load(io.StringIO(text))


@cache
def _folder() -> Path:
    memory = Path("/dev/shm")
    parent = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix=f"aexp-fuzz-{os.getpid()}-", dir=parent))


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        finding,
        yaml,
        entry,
        segment,
        index,
        configuration,
        marker,
        run,
        redacted,
        block,
        merge,
    )
}


def corpus(name: str) -> list[Path]:
    """The inputs kept for a target: its corpus, and every input that once broke it."""
    here = Path(__file__).parent
    return sorted(p for kind in ("corpus", "crashes") for p in (here / kind / name).glob("*"))


if __name__ == "__main__":
    for each in sys.argv[2:] or map(str, corpus(sys.argv[1])):
        TARGETS[sys.argv[1]](Path(each).read_bytes())
