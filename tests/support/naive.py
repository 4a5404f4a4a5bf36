"""The contract read a second time: slow, plain, and with none of the package's code.

What a repository's work tree deserves, for citations and entries as ``generated`` makes them. No
positions, no messages, no bounds.
"""

from __future__ import annotations

import json
import re
from hashlib import md5
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

ID = re.compile(r"[0-9a-f]{32}")
ENDED = ("complete", "failed", "abandoned", "stopped")
FIELDS = set(
    "schema_version job_id statepoint status registered_machine promoted_at run_link started_at "
    "ended_at wallclock_s tracker code_commit code_dirty redacted metrics attempt".split()
)
ALWAYS = ("schema_version", "job_id", "statepoint", "status", "registered_machine", "promoted_at")
Reported = list[tuple[str, str]]


class Repo:
    """Everything that can know a run, read at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.reported: Reported = []
        ledger, store = root / ".aexp/ledger", root / ".runs"
        self.entries = {p.stem: _entry(p) for p in sorted(ledger.glob("*.json"))}
        self.runs = self._store(store)
        self.indexed = self._indexes()
        has_store = (store / ".signac/config").is_file()
        self.authority = ledger.is_dir() or has_store or self.has_index

    def _store(self, store: Path) -> dict[str, tuple[Any, Any]]:
        runs = {}
        for folder in sorted((store / "workspace").glob("*")):
            document: Any = {}
            try:
                if (folder / "signac_job_document.json").exists():
                    document = json.loads((folder / "signac_job_document.json").read_text())
            except ValueError:
                self.reported.append(("warning", "runs.damaged"))
            try:
                statepoint = json.loads((folder / "signac_statepoint.json").read_text())
            except ValueError:
                self.reported.append(("warning", "runs.damaged"))
                continue
            runs[folder.name] = statepoint, document
        return runs

    def _indexes(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        self.has_index = any((self.root / ".aexp/runs-index").glob("*.json"))
        for path in sorted((self.root / ".aexp/runs-index").glob("*.json")):
            try:
                found += json.loads(path.read_text())["entries"]
            except ValueError:
                self.reported.append(("warning", "runs_index.damaged"))
        return found


def _entry(path: Path) -> dict[str, Any]:
    """What the file says, why it cannot be used, and what else is to be said of it."""
    try:
        said = json.loads(path.read_text())
    except ValueError:
        return {"said": None, "cause": "ledger.invalid_entry", "more": []}
    cause, more = None, []
    point, newer = said.get("statepoint"), said.get("schema_version", 1) > 1
    lacking = any(name not in said for name in ALWAYS) or said["status"] not in ENDED
    if not isinstance(point, dict) or said.get("job_id") != path.stem or (lacking and not newer):
        cause = "ledger.invalid_entry"
    elif "redacted" not in said and _id(point) != path.stem:
        cause = "ledger.identity_mismatch"
    if newer or set(said) - FIELDS:
        more.append("ledger.unknown_field")
    if "/home/" in path.read_text():
        more.append("ledger.leak")
    return {"said": said, "cause": cause, "more": more}


def _id(statepoint: Any) -> str:
    return md5(json.dumps(statepoint, sort_keys=True).encode()).hexdigest()


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    return one == other and (numbers or type(one) is type(other))


def _belongs(statepoint: Any, link: Any, experiment: str) -> bool:
    return experiment in (statepoint.get("experiment_id"), (link or {}).get("experiment_id"))


def _fits(statepoint: Any, link: Any, citation: dict[str, Any]) -> bool:
    wanted = citation.get("selector") or {}
    return _belongs(statepoint, link, citation["experiment_id"]) and all(
        key in statepoint and _same(statepoint[key], value) for key, value in wanted.items()
    )


def verdicts(root: Path, strict: str) -> Reported:
    """Every severity and code that the repository deserves."""
    repo = Repo(root)
    reported, cited, due = repo.reported, set[str](), False
    for path in sorted(root.glob("kb/research/findings/**/[Ff][0-9]*.md")):
        text = path.read_text()
        match = re.match(r"---\n(.*?)^---$", text, re.DOTALL | re.MULTILINE)
        try:
            values = YAML(typ="safe", pure=True).load(match[1]) if match else None
            written = YAML(typ="base", pure=True).load(match[1]) if match else None
        except YAMLError:
            match = None
        if match is None:
            reported.append(("error", "finding.unreadable"))
            continue
        plain, texts = ((y or {}).get("supporting_runs", []) for y in (values, written))
        if not isinstance(plain, list):
            reported.append(("error", "finding.unreadable"))
            continue
        for citation, as_written in zip(plain, texts, strict=True):
            kind = _kind(as_written)
            if kind is None:
                reported.append(("error", "finding.broken_run_citation"))
                continue
            due = True
            if repo.authority:
                entries = _cites(repo, kind, citation, as_written)
                cited |= set(entries)
                reported += _judged(repo, kind, citation, as_written, entries, strict)
    if due and not repo.authority and strict != "off":
        reported.append(("warning", "finding.no_run_store"))
    for job_id, entry in repo.entries.items():
        causes = [] if entry["cause"] is None or job_id in cited else [entry["cause"]]
        reported += [("warning", code) for code in causes + entry["more"]]
    return reported


def _kind(written: Any) -> str | None:
    if not isinstance(written, dict):
        return None
    if written.get("type") == "job":
        return "job" if ID.fullmatch(str(written.get("id"))) else None
    if written.get("type") == "batch" and re.fullmatch(r"E\d{3,}", str(written["experiment_id"])):
        return "batch" if isinstance(written.get("selector", {}), dict) else None
    return None


def _cites(repo: Repo, kind: str, citation: Any, written: Any) -> list[str]:
    if kind == "job":
        return [written["id"]] if written["id"] in repo.entries else []
    said = {job_id: entry["said"] for job_id, entry in repo.entries.items()}
    return [
        job_id
        for job_id, entry in said.items()
        if entry and isinstance(entry.get("statepoint"), dict)
        if _fits(entry["statepoint"], entry.get("run_link"), citation)
    ]


def _judged(
    repo: Repo, kind: str, citation: Any, written: Any, entries: list[str], strict: str
) -> Reported:
    if entries:
        causes = [c for job_id in entries if (c := repo.entries[job_id]["cause"])]
        return [("error", causes[0])] if causes else []
    if strict == "off":
        return []
    if kind == "job":
        runs = [repo.runs[written["id"]]] if written["id"] in repo.runs else []
        indexed = any(each["job_id"] == written["id"] for each in repo.indexed)
        absent, nowhere = "finding.absent_run_citation", "finding.broken_run_citation"
    else:
        runs = [r for r in repo.runs.values() if _fits(r[0], r[1].get("aexp"), citation)]
        indexed = any(
            each.get("experiment_id") == citation["experiment_id"] for each in repo.indexed
        )
        absent, nowhere = "finding.absent_batch_runs", "finding.empty_batch"
    if any(document.get("status") in ENDED for _, document in runs):
        return [("warning", "finding.unpromoted_run_citation")]
    if runs:
        return [("warning", "finding.unfinished_run_citation")]
    if indexed:
        return [("warning", absent)]
    return [("error" if strict == "error" else "warning", nowhere)]
