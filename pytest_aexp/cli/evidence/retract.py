"""Record that runs are no longer evidence, and why; or write that into a
finding. A record is a file of its own in the ledger: it is committed like an
entry, and stays in force whatever is promoted, merged or packed later.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from shlex import quote

from pytest_aexp.cli.finding_argument import finding_named
from pytest_aexp.cli.findings.edit_finding import open_checker, open_finding, write_finding
from pytest_aexp.cli.output import at_root
from pytest_aexp.ground.errors import AmbiguousRun, RunNotFound, UsageError
from pytest_aexp.ground.stderr import notice
from pytest_aexp.ground.text import clean, counted, listed, quoted, shown
from pytest_aexp.model.findings.citation import BatchCitation, Citation
from pytest_aexp.model.findings.finding import name_of
from pytest_aexp.model.findings.premises import FINDING_NAME
from pytest_aexp.model.query.documents import Documents
from pytest_aexp.model.query.hints import why_nothing
from pytest_aexp.model.query.match import Run, query
from pytest_aexp.model.redaction.redact import redact
from pytest_aexp.model.retractions import RETRACTIONS_DIR, Retractions, is_record_id
from pytest_aexp.model.runs.short_id import full_job_id
from pytest_aexp.work.check.checker import Checker
from pytest_aexp.work.check.evidence.cited import how_to_leave_out
from pytest_aexp.work.edit.citation_keys import with_keys
from pytest_aexp.work.edit.citation_yaml import job_text
from pytest_aexp.work.promote.project import as_entry, utc_now
from pytest_aexp.work.retract import (
    RetractedCitation,
    at_risk,
    citations_of,
    lift,
    new_runs,
    record,
    with_withdrawal,
)
from pytest_aexp.work.runs.run_link import checked_experiment

STATUSES = {0: "it is recorded, or was already"}
EXAMPLES = """\
aexp retract 4076a08a --reason "the validation split leaked"    a run
aexp retract 4076a08a --reason "wrong seed" --replaced-by 5f31aa07 --mark
aexp retract --batch E005 condition=full --reason "wrong data"    a batch
aexp retract F002 --reason "does not hold" --replaced-by F012   a finding
aexp retract --lift 4076a08a --reason "another split"           take it back
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("targets", nargs="*", metavar="RUN", help="job ids, or one finding (F004)")
    parser.add_argument(
        "--batch",
        nargs="+",
        action="append",
        default=[],
        metavar=("E###", "CONDITION"),
        help="every run of an experiment that fits, in the words of `aexp ledger list`",
    )
    parser.add_argument("--reason", required=True, help="why; readers of the findings see it")
    parser.add_argument(
        "--replaced-by",
        action="append",
        default=[],
        metavar="RUN",
        help="a run, or for a finding another one, to use instead; may be repeated",
    )
    parser.add_argument(
        "--mark",
        action="store_true",
        help="write `accept:` into the citations of these runs: warnings until the authors decide",
    )
    parser.add_argument(
        "--lift",
        action="append",
        default=[],
        metavar="RUN|RECORD",
        help="take back a record, or all that retracts a run; may be repeated",
    )


def run(arguments: argparse.Namespace) -> int:
    checker = open_checker()
    targets, wants_runs = arguments.targets, arguments.targets or arguments.batch
    if not any(character.isalnum() for character in arguments.reason):
        raise UsageError(f"--reason {quoted(arguments.reason)} is not a reason")
    if bool(wants_runs) == bool(arguments.lift):
        raise UsageError("name runs, a batch or a finding, or what to --lift")
    if arguments.lift:
        _lift(checker, arguments)
    elif any(_names_finding(target, checker) for target in targets):
        _withdraw(checker, arguments)
    else:
        _retract(checker, arguments)
    return 0


def _names_finding(target: str, checker: Checker) -> bool:
    if FINDING_NAME.fullmatch(target):
        # It may begin a job id as well: a finding that there is comes first.
        if any(name_of(path) == target.upper() for path in checker.finding_paths):
            return True
        return not any(job_id.startswith(target.lower()) for job_id in checker.sources.job_ids)
    return "/" in target or target.lower().endswith((".md", ".markdown"))


# Runs


def _retract(checker: Checker, arguments: argparse.Namespace) -> None:
    job_ids = checker.sources.job_ids
    runs = [full_job_id(target, job_ids) for target in arguments.targets]
    for experiment, *pairs in arguments.batch:
        runs += _of_batch(checker, experiment, pairs)
    retractions = checker.sources.ledger.retractions
    new = new_runs(runs, retractions, arguments.reason)
    for job_id in sorted(set(runs) - set(new)):
        retraction = retractions.get(job_id)
        records = listed(retraction.record_ids, 3) if retraction else ""
        print(f"already retracted for that reason: run {job_id}, record {records}")
    # To report only what this retraction puts at risk.
    before = set(at_risk(checker)) if new else set()
    if new:
        replaced_by = [full_job_id(run, job_ids) for run in arguments.replaced_by]
        if not set(new).isdisjoint(replaced_by):
            raise UsageError("a run cannot replace itself: give another run to --replaced-by")
        record_id = record(checker.repository, arguments.reason, new, replaced_by)
        print(clean(f"retracted: {_described(checker, new)}, record {record_id}"))
    _report(runs, before, mark=arguments.mark, wrote=bool(new))


def _of_batch(checker: Checker, experiment: str, pairs: Sequence[str]) -> list[str]:
    checked_experiment(experiment)
    wanted = query([experiment]) & query(pairs)
    fits, runs = wanted.matcher(), list(_runs_of(experiment, checker))
    job_ids = {run["job_id"] for run in runs if fits(run)}
    damaged = [e.job_id for e in checker.sources.ledger.select(experiment, {}) if not e.usable]
    if damaged:
        which = f"{listed(damaged, 5)} of {experiment}"
        notice(f"damaged, and not looked at: {which}; to retract one, name it")
    if not job_ids:
        raise UsageError(why_nothing(wanted, runs))
    return sorted(job_ids)


def _runs_of(experiment: str, checker: Checker) -> Iterator[Run]:
    """The runs of an experiment as their ledger entries have them, or would have them."""
    yield from Documents(checker.sources.ledger).of(frozenset([experiment]))
    store = checker.sources.store
    if store is not None:
        for run in store:
            if run.usable and experiment in run.experiments:
                entry = as_entry(checker.repository, run.job_id, store.files(run.job_id))
                yield {**entry, "statepoint": redact(entry["statepoint"], "/statepoint")[0]}


def _described(checker: Checker, runs: Sequence[str]) -> str:
    if len(runs) > 1:
        return counted(len(runs), "run")
    entry = checker.sources.ledger.get(runs[0])
    if entry is None or entry.statepoint is None:
        return f"run {runs[0]}"
    statepoint = json.loads(entry.statepoint)
    hidden = ("experiment_id", "hypothesis_id", "code_commit", "code_dirty")
    pairs = [f"{k}={v}" for k, v in sorted(statepoint.items()) if k not in hidden]
    experiment = entry.experiments[0] if entry.experiments else ""
    about = ": ".join(filter(None, [experiment, shown(", ".join(pairs), 80)]))
    return f"run {runs[0]} ({about})" if about else f"run {runs[0]}"


def _report(
    runs: Sequence[str], before: Collection[tuple[str, str]], *, mark: bool, wrote: bool
) -> None:
    """Print, and mark, the findings that the retraction of ``runs`` reaches."""
    # A new one, which reads the records as they are now.
    checker = open_checker()
    reached = list(citations_of(checker, runs))
    marked = _mark(checker, reached) if mark else {}
    for cited in reached:
        mark_text = marked.get((cited.finding.path, cited.citation.index), "")
        print(clean(f"  {cited}{mark_text}"))
    _print_at_risk(checker, before)
    folders = [RETRACTIONS_DIR] if wrote else []
    folders += sorted({path.rpartition("/")[0] for path, _ in marked})
    if folders:
        add = at_root(checker.repository.root, f"git add {' '.join(map(quote, folders))}")
        then = ", commit; then for each finding:" if reached else ", commit and push"
        print(f"next: {add}{then}")
        if reached:
            first, leave_out = reached[0], ""
            if isinstance(first.citation, BatchCitation) and len(first.every) < first.count:
                leave_out = f"{how_to_leave_out(first.citation, sorted(first.every))}, or "
            print(f"      {leave_out}`aexp retract {first.finding.name} --reason …`")


def _print_at_risk(checker: Checker, before: Collection[tuple[str, str]]) -> None:
    """Print the findings that build on what is in doubt now, and was not ``before``."""
    for finding, premise in dict.fromkeys(at_risk(checker)):
        if (finding, premise) not in before:
            print(clean(f"  {finding} builds on {premise}: at risk"))


def _mark(checker: Checker, reached: Iterable[RetractedCitation]) -> dict[tuple[str, int], str]:
    """Have citations accept what retracts their runs; what was written, by finding and index."""
    by_finding: dict[str, list[tuple[Citation, list[str]]]] = defaultdict(list)
    for cited in reached:
        citation = cited.citation
        retractions = map(checker.sources.ledger.retractions.get, sorted(cited.runs))
        record_ids = [rid for r in filter(None, retractions) for rid in r.record_ids]
        new = [rid for rid in dict.fromkeys(record_ids) if rid not in citation.accept]
        if new and not citation.is_link:
            by_finding[cited.finding.path].append((citation, new))
    marked = {}
    for path, changes in by_finding.items():
        front = open_finding(checker, path)
        lists = {c.index: ", ".join(map(job_text, (*c.accept, *new))) for c, new in changes}
        try:
            text = with_keys(front, {i: {"accept": f"[{ids}]"} for i, ids in lists.items()})
        except UsageError as error:
            notice(clean(str(error)))
            continue
        write_finding(checker, path, text)
        for citation, new in changes:
            what = f"marked `accept: [{', '.join(new)}]`, a warning until its author decides"
            marked[path, citation.index] = f": {what}"
    return marked


def _lift(checker: Checker, arguments: argparse.Namespace) -> None:
    if arguments.replaced_by or arguments.mark:
        raise UsageError("--lift goes with --reason alone")
    retractions = checker.sources.ledger.retractions
    targets = [_lifted(target, retractions) for target in arguments.lift]
    done = lift(checker.repository, retractions, targets, arguments.reason)
    print(f"lifted: {counted(len(done.records), 'record')}: {listed(done.records, 5)}")
    for record_id, runs in done.anew.items():
        print(f"  {counted(len(runs), 'run')} still retracted, record {record_id}")
    add = at_root(checker.repository.root, f"git add {RETRACTIONS_DIR}")
    print(f"next: {add}, commit and push")


def _lifted(target: str, retractions: Retractions) -> str:
    """The record, or the retracted run, that ``target`` names; itself if it names none."""
    if is_record_id(target) and target in retractions.records:
        return target
    try:
        return full_job_id(target, retractions.job_ids)
    # Which is a RunNotFound, too.
    except AmbiguousRun:
        raise
    except RunNotFound:
        if FINDING_NAME.fullmatch(target):
            raise UsageError(
                f"{target} is a finding: it stands again without `retracted:` in its front matter"
            ) from None
        return target


# Findings


def _withdraw(checker: Checker, arguments: argparse.Namespace) -> None:
    if len(arguments.targets) > 1 or arguments.batch or arguments.mark:
        raise UsageError("retract one finding by itself, with --reason and --replaced-by alone")
    path = finding_named(arguments.targets[0], checker)
    finding = checker.finding(path)
    if finding.withdrawal is not None:
        print(clean(f"{path} is withdrawn already: {finding.withdrawal.reason}"))
        return
    if len(arguments.replaced_by) > 1:
        raise UsageError("one finding replaces another: give --replaced-by once")
    instead = [checker.finding(finding_named(f, checker)).name for f in arguments.replaced_by]
    before = set(at_risk(checker))
    front = open_finding(checker, path)
    text = with_withdrawal(front, arguments.reason, "".join(instead), utc_now()[:10])
    if text is None:
        raise UsageError(f"{path}: add `retracted: {shown(arguments.reason)}` to it by hand")
    write_finding(checker, path, text)
    print(clean(f"withdrawn: {path}"))
    # A new one, since the finding is another now.
    after = open_checker()
    for other in map(after.finding, after.finding_paths):
        for premise in other.premises:
            if premise.name == finding.name:
                line = f"{other.name} builds on {finding.name}: an error until it no longer does"
                print(clean(f"  {line}"))
    _print_at_risk(after, before)
    print(f"next: {at_root(checker.repository.root, f'git add {quote(path)}')}, commit and push")
