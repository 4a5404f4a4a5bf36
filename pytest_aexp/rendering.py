"""Problems as people and programs read them: text, JSON, GitHub, GitLab, SARIF."""

from __future__ import annotations

import json
import posixpath
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from pytest_aexp.ground.text import clean, counted
from pytest_aexp.model.codes import CODES
from pytest_aexp.model.problems import Outcome, Problem, Severity

_RED, _YELLOW, _GREEN, _RESET = "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[0m"
_BOLD, _DIM = "\x1b[1m", "\x1b[2m"
MANY = 10
"""From more problems of one kind than this on, people are shown the first few and a count."""
_SHOWN = 3


def in_order(problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems file by file, as the files come, in each from its top to its end."""
    of_file: dict[str, list[Problem]] = {}
    for problem in problems:
        of_file.setdefault(problem.path, []).append(problem)
    for of_one in of_file.values():
        yield from sorted(of_one, key=lambda problem: (problem.line, problem.column))


@dataclass(frozen=True, slots=True)
class More:
    """How many problems of one kind are not shown, and in how many files they are."""

    code: str
    severity: Severity
    count: int
    files: int

    def __str__(self) -> str:
        files = f" in {counted(self.files, 'file')}" if self.files > 1 else ""
        return f"{self.count:,} more {self.severity}s of this kind{files} [{self.code}]"


def abridged(problems: Sequence[Problem]) -> Iterator[Problem | More]:
    """The problems in order; of a kind that occurs very often only the first few, and a count."""
    kinds: dict[tuple[str, Severity], list[Problem]] = {}
    for problem in problems:
        kinds.setdefault((problem.code, problem.severity), []).append(problem)
    shown: Counter[tuple[str, Severity]] = Counter()
    for problem in in_order(problems):
        kind = (problem.code, problem.severity)
        shown[kind] += 1
        total = len(kinds[kind])
        if total <= MANY or shown[kind] <= _SHOWN:
            yield problem
        if total > MANY and shown[kind] == _SHOWN:
            files = len({problem.path for problem in kinds[kind]})
            yield More(*kind, total - _SHOWN, files)


def render_text(outcome: Outcome, *, colour: bool = False, here: str = ".") -> str:
    """A line per problem, what to type below it, and a line that counts.

    Places are as seen from ``here``, a folder of the repository.
    """
    lines = []
    for problem in abridged(outcome.problems):
        if isinstance(problem, More):
            lines.append(f"… and {problem}; `--format json` lists them all")
            continue
        is_as_it_is = here == "." or posixpath.isabs(problem.path)
        path = problem.path if is_as_it_is else posixpath.relpath(problem.path, here)
        seen = problem.but(path=path)
        lines.append(_painted(seen) if colour else str(seen))
        fix = clean(problem.fix)
        lines.append(f"    {_BOLD}next: {fix}{_RESET}" if colour else f"    next: {fix}")
    where = ""
    if outcome.problems and here != ".":
        where = f"; the commands are for the root: cd {posixpath.relpath('.', here)}"
    lines.append(_summary(outcome, colour=colour) + where)
    return "\n".join(lines) + "\n"


def _painted(problem: Problem) -> str:
    paint = _RED if problem.severity == "error" else _YELLOW
    place = f"{clean(problem.path)}:{problem.line}:{problem.column}"
    message = f"{clean(problem.message)} {_DIM}[{problem.code}]{_RESET}"
    return f"{_DIM}{place}{_RESET}: {paint}{problem.severity}{_RESET}: {message}"


def _summary(outcome: Outcome, *, colour: bool) -> str:
    counts = Counter(problem.severity for problem in outcome.problems)
    verdict = (
        f"{counted(counts['error'], 'error')}, {counted(counts['warning'], 'warning')}"
        if counts
        else "no problems"
    )
    if not counts and outcome.findings and not outcome.citations:
        verdict += "; no finding cites a run"
    if outcome.unjudged:
        unjudged = counted(outcome.unjudged, "citation")
        verdict += f"; whether the runs of {unjudged} exist was not judged"
    if outcome.unverified:
        verdict += f"; {unverified_citations(outcome.unverified)}"
    if colour:
        paint = _RED if counts["error"] else _YELLOW if counts["warning"] else _GREEN
        verdict = f"{paint}{verdict}{_RESET}"
    return f"{_checked(outcome)}: {verdict}"


def unverified_citations(count: int) -> str:
    """How many citations rest on a run that may be another one than the entry says."""
    return f"{counted(count, 'citation')} of runs whose identity was redacted"


def _checked(outcome: Outcome) -> str:
    entries = counted(outcome.entries, "ledger entry", "ledger entries")
    if outcome.findings is None:
        return entries
    checked = f"{counted(outcome.findings, 'finding')}, {counted(outcome.citations, 'citation')}"
    # "0 ledger entries" would read as if the ledger were empty: none was looked at.
    return f"{checked}, {entries}" if outcome.entries else checked


def render_json(outcome: Outcome) -> str:
    """The outcome as a JSON document."""
    checked = {
        "findings": outcome.findings or 0,
        "citations": outcome.citations,
        "entries": outcome.entries,
    }
    if outcome.unjudged:
        checked["citations_not_judged"] = outcome.unjudged
    if outcome.unverified:
        checked["citations_of_unverified_runs"] = outcome.unverified
    document = {
        "version": 1,
        "ok": outcome.ok,
        "checked": checked,
        "problems": [_as_dict(problem) for problem in in_order(outcome.problems)],
    }
    return json.dumps(document, indent=2) + "\n"


def _as_dict(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "severity": problem.severity,
        "path": clean(problem.path),
        "line": problem.line,
        "column": problem.column,
        "message": clean(problem.message),
        "fix": clean(problem.fix),
    }


def render_github(outcome: Outcome) -> str:
    """Workflow commands that GitHub shows beside the lines of a pull request."""
    return "".join(f"{_annotation(problem)}\n" for problem in abridged(outcome.problems))


def _annotation(problem: Problem | More) -> str:
    if isinstance(problem, More):
        return f"::{problem.severity} title={_property(problem.code)}::{_data(f'… and {problem}')}"
    properties = {
        "file": clean(problem.path),
        "line": str(problem.line),
        "col": str(problem.column),
        "title": problem.code,
    }
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    text = f"{clean(problem.message)}\nnext: {clean(problem.fix)}"
    return f"::{problem.severity} {written}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


_MOST = 5_000
"""GitHub shows so many results of SARIF, and refuses a log with more than 25,000."""


def _most(problems: Sequence[Problem]) -> tuple[list[Problem], str]:
    """The problems in order, of too many the errors first; in words, how many are left out."""
    ordered = list(in_order(problems))
    more = len(ordered) - _MOST
    if more <= 0:
        return ordered, ""
    ordered.sort(key=lambda problem: problem.severity != "error")
    left_out = counted(more, "more problem")
    return ordered[:_MOST], f"… and {left_out}; `--format json` lists them all"


def render_gitlab(outcome: Outcome) -> str:
    """A code quality report of GitLab."""
    seen: Counter[tuple[str, str, str]] = Counter()
    problems, more = _most(outcome.problems)
    report = [_quality(problem, seen) for problem in problems]
    if more:
        report.append({**report[-1], "description": more, "fingerprint": _fingerprint("more")})
    return json.dumps(report, indent=2) + "\n"


def _quality(problem: Problem, seen: Counter[tuple[str, str, str]]) -> dict[str, Any]:
    path, message = clean(problem.path), clean(problem.message)
    same = (problem.code, path, message)
    seen[same] += 1
    return {
        "description": f"{message}; next: {clean(problem.fix)}",
        "check_name": problem.code,
        # GitLab shows one of those that share a fingerprint: a second such citation has its own.
        "fingerprint": _fingerprint(*same, *([str(seen[same])] if seen[same] > 1 else [])),
        "severity": "major" if problem.severity == "error" else "minor",
        "location": {"path": path, "lines": {"begin": problem.line}},
    }


def _fingerprint(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()[:32]


def render_sarif(outcome: Outcome) -> str:
    """A SARIF 2.1.0 log."""
    # Here, so that every other format starts without it.
    from importlib.metadata import version

    driver = {
        "name": "pytest-aexp",
        "version": version("pytest-aexp"),
        "rules": [
            {
                "id": code.name,
                "shortDescription": {"text": code.title},
                "fullDescription": {"text": code.meaning},
                "help": {"text": code.fix},
            }
            for code in CODES.values()
        ],
    }
    problems, more = _most(outcome.problems)
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [],
    }
    if more:
        note = {"level": "warning", "message": {"text": more}}
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": [note]}]
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    log = json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2)
    # A line for each: there may be many thousand, which take a third as much without indentation.
    results = ",\n".join(json.dumps(_result(problem)) for problem in problems)
    return log.replace('"results": []', f'"results": [\n{results}\n]') + "\n"


def _result(problem: Problem) -> dict[str, Any]:
    path = clean(problem.path)
    message = clean(problem.message)
    fingerprint = _fingerprint(problem.code, path, message)
    return {
        "ruleId": problem.code,
        "ruleIndex": list(CODES).index(problem.code),
        "level": problem.severity,
        "message": {"text": f"{message}; next: {clean(problem.fix)}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(path)},
                    "region": {"startLine": problem.line, "startColumn": problem.column},
                }
            }
        ],
        "partialFingerprints": {"pytest-aexp/1": fingerprint},
    }


FORMATS: Mapping[str, Callable[[Outcome], str]] = {
    "text": render_text,
    "json": render_json,
    "github": render_github,
    "gitlab": render_gitlab,
    "sarif": render_sarif,
}
