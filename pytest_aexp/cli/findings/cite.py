"""Add citations of runs or of batches to a finding, or change those that it has.
Every other byte of it stays, and nothing is changed if a citation would then be
an error. Without runs or --batch, --pin and --unpin apply to all citations.
"""

from __future__ import annotations

import argparse
import json
import shlex

from pytest_aexp.cli.finding_argument import finding_named
from pytest_aexp.cli.findings import citation_options as options
from pytest_aexp.cli.findings.edit_finding import open_checker, open_finding, write_finding
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.stderr import notice
from pytest_aexp.ground.text import clean, listed
from pytest_aexp.model.entry import TERMINAL_STATUSES
from pytest_aexp.model.findings.citation import (
    BatchCitation,
    Citation,
    JobCitation,
    MalformedCitation,
)
from pytest_aexp.model.findings.finding import Finding, read_finding
from pytest_aexp.model.problems import Problem
from pytest_aexp.model.query.grammar import conditions
from pytest_aexp.model.query.match import selector_of
from pytest_aexp.model.query.table import summary
from pytest_aexp.model.runs.short_id import full_job_id
from pytest_aexp.work.check.checker import Checker
from pytest_aexp.work.check.hints import meant_values
from pytest_aexp.work.edit.citation_keys import Keys, with_keys
from pytest_aexp.work.edit.citation_yaml import batch_citation, job_citation
from pytest_aexp.work.edit.cite import with_citations
from pytest_aexp.work.edit.finding_text import open_for_edit
from pytest_aexp.work.edit.fix import corrected
from pytest_aexp.work.evidence.evidence import EvidenceReader
from pytest_aexp.work.runs.run_link import checked_experiment

STATUSES = {
    0: "the finding has the citations",
    1: "nothing was changed: a citation would be an error",
}
EXAMPLES = """\
aexp cite F004 4076a08a                       one run, by how its id begins
aexp cite F004 --batch E005 condition=full    every run of E005 with it
aexp cite F004 --pin                          pin to the runs as they are
aexp cite F004 --except 5f31aa07              leave a run out of its batch
"""
_FORMS = "aexp cite F004 RUN…, or aexp cite F004 --batch E005 condition=full"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "finding", nargs="?", metavar="FINDING", help="a finding's path or id (F004)"
    )
    parser.add_argument("runs", nargs="*", metavar="RUN", help="a job id, or its beginning")
    parser.add_argument(
        "--batch",
        nargs="+",
        action="append",
        default=[],
        metavar=("E###", "KEY=VALUE"),
        help="every run of an experiment that has these values in its statepoint",
    )
    pin = parser.add_mutually_exclusive_group()
    pin.add_argument("--pin", action="store_true", help="pin citations to the runs they have now")
    pin.add_argument("--unpin", action="store_true", help="remove the pins of citations")
    parser.add_argument(
        "--except",
        dest="excluded",
        action="append",
        default=[],
        metavar="RUN",
        help="leave a run out of the batches that have it",
    )
    parser.add_argument(
        "--as", dest="name", metavar="NAME", help="what numbers in the text call the citation"
    )
    parser.add_argument(
        "--status",
        action="append",
        default=[],
        choices=TERMINAL_STATUSES,
        help="only the runs of a batch with this status; may be repeated",
    )


def run(arguments: argparse.Namespace) -> int:
    changes_some = arguments.pin or arguments.unpin or arguments.name or arguments.status
    names_some = arguments.runs or arguments.batch
    if arguments.finding is None or not (names_some or changes_some or arguments.excluded):
        raise UsageError("name the finding, then runs or a batch: " + _FORMS)
    checker = open_checker()
    path = finding_named(arguments.finding, checker)
    front = open_finding(checker, path)
    job_ids = checker.sources.job_ids
    if corrected(front, job_ids) != front.text:
        fix = f"`aexp fix {shlex.quote(path)}`"
        raise UsageError(f"{path}: fix its existing citations first: {fix}")
    for run in arguments.runs:
        meant = checker.sources.tracker_ids.get(run) if run not in job_ids else None
        if meant is not None:
            which = "cite that" if len(meant) == 1 else "cite the one that is meant"
            noun = "run" if len(meant) == 1 else "runs"
            ids = listed(meant, 3)
            raise UsageError(f"{run} is another tracker's id of {noun} {ids}: {which}")
    cited = [job_citation(full_job_id(run, job_ids)) for run in arguments.runs]
    cited += [_batch(*batch) for batch in arguments.batch]
    present = set(map(_as_written, _citations(checker.finding(path))))
    new = [citation for citation in dict.fromkeys(cited) if citation not in present]
    text = with_citations(front, new) if new else front.text
    text, indexes = _with_options(arguments, checker, path, text, cited)
    if text == front.text:
        print(f"{clean(path)} {'has that citation already' if cited else 'is as it was'}")
        return 0
    after = read_finding(path, text.encode())
    changed = [
        citation
        for citation in _citations(after)
        if citation.index in indexes or (new and isinstance(citation, MalformedCitation))
    ]
    if not _would_hold(checker, after, changed):
        return 1
    write_finding(checker, path, text)
    _report(checker, path, new, changed)
    return 0


def _with_options(
    arguments: argparse.Namespace, checker: Checker, path: str, text: str, cited: list[str]
) -> tuple[str, set[int]]:
    """The text with what the options change of the citations, and the indexes of those."""

    def chosen(finding: Finding) -> list[Citation]:
        citations = _citations(finding)
        return [c for c in citations if _as_written(c) in cited] if cited else citations

    def changed(text: str, changes: dict[int, Keys]) -> str:
        indexes.update(changes)
        return with_keys(open_for_edit(path, text.encode()), changes) if changes else text

    # In this order: --except changes which runs are left, and those are what a pin is of.
    finding = read_finding(path, text.encode())
    indexes = {citation.index for citation in chosen(finding) if cited}
    text = changed(text, options.set_options(arguments, checker, chosen(finding)))
    after = read_finding(path, text.encode())
    text = changed(text, options.kept_pins(checker, finding, after))
    finding = read_finding(path, text.encode())
    if arguments.unpin:
        text = changed(text, options.no_pins(chosen(finding)))
    elif arguments.pin or (cited and checker.repository.configuration.pin):
        text = changed(text, options.pins(checker, chosen(finding)))
    return text, indexes


def _citations(finding: Finding) -> list[Citation]:
    return [citation for citation in finding.citations if not citation.is_link]


def _as_written(citation: Citation) -> str:
    """The citation as this command writes it, without further keys."""
    if isinstance(citation, JobCitation):
        return job_citation(citation.job_id)
    if isinstance(citation, BatchCitation):
        return batch_citation(citation.experiment_id, citation.selector)
    return ""


def _report(checker: Checker, path: str, new: list[str], changed: list[Citation]) -> None:
    reader = EvidenceReader(checker)
    for citation in changed:
        written, runs = _as_written(citation), reader.runs(citation)
        what = f"added {written}" if written in new else f"changed {citation.label}"
        print(clean(f"{path}: {what}{f' ({summary(runs)})' if runs else ''}"))


def _batch(experiment: str, *pairs: str) -> str:
    checked_experiment(experiment)
    try:
        read = conditions(pairs)
    except UsageError as error:
        raise UsageError(
            f"{error}; a finding and its runs come before --batch: {_FORMS}"
        ) from error
    return batch_citation(experiment, selector_of(read))


def _would_hold(checker: Checker, finding: Finding, changed: list[Citation]) -> bool:
    fixes: list[tuple[Problem, str]] = []
    for citation in changed:
        values = (
            meant_values(citation, checker.sources) if isinstance(citation, BatchCitation) else {}
        )
        # Quoted, since a shell takes the quotes away that make a value text.
        typed = " ".join(shlex.quote(f"{k}={json.dumps(value)}") for k, value in values.items())
        # Not `aexp fix`, which the problem advises: the citation is in no file yet.
        instead = f"type it as {typed}" if typed else ""
        problems = checker.citation(finding, citation).problems
        fixes += [(problem, instead or problem.fix) for problem in problems]
    unknown = checker.authority_problems(changed)
    for problem, fix in (*fixes, *((problem, problem.fix) for problem in unknown)):
        notice(f"{problem.message}; next: {fix}")
    refused = unknown or any(problem.severity == "error" for problem, _ in fixes)
    if refused:
        notice("nothing was changed")
    return not refused
