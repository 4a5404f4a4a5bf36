"""``aexp cite``: add citations to a finding, and change nothing else in it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from pytest_aexp.cli.errors import complain
from pytest_aexp.cli.finding_argument import finding_named
from pytest_aexp.cli.findings.editing import open_checker, write_finding
from pytest_aexp.ground import schema
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.text import clean, quoted
from pytest_aexp.model.findings.citation import BatchCitation, JobCitation
from pytest_aexp.model.findings.finding import Finding, read_finding
from pytest_aexp.model.findings.front_matter import READ_LIMIT
from pytest_aexp.model.query.grammar import conditions
from pytest_aexp.model.query.match import selector_of
from pytest_aexp.model.short_id import full_job_id
from pytest_aexp.work.check.checker import Checker
from pytest_aexp.work.edit.citation_yaml import batch_citation, job_citation
from pytest_aexp.work.edit.cite import with_citations
from pytest_aexp.work.edit.finding_text import open_for_edit
from pytest_aexp.work.edit.fix import mended

DESCRIPTION = """\
Add citations of runs or of batches to a finding. Every other byte of it stays,
and nothing is changed if one of the new citations would be an error.
"""
STATUSES = {
    0: "the finding has the citations",
    1: "nothing was changed: a citation would be an error",
}
EXAMPLES = """\
aexp cite F004 4076a08a                       one run, by how its id begins
aexp cite F004 --batch E005 condition=full    every run of E005 with that condition
"""
_FORMS = "aexp cite F004 RUN…, or aexp cite F004 --batch E005 condition=full"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``aexp cite``."""
    parser.add_argument(
        "finding", nargs="?", metavar="FINDING", help="a finding's path or id (F004)"
    )
    parser.add_argument("runs", nargs="*", metavar="RUN", help="a job id, or how it begins")
    parser.add_argument(
        "--batch",
        nargs="+",
        action="append",
        default=[],
        metavar=("E###", "KEY=VALUE"),
        help="every run of an experiment that has these values in its statepoint",
    )


def run(arguments: argparse.Namespace) -> int:
    """Add the citations; 1, and nothing changed, if one of them would not hold."""
    if arguments.finding is None or not (arguments.runs or arguments.batch):
        raise UsageError("name the finding, then runs or a batch: " + _FORMS)
    checker = open_checker()
    path = finding_named(arguments.finding, checker)
    known = checker.sources.job_ids
    added = [job_citation(full_job_id(run, known)) for run in arguments.runs]
    added += [_batch(*batch) for batch in arguments.batch]
    document = open_for_edit(path, checker.view.read(path, READ_LIMIT, whole=False))
    if mended(document, known) != document.text:
        raise UsageError(f"{path}: what it cites already is to be mended first: `aexp fix {path}`")
    new = _new_ones(added, checker.finding(path))
    if not new:
        print(f"{clean(path)} has that citation already")
        return 0
    text = with_citations(document, new)
    after = read_finding(path, text.encode())
    if not _would_hold(checker, after, len(new)):
        return 1
    write_finding(checker, path, text)
    for citation in new:
        print(clean(f"{path}: added {citation}"))
    return 0


def _new_ones(added: Iterable[str], finding: Finding) -> list[str]:
    there = set()
    for citation in finding.citations:
        if citation.is_link:
            continue
        if isinstance(citation, JobCitation):
            there.add(job_citation(citation.job_id))
        elif isinstance(citation, BatchCitation):
            there.add(batch_citation(citation.experiment_id, citation.selector))
    return [citation for citation in dict.fromkeys(added) if citation not in there]


def _batch(experiment: str, *pairs: str) -> str:
    if not schema.is_valid("citation", {"type": "batch", "experiment_id": experiment}):
        raise UsageError(f"{quoted(experiment)} is no experiment: E and digits, as in E005")
    return batch_citation(experiment, _selector(pairs))


def _selector(pairs: Iterable[str]) -> dict[str, Any]:
    try:
        return selector_of(conditions(pairs))
    except UsageError as error:
        raise UsageError(
            f"{error}; a finding and its runs come before --batch: {_FORMS}"
        ) from error


def _would_hold(checker: Checker, finding: Finding, count: int) -> bool:
    new = [citation for citation in finding.citations if not citation.is_link][-count:]
    problems = [p for citation in new for p in checker.citation(finding, citation).problems]
    unknown = checker.authority(new)
    for problem in (*problems, *unknown):
        complain(f"{problem.message}; next: {problem.fix}")
    refused = unknown or any(problem.severity == "error" for problem in problems)
    if refused:
        complain("nothing was changed")
    return not refused
