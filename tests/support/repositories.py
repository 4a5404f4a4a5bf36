"""Small real repositories for the tests: git, findings, ledger entries, signac jobs."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

GIT_ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "A. Researcher",
    "GIT_AUTHOR_EMAIL": "researcher@example.org",
    "GIT_COMMITTER_NAME": "A. Researcher",
    "GIT_COMMITTER_EMAIL": "researcher@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
}


CONFIG = """\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
[maintenance]
\tauto = false
"""


def git(repo: Path, *arguments: str, check: bool = True, **environment: str) -> str:
    """What ``git`` prints in ``repo``."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=repo,
        env={**os.environ, **GIT_ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode:
        raise AssertionError(f"git {' '.join(arguments)}: {done.stderr or done.stdout}")
    return done.stdout


def new_repository(path: Path) -> Path:
    """An empty git repository at ``path``, without the time that git takes to make one."""
    for folder in ("objects", "refs"):
        (path / ".git" / folder).mkdir(parents=True, exist_ok=True)
    (path / ".git" / "HEAD").write_text("ref: refs/heads/main\n", encoding="ascii")
    # As git writes it; and a commit starts no second process, to look whether to tidy up.
    (path / ".git" / "config").write_text(CONFIG, encoding="ascii")
    return path


def job_id_of(statepoint: Mapping[str, Any]) -> str:
    """The id signac gives a job with that statepoint."""
    return md5(json.dumps(statepoint, sort_keys=True).encode()).hexdigest()


def entry_of(statepoint: Mapping[str, Any], /, **fields: Any) -> dict[str, Any]:
    """A valid ledger entry."""
    entry = {
        "schema_version": 1,
        "job_id": job_id_of(statepoint),
        "statepoint": dict(statepoint),
        "status": "complete",
        "registered_machine": "cluster",
        "promoted_at": "2026-05-26T01:23:45Z",
        **fields,
    }
    return {name: value for name, value in entry.items() if value is not ...}


def entry_text(entry: Mapping[str, Any]) -> str:
    """The entry as promotion writes it."""
    return json.dumps(entry, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def add_entry(repo: Path, statepoint: Mapping[str, Any], /, **fields: Any) -> str:
    """Write a ledger entry; its job id."""
    entry = entry_of(statepoint, **fields)
    job_id = job_id_of(statepoint)
    write(repo, f".aexp/ledger/{job_id}.json", entry_text(entry))
    return job_id


def packed(entry: Mapping[str, Any]) -> bytes:
    """The entry as a line of a segment."""
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{text}\n".encode()


def segment(entries: Iterable[Mapping[str, Any]]) -> bytes:
    """A segment of packed entries."""
    return b"".join(packed(e) for e in sorted(entries, key=lambda entry: str(entry["job_id"])))


def add_segment(
    repo: Path, entries: Iterable[Mapping[str, Any]], name: str = "box/2026-05-001"
) -> str:
    """Write a segment; its path."""
    path = f".aexp/ledger/packs/{name}.jsonl"
    write(repo, path, segment(entries))
    return path


def packed_paths(repo: Path, machine: str = "box") -> list[str]:
    """The paths of a machine's segments, by their first runs."""
    paths = (repo / ".aexp/ledger/packs" / machine).glob("*.jsonl")
    return [p.relative_to(repo).as_posix() for p in sorted(paths, key=Path.read_bytes)]


def sealed_path(repo: Path, machine: str = "box") -> str:
    """The path of the one segment of a machine."""
    (path,) = packed_paths(repo, machine)
    return path


def add_finding(repo: Path, name: str, *citations: str, extra: str = "") -> Path:
    """Write a finding with citations in YAML flow style."""
    cited = "".join(f"  - {citation}\n" for citation in citations)
    key = f"supporting_runs:\n{cited}" if citations else ""
    text = f"---\nid: {name.split('-', maxsplit=1)[0]}\n{extra}{key}---\n\n# {name}\n\nbody\n"
    return write(repo, f"kb/research/findings/{name}.md", text)


def job(job_id: str) -> str:
    """A citation of one run."""
    return f"{{type: job, id: {job_id}}}"


def batch(experiment: str, selector: str = "{}") -> str:
    """A citation of a batch."""
    return f"{{type: batch, experiment_id: {experiment}, selector: {selector}}}"


def write(repo: Path, relative: str, content: str | bytes) -> Path:
    """Write a file, its folders included; text is written as it is."""
    path = repo / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def add_jobs(repo: Path, jobs: Iterable[Mapping[str, Any]], store: str = ".runs") -> list[str]:
    """Create a real signac project with jobs of ``statepoint`` and ``doc``; the job ids."""
    import signac

    folder = repo / store
    folder.mkdir(parents=True, exist_ok=True)
    project = signac.init_project(path=str(folder))
    ids = []
    for described in jobs:
        opened = project.open_job(dict(described["statepoint"])).init()
        if described.get("doc"):
            opened.doc.update(described["doc"])
        ids.append(opened.id)
    return ids


def build_case(case: Mapping[str, Any], parent: Path) -> Path:
    """The repository that a case describes, below ``parent``."""
    repo = new_repository(parent / case.get("root", "repo"))
    if case["signac_jobs"] is not None:
        add_jobs(repo, case["signac_jobs"], case.get("run_store", ".runs"))
    for relative, described in case["files"].items():
        _build_file(repo, relative, described)
    return repo


def _build_file(repo: Path, relative: str, described: Any) -> None:
    path = repo / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(described, str):
        write(repo, relative, described)
    elif "symlink" in described:
        path.symlink_to(described["symlink"])
    elif "dir" in described:
        path.mkdir()
    elif "base64" in described:
        path.write_bytes(base64.b64decode(described["base64"]))
    elif "parts" in described:
        write(repo, relative, "".join(text * times for text, times in described["parts"]))
    else:
        write(repo, relative, described["text"])
        path.chmod(int(described["mode"], 8))


def record_of(**fields: Any) -> dict[str, Any]:
    """A valid retraction record of ``retracts`` or ``lifts``; ``...`` leaves a field out."""
    record = {
        "schema_version": 1,
        "reason": "the validation split leaked",
        "recorded_at": "2026-10-06T10:00:00Z",
        "recorded_by": "laptop",
        **fields,
    }
    return {name: value for name, value in record.items() if value is not ...}


def record_id_of(record: Mapping[str, Any]) -> str:
    """The id of a record: the beginning of the SHA-256 of its content."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()[:16]


def add_record(repo: Path, /, **fields: Any) -> str:
    """Write a retraction record, and say what its id is."""
    record = record_of(**fields)
    name = record_id_of(record)
    write(repo, f".aexp/ledger/retractions/{name}.json", entry_text(record))
    return name
