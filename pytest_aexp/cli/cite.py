"""``aexp cite`` and ``aexp fix``: change findings, and nothing in them but what is meant."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pytest_aexp.cli.finding_argument import finding_named
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import clean, counted, quoted

if TYPE_CHECKING:
    from pytest_aexp.model.findings.finding import Finding
    from pytest_aexp.work.check.checker import Checker

_CITE_EXAMPLES = """\
examples:
  aexp cite F004 4076a08a                       one run, by how its id begins
  aexp cite F004 --batch E005 condition=full    every run of E005 with that condition
"""
_CITE_FORMS = "aexp cite F004 RUN…, or aexp cite F004 --batch E005 condition=full"
_FIX_EXAMPLES = """\
examples:
  aexp fix --diff     show what would change
  aexp fix F004       mend one finding
"""


def add_to(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both verbs to the command's parser."""
    cite = verbs.add_parser(
        "cite",
        help="add citations to a finding",
        epilog=_CITE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cite.add_argument("finding", nargs="?", metavar="FINDING", help="a finding's path or id (F004)")
    cite.add_argument("runs", nargs="*", metavar="RUN", help="a job id, or how it begins")
    cite.add_argument(
        "--batch",
        nargs="+",
        action="append",
        default=[],
        metavar=("E###", "KEY=VALUE"),
        help="every run of an experiment that has these values in its statepoint",
    )
    cite.set_defaults(run=run_cite)
    fix = verbs.add_parser(
        "fix",
        help="mend citations where only one thing can have been meant",
        epilog=_FIX_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    fix.add_argument("findings", nargs="*", metavar="FINDING", help="default: every finding")
    fix.add_argument(
        "--diff", action="store_true", help="only show the changes; exit status 1 if there are any"
    )
    fix.set_defaults(run=run_fix)


def run_cite(arguments: argparse.Namespace) -> int:
    """Add the citations; 1, and nothing changed, if one of them would not hold."""
    # Here, and below, so that the other verbs start without the rules.
    from pytest_aexp.model.findings.finding import read_finding
    from pytest_aexp.model.findings.front_matter import READ_LIMIT
    from pytest_aexp.model.short_id import full_job_id
    from pytest_aexp.work.edit.citation_yaml import job_citation
    from pytest_aexp.work.edit.cite import with_citations
    from pytest_aexp.work.edit.finding_text import open_for_edit
    from pytest_aexp.work.edit.fix import mended

    if arguments.finding is None or not (arguments.runs or arguments.batch):
        raise UsageError("name the finding, then runs or a batch: " + _CITE_FORMS)
    checker = _checker()
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
    _write(checker, path, text)
    for citation in new:
        print(clean(f"{path}: added {citation}"))
    return 0


def _new_ones(added: Iterable[str], finding: Finding) -> list[str]:
    from pytest_aexp.model.findings.citation import BatchCitation, JobCitation
    from pytest_aexp.work.edit.citation_yaml import batch_citation, job_citation

    there = set()
    for citation in finding.citations:
        if isinstance(citation, JobCitation):
            there.add(job_citation(citation.job_id))
        elif isinstance(citation, BatchCitation):
            there.add(batch_citation(citation.experiment_id, citation.selector))
    return [citation for citation in dict.fromkeys(added) if citation not in there]


def _batch(experiment: str, *pairs: str) -> str:
    from pytest_aexp.ground import schema
    from pytest_aexp.work.edit.citation_yaml import batch_citation

    if not schema.is_valid("citation", {"type": "batch", "experiment_id": experiment}):
        raise UsageError(f"{quoted(experiment)} is no experiment: E and digits, as in E005")
    return batch_citation(experiment, _selector(pairs))


def _selector(pairs: Iterable[str]) -> dict[str, Any]:
    from pytest_aexp.model.query.grammar import conditions
    from pytest_aexp.model.query.match import selector_of

    try:
        typed = conditions(pairs)
    except UsageError as error:
        raise UsageError(
            f"{error}; a finding and its runs come before --batch: {_CITE_FORMS}"
        ) from error
    return selector_of(typed)


def _would_hold(checker: Checker, finding: Finding, count: int) -> bool:
    new = finding.citations[-count:]
    problems = [p for citation in new for p in checker.citation(citation).problems]
    unknown = checker.authority(new)
    for problem in (*problems, *unknown):
        print(f"aexp: {problem.message}; next: {problem.fix}", file=sys.stderr)
    refused = unknown or any(problem.severity == "error" for problem in problems)
    if refused:
        print("aexp: nothing was changed", file=sys.stderr)
    return not refused


def run_fix(arguments: argparse.Namespace) -> int:
    """Mend the findings, or show how; 2 if one of them could not be read or written."""
    checker = _checker()
    paths = dict.fromkeys(finding_named(each, checker) for each in arguments.findings)
    changed, failed = 0, False
    for path in paths or checker.finding_paths:
        try:
            changed += _fixed(checker, path, show=arguments.diff)
        except UsageError as error:
            print(f"aexp: {clean(str(error))}", file=sys.stderr)
            failed = True
    if not arguments.diff:
        print(f"{counted(changed, 'finding')} changed; next: aexp validate")
    if failed:
        return 2
    return 1 if arguments.diff and changed else 0


def _fixed(checker: Checker, path: str, *, show: bool) -> bool:
    from pytest_aexp.model.findings.front_matter import READ_LIMIT
    from pytest_aexp.work.edit.finding_text import open_for_edit
    from pytest_aexp.work.edit.fix import mended

    document = open_for_edit(path, checker.view.read(path, READ_LIMIT, whole=False))
    text = mended(document, checker.sources.job_ids)
    if text == document.text:
        return False
    if show:
        sys.stdout.writelines(_diff(path, document.text, text))
    else:
        _write(checker, path, text)
        print(f"fixed: {clean(path)}")
    return True


def _diff(path: str, old: str, new: str) -> Iterator[str]:
    # Here, for start-up time, like the rest of what only this verb needs.
    import difflib

    before, after = old.split("\n"), new.split("\n")
    for line in difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm=""):
        yield "\t".join(map(clean, line.removesuffix("\r").split("\t"))) + "\n"


def _checker() -> Checker:
    from pytest_aexp.ground.views import WorkTree
    from pytest_aexp.model.problems import Policy
    from pytest_aexp.work.check.checker import Checker

    repository = Repository.open()
    policy = Policy(severity=repository.configuration.severity)
    return Checker(repository, WorkTree(repository.root), policy)


def _write(checker: Checker, path: str, text: str) -> None:
    from pytest_aexp.ground.files import write_atomic

    target = checker.repository.root / path
    if target.is_symlink():
        raise UsageError(f"{path} is a link; edit the file it leads to")
    write_atomic(target, text.encode())
