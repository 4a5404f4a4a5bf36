"""The rules, and how strictness and configuration decide what a fault becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Any, Literal, NamedTuple

from pytest_aexp.ground.errors import ConfigurationError
from pytest_aexp.ground.settings.configuration import Configuration, StrictRuns
from pytest_aexp.ground.text import Position, clean, closest, quoted
from pytest_aexp.model.codes import CODES

Severity = Literal["error", "warning"]


class Basis(StrEnum):
    """What decides a fault's severity."""

    ERROR = auto()
    """Always an error."""
    WARNING = auto()
    """Always a warning."""
    STRICT = auto()
    """As strict-runs says; not judged under ``off``."""
    EXISTENCE = auto()
    """A warning; not judged under ``off``."""
    CITED = auto()
    """An error if a finding cites the entry, in the hooks and in `ledger check`; else a warning."""
    ENTRY_CHECK = auto()
    """An error in the check of entries (``ledger check``, the hooks), a warning elsewhere."""
    ON_REQUEST = auto()
    """Not judged unless it is configured."""
    NOTICE = auto()
    """A warning where the code is judged at all, however it is configured."""


class Rule(NamedTuple):
    """One way to go wrong: the code it is reported under and what decides its severity."""

    code: str
    basis: Basis


UNPROMOTED = Rule("finding.unpromoted_run_citation", Basis.EXISTENCE)
UNFINISHED = Rule("finding.unfinished_run_citation", Basis.EXISTENCE)
ABSENT = Rule("finding.absent_run_citation", Basis.EXISTENCE)
ABSENT_BATCH = Rule("finding.absent_batch_runs", Basis.EXISTENCE)
BROKEN = Rule("finding.broken_run_citation", Basis.STRICT)
MALFORMED = Rule("finding.broken_run_citation", Basis.ERROR)
EMPTY_BATCH = Rule("finding.empty_batch", Basis.STRICT)
UNREADABLE = Rule("finding.unreadable", Basis.ERROR)
SUSPICIOUS_KEY = Rule("finding.suspicious_key", Basis.WARNING)
MISSPELT_CITATIONS = Rule("finding.suspicious_key", Basis.ERROR)
NOT_COLLECTED = Rule("finding.not_collected", Basis.WARNING)
WRONG_NUMBER = Rule("finding.wrong_number", Basis.ERROR)
MALFORMED_NUMBER = Rule("finding.malformed_number", Basis.ERROR)
UNCHECKED_NUMBER = Rule("finding.unchecked_number", Basis.EXISTENCE)
CHANGED_EVIDENCE = Rule("finding.changed_evidence", Basis.STRICT)
REPLACED_EVIDENCE = Rule("finding.changed_evidence", Basis.NOTICE)
GROWN_BATCH = Rule("finding.grown_batch", Basis.EXISTENCE)
RETRACTED_RUN = Rule("finding.retracted_run", Basis.ERROR)
ACCEPTED_RETRACTION = Rule("finding.retracted_run", Basis.NOTICE)
RETRACTED_PREMISE = Rule("finding.retracted_premise", Basis.ERROR)
AT_RISK = Rule("finding.at_risk", Basis.WARNING)
BROKEN_PREMISE = Rule("finding.broken_premise", Basis.ERROR)
FAILED_RUN = Rule("evidence.failed_run", Basis.WARNING)
REPEATED_RUN = Rule("evidence.repeated_run", Basis.WARNING)
STOPPED_RUN = Rule("evidence.stopped_run", Basis.ON_REQUEST)
DIRTY_CODE = Rule("evidence.dirty_code", Basis.ON_REQUEST)
FOREIGN_EXPERIMENT = Rule("evidence.foreign_experiment", Basis.ON_REQUEST)
UNKNOWN_COMMIT = Rule("evidence.unknown_commit", Basis.ON_REQUEST)
UNJUDGED_COMMIT = Rule("evidence.unknown_commit", Basis.NOTICE)
NO_RUN_STORE = Rule("finding.no_run_store", Basis.EXISTENCE)
NONE_COLLECTED = Rule("finding.none_collected", Basis.WARNING)
NOT_READ = Rule("finding.none_collected", Basis.ERROR)
UNSTAGED_ENTRY = Rule("finding.unstaged_ledger_entry", Basis.ERROR)
INVALID_ENTRY = Rule("ledger.invalid_entry", Basis.CITED)
MISSING_LEDGER = Rule("ledger.invalid_entry", Basis.STRICT)
CONTRADICTION = Rule("ledger.invalid_entry", Basis.CITED)
INVALID_SEGMENT = Rule("ledger.invalid_entry", Basis.ERROR)
NOT_A_NUMBER = Rule("ledger.invalid_entry", Basis.WARNING)
IDENTITY_MISMATCH = Rule("ledger.identity_mismatch", Basis.CITED)
UNVERIFIED_IDENTITY = Rule("ledger.unverified_identity", Basis.ON_REQUEST)
UNKNOWN_FIELD = Rule("ledger.unknown_field", Basis.WARNING)
INVALID_RETRACTION = Rule("ledger.invalid_retraction", Basis.ERROR)
LEAK = Rule("ledger.leak", Basis.ENTRY_CHECK)
MERGE_DRIVER = Rule("ledger.merge_driver", Basis.WARNING)
POLICY_WEAKENED = Rule("policy.weakened", Basis.WARNING)
RUNS_TRACKED = Rule("runs.tracked", Basis.WARNING)
RUNS_STAGED = Rule("runs.tracked", Basis.ERROR)
RUNS_DAMAGED = Rule("runs.damaged", Basis.WARNING)
INDEX_DAMAGED = Rule("runs_index.damaged", Basis.WARNING)

_FIRST_WORDS = {name.partition(".")[0] for name in CODES}


class Remedy(Enum):
    """What a fix has somebody run, where other advice depends on it."""

    LFS_PULL = auto()
    RESOLVE = auto()
    RESTORE = auto()


class Fault(NamedTuple):
    """Something wrong at a place, before its severity is decided.

    ``message`` and ``fix`` may quote from files only what ``text.quoted`` and its kin let through.
    """

    rule: Rule
    path: str
    message: str
    fix: str
    position: Position = Position()
    job_id: str | None = None
    machine: str | None = None
    cited: bool = False
    retractions: tuple[str, ...] = ()
    """The records that retract the runs concerned."""
    remedy: Remedy | None = None


class Problem(NamedTuple):
    """A fault with its severity: what every face reports.

    ``path`` is relative to the repository and uses ``/``; line and column count from 1.
    """

    fault: Fault
    severity: Severity

    @property
    def code(self) -> str:
        """The code that it is reported under."""
        return self.fault.rule.code

    @property
    def path(self) -> str:
        """The file it is in."""
        return self.fault.path

    @property
    def line(self) -> int:
        """Its line."""
        return self.fault.position.line

    @property
    def column(self) -> int:
        """Its column, in characters."""
        return self.fault.position.column

    @property
    def message(self) -> str:
        """What is wrong."""
        return self.fault.message

    @property
    def fix(self) -> str:
        """What to do about it."""
        return self.fault.fix

    def but(self, **changes: Any) -> Problem:
        """The same problem of a changed fault."""
        return self._replace(fault=self.fault._replace(**changes))

    def __str__(self) -> str:
        place = f"{clean(self.path)}:{self.line}:{self.column}"
        return f"{place}: {self.severity}: {clean(self.message)} [{self.code}]"


class Outcome(NamedTuple):
    """Everything that was found wrong, and how much was looked at.

    ``findings`` is None where only entries were. ``unjudged`` citations are those of which it was
    not judged whether their runs exist; ``unverified`` ones rest on a run whose identity redaction
    took away.
    """

    problems: tuple[Problem, ...]
    entries: int
    findings: int | None = None
    citations: int = 0
    unjudged: int = 0
    unverified: int = 0

    @property
    def ok(self) -> bool:
        """Whether there is no error; warnings do not matter."""
        return all(problem.severity != "error" for problem in self.problems)


@dataclass(frozen=True)
class Policy:
    """How strict to be. Raises ConfigurationError for a code that does not exist.

    ``for_entries`` says that entries themselves are checked, as by ``ledger check`` and the hooks.
    ``commanded`` says that the strictness comes from a command line, which no file overrules.
    """

    strict_runs: StrictRuns = "error"
    severity: Mapping[str, str] = field(default_factory=dict)
    for_entries: bool = False
    commanded: bool = False

    def __post_init__(self) -> None:
        for code in self.severity:
            if code not in CODES and code not in _FIRST_WORDS:
                near = closest(code, (*CODES, *_FIRST_WORDS))
                which = f"did you mean {quoted(near)}?" if near else f"there is {', '.join(CODES)}"
                raise ConfigurationError(
                    f"tool.aexp.severity: {quoted(code)} is neither a code nor the first word of "
                    f"one; {which}"
                )

    @classmethod
    def of(
        cls,
        configuration: Configuration,
        strict_runs: StrictRuns | None = None,
        *,
        commanded: bool = False,
    ) -> Policy:
        """The policy that is configured, but for the strictness if one is given."""
        strictness = strict_runs or configuration.strict_runs
        return cls(strictness, configuration.severity, commanded=commanded)

    @property
    def judges_existence(self) -> bool:
        """Whether missing runs are reported at all."""
        return self.strict_runs != "off"

    def judge(self, faults: Iterable[Fault]) -> tuple[Problem, ...]:
        """The problems that ``faults`` are under this policy."""
        judged = ((fault, self.severity_of(fault.rule, cited=fault.cited)) for fault in faults)
        return tuple(Problem(fault, severity) for fault, severity in judged if severity is not None)

    def is_off(self, rule: Rule) -> bool:
        """Whether nothing is reported under the rule, so that it need not be judged."""
        return self.severity_of(rule) is None

    def severity_of(self, rule: Rule, *, cited: bool = False) -> Severity | None:
        """What a fault under the rule is, in a ``cited`` entry or not; None if not reported."""
        code, basis = rule.code, rule.basis
        if basis in (Basis.STRICT, Basis.EXISTENCE) and not self.judges_existence:
            return None
        # The longer key decides.
        configured = self.severity.get(code) or self.severity.get(code.partition(".")[0])
        if self.commanded and basis is Basis.STRICT:
            configured = None
        if configured == "off" or (configured is None and basis is Basis.ON_REQUEST):
            return None
        if configured is not None and basis is not Basis.NOTICE:
            return "error" if configured == "error" else "warning"
        is_error = (
            basis is Basis.ERROR
            or (basis is Basis.STRICT and self.strict_runs == "error")
            or (basis is Basis.CITED and (cited or self.for_entries))
            or (basis is Basis.ENTRY_CHECK and self.for_entries)
        )
        return "error" if is_error else "warning"


def all_rules() -> tuple[Rule, ...]:
    """Every rule there is."""
    return tuple(rule for rule in globals().values() if isinstance(rule, Rule))
