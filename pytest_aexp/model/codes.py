"""The one table of codes: what each means, and what to do. docs/codes.md shows it with examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Code(NamedTuple):
    """What a code means to the person who meets it."""

    name: str
    title: str
    meaning: str
    fix: str


_TABLE = """
finding.unpromoted_run_citation: The cited run is finished, but only on this machine
The run is in this machine's run store and not in the ledger, so no other machine can see it.
next: Run `aexp ledger promote <job id>` here, then commit the entry with the finding.

finding.unfinished_run_citation: The cited run has not finished
The run is in this machine's run store and is still created, queued or running: there is nothing to
rest a finding on yet.
next: Wait for the run to end (it enters the ledger by itself), or mark how it ended with
`aexp mark <job id> <status>`.

finding.absent_run_citation: The cited run lives on another machine
Only another machine's run index names the run. The citation is right; what is missing is the ledger
entry.
next: Leave the citation alone. Run `aexp ledger promote <job id>` on that machine, commit and push.

finding.absent_batch_runs: The cited batch lives on another machine
Only another machine's run index has runs that fit the batch, and an index knows too little to check
every selector key.
next: Leave the citation alone. Run `aexp ledger backfill` on that machine, commit and push.

finding.broken_run_citation: The citation does not lead to a run
Either the citation is not written as one (always an error), or no ledger entry, run store or
machine index has the run (strict-runs decides).
next: Correct the citation; if the run exists on another machine, promote it there with
`aexp ledger promote <job id>`.

finding.empty_batch: The cited batch has no runs
No run of the experiment has the selector's values. Values are compared by type as well: 1, "1" and
true differ.
next: Correct the experiment or the selector, or promote the runs on the machine that has them.

finding.unreadable: The finding cannot be read
The file has no front matter that can be read, so none of its citations can be checked.
next: Begin the file with `---`, valid YAML, and `---`.

finding.suspicious_key: A misspelt or misplaced key
The key looks like a misspelling of a known key, or stands where nothing reads it, so what is below
it is ignored.
next: Correct the spelling, or rename the key.

finding.not_collected: A file with citations that is not a finding
The file lies among the findings and cites runs, but its name is not a finding's, or its folder's
begins with a dot, so its citations are not checked.
next: Rename or move it (`F###-slug.md`), or add a glob for it to `findings` in `[tool.aexp]`.

finding.wrong_number: A number that does not follow from its runs
The expression behind the number, computed exactly from the cited runs, does not give the digits
that are printed.
next: Write the number that the message names, or correct the expression.

finding.malformed_number: A number whose expression cannot be read
The comment `<!-- = … -->` has an expression or a name that cannot be read, there is no number
directly before it, or it is beyond the limits.
next: Write the number and, directly behind it, `<!-- = mean(name.metric) -->`.

finding.unchecked_number: A number that could not be checked
Its runs are not in the ledger, their citation is malformed, or some of them do not have the metric.
next: Run `aexp ledger backfill` on the machine with the runs; leave runs that failed out with
`status: complete`.

finding.changed_evidence: The cited runs are not those it was pinned to
Runs of the pinned citation are gone, were replaced, or ran again since it was pinned (strict-runs
decides).
next: Read the finding again; then `aexp cite F### --pin`.

finding.grown_batch: The cited batch has more runs than it was pinned with
The pinned runs are still there, and others were added. The finding is checked against the pinned
ones.
next: Read the finding again; then `aexp cite F### --pin`, or `--except` for a run that does not
belong.

finding.retracted_run: A cited run was retracted
A retraction record says that the run is no longer evidence.
next: Leave the run out, cite the one that replaces it, or withdraw the finding with `retracted:`.

finding.retracted_premise: The finding builds on one that is withdrawn
A finding that `builds_on` names says `retracted:` of itself.
next: Remove it from `builds_on` if the finding holds without it, or withdraw the finding, too.

finding.at_risk: The finding builds on one that is in doubt
A finding that `builds_on` names cites a retracted run, or builds, at whatever distance, on one that
does or that is withdrawn.
next: Read the finding again, and ask whether it holds without what was retracted.

finding.broken_premise: The finding builds on something that is not one finding
`builds_on` names no finding, the finding itself, one that builds on this one in turn, or a name
that two files have.
next: Correct the name, or break the circle.

finding.no_run_store: There is nothing to check citations against
The repository has no ledger folder, no run store and no machine index, so whether the cited runs
exist is not judged.
next: Pull the ledger; if there is none yet, run `aexp install` and `aexp ledger backfill` on each
machine with runs.

finding.none_collected: No findings were checked
There is no finding, a configured glob matches nothing (an error), or the findings cannot be read
where they should be: a link, a submodule or a folder of another name stands there (an error).
next: Set `findings` in [tool.aexp] to where the findings are, or put the folder back.

finding.unstaged_ledger_entry: The cited entry would not be in the commit
The ledger entry is on disk but not in what is about to be committed: after a pull the citation
would lead to no run.
next: Run `git add` on the entry.

evidence.failed_run: A cited run did not complete
The run failed or was abandoned. Of a batch one problem counts all such runs.
next: Leave it out (`except`, or `status: complete`), or say that you know: `accept: [failed_run]`.

evidence.repeated_run: A batch counts one run twice
Two runs of the batch differ in the state of the code alone (`code_commit`, `code_dirty`): the same
parameters ran again after a change.
next: Leave one out (`except`), select by `code_commit`, or `accept: [repeated_run]`.

evidence.stopped_run: A cited run was stopped
Somebody or something ended the run early.
next: Leave it out (`except`), or say that you know: `accept: [stopped_run]`.

evidence.dirty_code: A cited run ran on uncommitted code
The entry says `code_dirty: true`.
next: Run it again from a commit, or say that you know: `accept: [dirty_code]`.

evidence.foreign_experiment: A cited run belongs to another experiment
The finding's `experiment:` is neither that of the run's statepoint nor that of its link.
next: Correct `experiment:` or the citation, or `accept: [foreign_experiment]`.

evidence.unknown_commit: A cited run ran on a commit that nobody else has
Its `code_commit` is missing, is not a commit id, or is not part of the judged commit's history, a
remote branch or a tag. One warning says so where the clone does not show it, as in a shallow one.
next: Push the branch or tag the commit; in CI fetch the whole history (`fetch-depth: 0`).

ledger.invalid_entry: A ledger entry that cannot be used
The file cannot be read, holds conflict markers or a key twice, breaks the schema, names another
job, or has a status no finished run has; or the whole ledger folder is missing.
next: Promote the run again on the machine that has it (`aexp ledger promote <job id>`); after a
merge conflict run `aexp ledger resolve`.

ledger.identity_mismatch: A ledger entry whose statepoint is not its run's
A job id is the hash of its statepoint; this statepoint hashes to another id, so it was edited or
damaged.
next: Restore the file from git, or promote the run again on the machine that has it.

ledger.unverified_identity: A ledger entry whose identity cannot be checked
The entry says that its statepoint was redacted, so whether it is that of its run cannot be
computed. The closing line counts such citations.
next: Keep paths and credentials out of the statepoints of new runs with `local` in
[tool.aexp.runs].

ledger.unknown_field: A ledger entry with fields this version does not know
A newer version wrote it, or someone added to it. The fields it knows were checked.
next: Upgrade pytest-aexp, or promote the run again to drop the field.

ledger.leak: A ledger entry that contains a path or a credential
The entry holds an absolute path or a credential, and is about to be shared.
next: Promote the run again (`aexp ledger promote <job id>`); change the credential if it was
pushed.

ledger.invalid_retraction: A retraction record that cannot be used
The file cannot be read, breaks the schema, or its content is not the one it is named for: a record
is never changed and never deleted.
next: Restore the file from git; record what has changed with `aexp retract`.

ledger.merge_driver: A merge driver that does not work
In this clone git merges ledger entries with a program that no longer exists, or with another one of
that name. Such a merge leaves conflict markers.
next: Run `aexp install` again.

policy.weakened: Less is checked than before
This `[tool.aexp]` has a lower severity or strictness, fewer findings or fewer metrics than the one
before the change, or than that of `--policy-from`.
next: Ask whoever is responsible for the policy, or take the change back.

runs.damaged: A file of the run store that cannot be used
A run's statepoint or document on this machine cannot be read, or is not what signac wrote.
next: Look at the named file; restore it, or remove the run's folder if the run is lost.

runs.tracked: Files of the run store in git
Git has files of this machine's run store, or a commit would add some (an error in the hooks). They
may be large, and hold whatever a program wrote: paths, credentials.
next: Run `git rm -r -q --cached .runs` and `aexp install`, and commit.

runs_index.damaged: A machine index that cannot be used
The index file cannot be read or is not an index, so runs that only it names look as if they did not
exist.
next: Run `aexp runs-export-index` again on that machine or, better, `aexp ledger backfill`, and
remove the file.
"""


def _read(table: str) -> Iterator[Code]:
    """The codes in the table: a name and a title, what it means and, behind "next:", what to do."""
    for code in table.strip().split("\n\n"):
        name, _, text = code.partition(": ")
        title, _, text = text.partition("\n")
        meaning, _, fix = text.replace("\n", " ").partition(" next: ")
        yield Code(name, title, meaning, fix)


CODES: Mapping[str, Code] = {code.name: code for code in _read(_TABLE)}
