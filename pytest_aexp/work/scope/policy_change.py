"""Whether one configuration is less strict than another, and a configuration from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.git.view import INDEX, GitView
from pytest_aexp.ground.repository import Repository, configuration_of
from pytest_aexp.ground.settings.configuration import CONFIG, Configuration
from pytest_aexp.ground.text import counted, quoted
from pytest_aexp.ground.views import View, matching
from pytest_aexp.model.problems import POLICY_WEAKENED, Fault, Policy, Problem, all_rules

_STRICTNESS = {"off": 0, "warn": 1, "error": 2}
_RANK = {None: 0, "warning": 1, "error": 2}
_FIX = "ask whoever is responsible for the policy, or take the change back"


def configuration_at(root: Path, revision: str) -> Configuration:
    """``[tool.aexp]`` as a commit has it. Raises UsageError, GitError, ConfigurationError."""
    if revision == INDEX:
        raise UsageError("the policy in the index is that of the change itself: name a commit")
    with GitView.at(root, revision) as view:
        return configuration_of(view)


def under_policy_at(
    revision: str | None, repository: Repository, view: View
) -> tuple[Repository, tuple[Problem, ...]]:
    """``repository`` under the policy of a commit, and what its own checks less strictly.

    Without a commit as it is. Raises UsageError, GitError, ConfigurationError.
    """
    if revision is None:
        return repository, ()
    own, before = repository.configuration, configuration_at(repository.root, revision)
    # Where the runs of this machine lie is not part of a policy.
    policy = replace(before, run_store=own.run_store)
    return replace(repository, configuration=policy), weakened(before, own, view)


def weakened(before: Configuration, after: Configuration, view: View) -> tuple[Problem, ...]:
    """What ``after`` checks less strictly than ``before``, in the files of ``view``.

    How severe that is, ``before`` says.
    """
    messages = (f"less is checked than before: {what}" for what in _laxer(before, after, view))
    faults = (Fault(POLICY_WEAKENED, CONFIG, message, _FIX) for message in messages)
    return Policy(severity=before.severity).judge(faults)


def _laxer(before: Configuration, after: Configuration, view: View) -> Iterator[str]:
    if _STRICTNESS[after.strict_runs] < _STRICTNESS[before.strict_runs]:
        yield f"strict_runs is {quoted(after.strict_runs)}, and was {quoted(before.strict_runs)}"
    # As the hooks are, so that what only they call an error is not made less of unseen.
    old, new = (Policy(severity=c.severity, for_entries=True) for c in (before, after))
    reported = set[str]()
    for rule in all_rules():
        was, now = old.severity_of(rule), new.severity_of(rule)
        if _RANK[now] < _RANK[was] and rule.code not in reported:
            reported.add(rule.code)
            yield f"{quoted(rule.code)} is {quoted(now or 'off')}, and was {quoted(was or 'off')}"
    if before.findings != after.findings:
        lost = set(matching(view, before.findings)) - set(matching(view, after.findings))
        if lost:
            example = quoted(min(lost))
            yield f"{counted(len(lost), 'file')} no longer counted as findings, such as {example}"
    for name, path in sorted(before.metrics.items()):
        if after.metrics.get(name) != path:
            yield f"the metric {quoted(name)} is no longer taken from {quoted(path)}"
