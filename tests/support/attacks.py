"""Ways to let something pass unseen: each changes a repository with one sound finding and entry."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from hooking import NOWHERE, commit
from repositories import (
    add_entry,
    entry_of,
    entry_text,
    git,
    job,
    new_repository,
    packed,
    record_of,
    write,
)

from pytest_aexp.model.retractions import record_id_of

FINDINGS, LEDGER = "kb/research/findings", ".aexp/ledger"
POINT = {"experiment_id": "E001", "seed": 1}
GOOD = entry_of(POINT)["job_id"]
ENTRY = f"{LEDGER}/{GOOD}.json"
BROKEN = f"---\nid: F002\nsupporting_runs:\n  - {job(NOWHERE)}\n---\n"
BLOCK = "# agentic-experiments:begin\n# agentic-experiments:end\n"
NOT_READ, NO_RUN = "finding.none_collected", "finding.broken_run_citation"
INVALID, MISMATCH = "ledger.invalid_entry", "ledger.identity_mismatch"

Change = Callable[[Path], object]


@dataclass(frozen=True)
class Attack:
    """What is done, and the code that every face must refuse it with."""

    name: str
    change: Change
    code: str


def files(*paths: str, content: str | bytes = BROKEN) -> Change:
    """To write the same content to some paths."""
    return lambda repo: [write(repo, path, content) for path in paths]


def moved(old: str, new: str) -> Change:
    """To rename."""

    def change(repo: Path) -> None:
        (repo / new).parent.mkdir(parents=True, exist_ok=True)
        (repo / old).rename(repo / new)

    return change


def in_place_of(path: str, target: str | None, *, keep: str = "") -> Change:
    """A link, or a file where there is no ``target``, in the place of what is moved away."""

    def change(repo: Path) -> None:
        if keep:
            (repo / path).rename(repo / keep)
        else:
            shutil.rmtree(repo / path)
        if target is None:
            write(repo, path, "")
        else:
            (repo / path).symlink_to(target)

    return change


def link(path: str, target: str) -> Change:
    """A link where there was nothing."""

    def change(repo: Path) -> None:
        (repo / path).parent.mkdir(parents=True, exist_ok=True)
        (repo / path).symlink_to(target)

    return change


def submodule(path: str, *, is_checked_out: bool) -> Change:
    """What lies at ``path``, or nothing, becomes a submodule."""

    def change(repo: Path) -> None:
        other = new_repository(repo.parent / "other")
        write(other, "README", "")
        if (repo / path).exists():
            shutil.copytree(repo / path, other, dirs_exist_ok=True)
            git(repo, "rm", "-rq", path)
            git(repo, "commit", "-q", "-m", "removed")
        commit(other)
        allowed = ("-c", "protocol.file.allow=always")
        git(repo, *allowed, "submodule", "add", "-f", "-q", str(other), path)
        if not is_checked_out:
            git(repo, "commit", "-q", "-m", "submodule")
            git(repo, "submodule", "deinit", "-f", "-q", path)

    return change


def ignored_submodule(path: str) -> Change:
    """The same, and the repository says that changes of the submodule are nothing."""

    def change(repo: Path) -> None:
        submodule(path, is_checked_out=True)(repo)
        git(repo, "config", "-f", ".gitmodules", f"submodule.{path}.ignore", "all")

    return change


def project(folder: str, **others: str) -> Change:
    """A project in a folder whose finding cites nothing, with these files, or with an entry."""

    def change(repo: Path) -> None:
        write(repo / folder, f"{FINDINGS}/F002-x.md", BROKEN)
        if not others:
            add_entry(repo / folder, POINT)
        for path, text in others.items():
            write(repo / folder, path, text)

    return change


def policy(text: str) -> Change:
    """A broken citation, and a configuration."""
    return lambda repo: (
        files(f"{FINDINGS}/F002-x.md")(repo),
        write(repo, "pyproject.toml", f"[tool.aexp]\n{text}\n"),
    )


def entry(text: str | bytes) -> Change:
    """Another content of the entry's file."""
    return lambda repo: write(repo, ENTRY, text)


def segment(line: bytes, *, name: str = "", folder: str = "packs/box") -> Change:
    """A segment in the entry's place."""

    def change(repo: Path) -> None:
        (repo / ENTRY).unlink()
        write(repo, f"{LEDGER}/{folder}/{name or sha256(line).hexdigest()[:16]}.jsonl", line)

    return change


def of(**fields: Any) -> dict[str, Any]:
    """The entry with other fields."""
    return {**entry_of(POINT), **fields}


TEXT, LINE = entry_text(of()), packed(of())
EDITED = of(statepoint={"experiment_id": "E001", "seed": 2})
OTHERS = sorted((entry_of({"seed": seed}) for seed in range(3)), key=lambda e: str(e["job_id"]))

_COLLECTION: dict[str, Change] = {
    "the folder in capitals": moved(FINDINGS, "kb/research/Findings"),
    "the folder above in capitals": moved("kb", "KB"),
    "a second folder in capitals": files("kb/research/Findings/F002-x.md"),
    "a second folder above in capitals": files("kb/Research/findings/a/F002-x.md"),
    "a glob with a slip": policy('findings = ["kb/reserch/**/*.md"]'),
    "a second glob with a slip": policy('findings = ["kb/**/F*.md", "notes/**/*.md"]'),
    "a glob in capitals": policy('findings = ["KB/research/findings/**/*.md"]'),
    "a link out of the repository": in_place_of(FINDINGS, "../../../f", keep="../f"),
    "a link above out of the repository": in_place_of("kb", "../kb", keep="../kb"),
    "a link to nothing": in_place_of(FINDINGS, "nowhere"),
    "a link to itself": in_place_of(FINDINGS, "findings"),
    "a file in the folder's place": in_place_of(FINDINGS, None),
    "a file in the place of the folder above": in_place_of("kb", None),
    "a link below out of the repository": link(f"{FINDINGS}/more", "../../../.."),
    "a link below to nothing": link(f"{FINDINGS}/more", "nowhere"),
    "a submodule": submodule(FINDINGS, is_checked_out=False),
    "a submodule here": submodule(FINDINGS, is_checked_out=True),
    "a submodule above here": submodule("kb", is_checked_out=True),
    "a submodule that is ignored": ignored_submodule(FINDINGS),
    "a submodule below that is ignored": ignored_submodule(f"{FINDINGS}/more"),
    "a submodule below": submodule(f"{FINDINGS}/more", is_checked_out=False),
    "a submodule below here": submodule(f"{FINDINGS}/more", is_checked_out=True),
}
_FINDINGS: dict[str, Change] = {
    f"a finding called {path}": files(f"{FINDINGS}/{path}")
    for path in (
        *(
            "F002-x.md",
            "F002-x.MD",
            "f2.MarkDown",
            "a/b/F2.md",
            "node_modules/F2.md",
            "build/F2.md",
        ),
        *("F002\nx.md", "F002\"x'$(x).md", ":(top)/F002.md", "[a]/F002*.md", f"F2-{'x' * 240}.md"),
        *("F002-x.md/F003-x.md", "build/F2.md"),
    )
}


def project_without(change: Change) -> Change:
    """A project in a folder that a later commit takes the ledger from."""

    def changes(repo: Path) -> None:
        project("sub")(repo)
        write(repo / "sub", f"{FINDINGS}/F002-x.md", BROKEN.replace(NOWHERE, GOOD))
        commit(repo)
        change(repo / "sub")

    return changes


_PROJECTS: dict[str, Change] = {
    "a project's ledger deleted": project_without(lambda sub: shutil.rmtree(sub / ".aexp")),
    "a project's ledger in capitals": project_without(moved(".aexp", ".AEXP")),
    "a project's ledger a link out": project_without(in_place_of(".aexp", "../../l", keep="../l")),
    "a project's ledger a file": project_without(in_place_of(".aexp", None)),
    "a project's ledger a link to nothing": project_without(in_place_of(".aexp", "gone")),
    "a new project's ledger a link": lambda repo: (
        project("sub", README="")(repo),
        link("sub/.aexp", "../.aexp")(repo),
        git(repo, "rm", "-rq", ".aexp"),
    ),
    "a project in a folder": project("sub"),
    "a project far below": project("a/b/c/d"),
    "a project in a hidden folder": project(".hidden/x"),
    "a project among the findings": project("kb"),
    "a project without a ledger": project("sub", **{".gitignore": BLOCK}),
    "a project with a damaged index": project("sub", **{".aexp/runs-index/x.json": "{"}),
    "the only project moved to a folder": lambda repo: (
        moved(".aexp", "sub/.aexp")(repo),
        moved("kb", "sub/kb")(repo),
        files(f"sub/{FINDINGS}/F002-x.md")(repo),
    ),
}
_MISSING: dict[str, Change] = {
    "the ledger in capitals": moved(LEDGER, ".aexp/LEDGER"),
    "its folder in capitals": moved(".aexp", ".AEXP"),
    "the ledger deleted": lambda repo: shutil.rmtree(repo / ".aexp"),
    "a file in the ledger's place": in_place_of(LEDGER, None),
    "a file in its folder's place": in_place_of(".aexp", None),
    "the ledger a link out": in_place_of(LEDGER, "../../l", keep="../l"),
    "its folder a link out": in_place_of(".aexp", "../l", keep="../l"),
    "the ledger a link to nothing": in_place_of(LEDGER, "gone"),
    "the ledger a submodule": submodule(LEDGER, is_checked_out=False),
    "the ledger a submodule here": submodule(LEDGER, is_checked_out=True),
    "the ledger a submodule that is ignored": ignored_submodule(LEDGER),
    "its folder a submodule here": submodule(".aexp", is_checked_out=True),
    "the entry a link out": lambda repo: (
        moved(ENTRY, "../entry.json")(repo),
        link(ENTRY, "../../../entry.json")(repo),
    ),
}


def linked(path: str, behind: Change) -> Change:
    """What ``behind`` writes at ``path`` is moved within the repository, a link in its place."""

    def change(repo: Path) -> None:
        behind(repo)
        moved(path, "elsewhere")(repo)
        link(path, f"{'../' * path.count('/')}elsewhere")(repo)

    return change


RECORD = record_of(retracts=[GOOD])
_RECORDS = f"{LEDGER}/retractions"
_NAME = f"{record_id_of(RECORD)}.json"


def record(path: str) -> Change:
    """A record that retracts the cited run, in a place where nobody looks for it."""
    return files(path, content=json.dumps(RECORD))


_RECORD = record(f"{_RECORDS}/{_NAME}")
_RETRACTED: dict[str, Change] = {
    "a folder among the records that is a link out": link(f"{_RECORDS}/more", "../../../.."),
    "a folder of records that is a link to nothing": link(_RECORDS, "nowhere"),
    "a folder of records that is a link out": link(_RECORDS, "../../.."),
    "a folder of records that is a file": files(_RECORDS),
    "a record in a hidden folder": record(f"{_RECORDS}/.old/{_NAME}"),
    "a record with another ending": record(f"{_RECORDS}/{_NAME}.txt"),
    "a record without an ending": record(f"{_RECORDS}/{_NAME.removesuffix('.json')}"),
    "a record in capitals": record(f"{_RECORDS}/{_NAME.upper()}"),
    "a folder in a record's place": record(f"{_RECORDS}/{_NAME}/x"),
}
# The working tree reads what the link leads to; git's views refuse the link.
_BEHIND_LINKS: dict[str, Change] = {
    "a folder of records that is a link": linked(_RECORDS, _RECORD),
    "a record that is a link": linked(f"{_RECORDS}/{_NAME}", _RECORD),
    "a folder among the records that is a link": linked(
        f"{_RECORDS}/more", record(f"{_RECORDS}/more/{_NAME}")
    ),
}

_STATUS = '  "status": "complete"'
_DAMAGED: dict[str, str | bytes] = {
    "a key twice": TEXT.replace(_STATUS, f'  "status": "failed",\n{_STATUS}'),
    "a key twice, once escaped": TEXT.replace(_STATUS, f'  "st\\u0061tus": "failed",\n{_STATUS}'),
    "a parameter twice": TEXT.replace('"seed": 1', '"seed": 2, "seed": 1'),
    "a key twice in an unknown field": TEXT.replace('"status"', '"x": {"a": 1, "a": 2}, "status"'),
    "a key twice, of a newer version": entry_text(of(schema_version=2)).replace(
        _STATUS, f'  "status": "failed",\n{_STATUS}'
    ),
    "a newer version of a run that goes on": entry_text(of(schema_version=3, status="running")),
    "a version that is text": entry_text(of(schema_version="1")),
    "conflict markers": f"<<<<<<< a\n{TEXT}=======\n{TEXT}>>>>>>> b\n",
    "another job id": entry_text(of(job_id="a" * 32)),
    "a job id in capitals": entry_text(of(job_id=GOOD.upper())),
    "a status in capitals": entry_text(of(status="Complete")),
    "nothing": "",
    "null": "null",
    "a list": f"[{TEXT}]",
    "two documents": TEXT + TEXT,
    "half of it": TEXT[: len(TEXT) // 2],
    "UTF-16": TEXT.encode("utf-16"),
    "a pointer of Git LFS": "version https://git-lfs.github.com/spec/v1\nsize 5\n",
    "a deep parameter": TEXT.replace('"seed": 1', '"seed": ' + "[" * 200 + "]" * 200),
    "an attempt of 0": entry_text(of(attempt=0)),
}
_FORGED: dict[str, str | bytes] = {
    "another parameter": entry_text(EDITED),
    "another parameter behind a BOM": "\ufeff" + entry_text(EDITED),
    "another parameter in CRLF": entry_text(EDITED).replace("\n", "\r\n"),
    "a parameter of another type": entry_text(of(statepoint={**POINT, "seed": 1.0})),
    "one parameter more": entry_text(of(statepoint={**POINT, "lr": 0.1})),
    "a redaction that is none": entry_text({**EDITED, "redacted": ["/statepoint/seed"]}),
    "a redaction elsewhere": entry_text({**EDITED, "redacted": ["/tracker/url"]}),
    "an integer of 97 bits": TEXT.replace('"seed": 1', '"seed": 123456789012345678901234567890'),
}


def _packed(text: str | bytes) -> bytes:
    data = text if isinstance(text, bytes) else text.encode()
    return data.replace(b"\r", b"").replace(b"\n", b"") + b"\n"


def _contradiction(repo: Path) -> None:
    line = packed(of(status="failed"))
    write(repo, f"{LEDGER}/packs/box/{sha256(line).hexdigest()[:16]}.jsonl", line)


def _segment_beside(data: bytes, name: str = "") -> Change:
    path = f"{LEDGER}/packs/box/{name or sha256(data).hexdigest()[:16]}.jsonl"
    return lambda repo: write(repo, path, data)


_SEGMENTS: dict[str, Change] = {
    "two entries that contradict": _contradiction,
    "a segment out of order": _segment_beside(b"".join(map(packed, reversed(OTHERS)))),
    "a segment with a line twice": _segment_beside(packed(OTHERS[0]) * 2),
    "a segment of another name": _segment_beside(packed(OTHERS[0]), "0" * 16),
    "a segment that was changed": segment(LINE.replace(b"complete", b"failed"), name="0" * 16),
}
_ELSEWHERE: dict[str, Change] = {
    "packs in capitals": segment(LINE, folder="Packs/box"),
    "a segment too deep": segment(LINE, folder="packs/a/b"),
    "an entry in a folder": moved(ENTRY, f"{LEDGER}/sub/{GOOD}.json"),
    "an entry in capitals": moved(ENTRY, f"{LEDGER}/{GOOD.upper()}.json"),
    "an entry whose ending is in capitals": moved(ENTRY, f"{LEDGER}/{GOOD}.JSON"),
    "an entry with another ending": moved(ENTRY, f"{ENTRY}.txt"),
    "an entry in a hidden folder": moved(ENTRY, f"{LEDGER}/.old/{GOOD}.json"),
    "a segment in a hidden folder": segment(LINE, folder="packs/.box"),
}


def _each(table: dict[str, Change], code: str) -> list[Attack]:
    return [Attack(name, change, code) for name, change in table.items()]


ATTACKS = [
    *_each(_COLLECTION, NOT_READ),
    *_each(_FINDINGS, NO_RUN),
    *_each(_PROJECTS, NO_RUN),
    *_each(_MISSING, INVALID),
    *_each(_RETRACTED, "ledger.invalid_retraction"),
    *_each(_BEHIND_LINKS, ""),
    *_each({f"in the entry: {n}": entry(text) for n, text in _DAMAGED.items()}, INVALID),
    *_each({f"in a line: {n}": segment(_packed(t)) for n, t in _DAMAGED.items() if t}, ""),
    *_each({f"in the entry: {n}": entry(text) for n, text in _FORGED.items()}, MISMATCH),
    *_each({f"in a line: {n}": segment(_packed(text)) for n, text in _FORGED.items()}, ""),
    *_each(_SEGMENTS, INVALID),
    *_each(_ELSEWHERE, NO_RUN),
]
