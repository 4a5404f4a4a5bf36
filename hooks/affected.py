"""Which findings a commit concerns: those it changes, and those whose evidence it changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_aexp.ground.settings.globs import fixed_part, matched
from pytest_aexp.ground.views import above
from pytest_aexp.model.batches import Batches
from pytest_aexp.model.entry import ENTRY_LIMIT, LEDGER_DIR, Entry, entry_path
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.findings.citation import BatchCitation, JobCitation
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.packs.duplicates import counting_entry
from pytest_aexp.model.packs.segment import SEGMENT_LIMIT, Version, lines_of, run_of
from pytest_aexp.model.runs.machine_index import INDEX_DIR
from pytest_aexp.work.check.checker import Checker

from .commit import Commit
from .early_exit import FileChange
from .immutable import changed_segments, unclear_runs
from .unchanged_findings import dependents, outcome_of, retracted_runs, touched_findings


@dataclass(frozen=True, slots=True)
class ChangedEvidence:
    """Entries that a commit changes, as they were and as they would be."""

    job_ids: frozenset[str]
    batches: Batches[Entry]
    replaced: tuple[tuple[Entry, Entry], ...] = ()
    """The entries that are changed, as they were and as they would be."""

    def supports(self, finding: Finding) -> bool:
        """Whether the finding cites one of the runs, by itself or in a batch."""
        return any(
            citation.job_id in self.job_ids
            if isinstance(citation, JobCitation)
            else isinstance(citation, BatchCitation)
            and any(self.batches.select(citation.experiment_id, s) for s in citation.selectors)
            for citation in finding.citations
        )


def affected_findings(commit: Commit, checker: Checker) -> list[Finding]:
    """The findings that the commit concerns, read: all of them where that is not clear."""
    if commit.changes is None or _changes_what_counts(commit):
        return checker.findings()
    globs = commit.repository.configuration.findings
    staged = {path: checker.finding(path) for path in sorted(matched(commit.kept, globs))}
    evidence = changed_evidence(commit, checker)
    affected = list(staged.values())
    if evidence.job_ids:
        every = (staged.get(path) or checker.finding(path) for path in checker.finding_paths)
        affected = [
            finding for finding in every if finding.path in staged or evidence.supports(finding)
        ]
    paths = {finding.path for finding in affected}
    built = dependents(commit, checker, staged.values(), paths | touched_findings(commit))
    return [*affected, *(finding for finding in built if finding.path not in paths)]


def _changes_what_counts(commit: Commit) -> bool:
    """Whether other files may be findings now, or other sources or rules hold for all of them."""
    of_findings = _fixed_folders(commit)
    folders = [*of_findings, LEDGER_DIR, INDEX_DIR]
    on_the_way = {path for folder in folders for path in above(folder)}
    below = tuple(f"{folder}/" for folder in of_findings)
    for change in commit.changes or ():
        inside = change.path.startswith(below)
        if change.path in on_the_way or (inside and not change.is_entered):
            return True
        if change.path.startswith(f"{INDEX_DIR}/"):
            return True
    if any(change.status != "A" for change in changed_segments(commit).values()):
        return True
    return commit.configuration_before() != commit.repository.configuration


def affects_collection(commit: Commit) -> bool:
    """Whether the commit may leave fewer findings to be read than there should be."""
    if commit.changes is None or _changes_what_counts(commit):
        return True
    folders = [f"{folder}/" for folder in _fixed_folders(commit)]
    deleted = [change.path for change in commit.changes if change.status == "D"]
    if any(path.startswith(folder) for path in deleted for folder in folders):
        return True
    # In other letters, which nobody reads.
    alike = [(p, f) for p in commit.kept for f in folders if p.lower().startswith(f.lower())]
    return any(not path.startswith(folder) for path, folder in alike)


def _fixed_folders(commit: Commit) -> set[str]:
    globs = commit.repository.configuration.findings
    return {fixed_part(glob) for glob in globs}


def changed_evidence(commit: Commit, checker: Checker) -> ChangedEvidence:
    """What of the ledger's changes can matter to a finding: not a new entry that is right."""
    job_ids, entries, replaced = set[str](), list[Entry](), list[tuple[Entry, Entry]]()
    changed, ledger = commit.entries(), checker.sources.ledger
    ledger.load(changed)
    doubted = {fault.job_id for fault in unclear_runs(commit, ledger) if fault.job_id}
    earlier = _earlier_entries(commit, ledger)
    ledger.load(earlier)
    for job_id in sorted(doubted.union(changed, earlier)):
        now, change, old = ledger.get(job_id), changed.get(job_id), earlier.get(job_id)
        is_new = change is None or change.status == "A"
        is_same = old is None or (now is not None and outcome_of(old) == outcome_of(now))
        if is_new and is_same and now is not None and now.usable and job_id not in doubted:
            continue
        job_ids.add(job_id)
        if old is not None and now is not None and old.usable and now.usable:
            replaced.append((old, now))
        entries += [entry for entry in (now, old) if entry is not None]
    retracted = retracted_runs(commit, checker)
    entries += ledger.entries(retracted - job_ids)
    return ChangedEvidence(frozenset(job_ids | retracted), Batches(entries), tuple(replaced))


def _earlier_entries(commit: Commit, ledger: Ledger) -> dict[str, Entry]:
    """The entry that counted so far, of each run of which the commit changes some."""
    segments, changed = changed_segments(commit), commit.entries()
    added = [path for path, change in segments.items() if change.status != "D"]
    gone = list(_packed_before(commit, segments.values()))
    job_ids = set(changed)
    if added:
        job_ids |= ledger.packs.ids_in(added) & (ledger.repeated | {job_id for job_id, _ in gone})
    if not job_ids:
        return {}
    lines = ledger.packs.lines(job_ids)
    before = {j: [v for v in lines.get(j, ()) if v.path not in added] for j in job_ids}
    for job_id, version in gone:
        if job_id in before:
            before[job_id].append(version)
    earlier: dict[str, Entry] = {}
    for job_id, versions in before.items():
        file = _file_before(commit, ledger, job_id, changed.get(job_id))
        now = {version.data for version in lines.get(job_id, ()) if version.path in added}
        # Most runs that are packed again are packed as they were: no need to read those.
        if file is None and all(version.data in now for version in versions):
            continue
        entries = [(version.judged(), version) for version in versions]
        earlier[job_id] = counting_entry([*entries, file] if file is not None else entries)
    return earlier


def _packed_before(commit: Commit, segments: Iterable[FileChange]) -> Iterator[tuple[str, Version]]:
    """The lines of the segments that the commit deletes or changes, as they were."""
    for change in segments:
        if change.old_name.strip("0"):
            data = commit.view.content(change.old_name, SEGMENT_LIMIT)
            for number, line in enumerate(lines_of(data) if isinstance(data, bytes) else (), 1):
                yield run_of(line), Version(change.path, number, line)


def _file_before(
    commit: Commit, ledger: Ledger, job_id: str, change: FileChange | None
) -> tuple[Entry, Version] | None:
    """The entry in the run's own file, as it was; None if there was none."""
    path = entry_path(job_id)
    if change is None:
        if job_id not in ledger.loose:
            return None
        data = commit.view.read(path, ENTRY_LIMIT)
    elif change.old_name.strip("0"):
        data = commit.view.content(change.old_name, ENTRY_LIMIT)
    else:
        return None
    version = Version(path, 1, data if isinstance(data, bytes) else b"")
    return judge_entry(job_id, path, data), version
