"""Citations: the items of ``supporting_runs``, and links in the text to ledger entries."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any

from pytest_aexp.ground.text import Position
from pytest_aexp.ground.yaml.values import READINGS_LIMIT
from pytest_aexp.model.problems import Fault, Rule

KEY = "supporting_runs"
HOW_TO_CITE = (
    "write `{type: job, id: <32 hex digits>}` or "
    "`{type: batch, experiment_id: E001, selector: {key: value}}`"
)


@dataclass(frozen=True, slots=True)
class Citation:
    """One item of ``supporting_runs``, or one link; ``position`` is where it starts.

    ``faults`` are what is wrong with the way it is written. ``name`` is what numbers in the text
    call it (``as``), ``accept`` the evidence rules and retraction records that its author knows of.
    """

    path: str
    index: int
    position: Position
    faults: tuple[Fault, ...]
    name: str = field(default="", kw_only=True)
    accept: tuple[str, ...] = field(default=(), kw_only=True)
    is_link: bool = field(default=False, kw_only=True)

    @property
    def label(self) -> str:
        """``supporting_runs[0]``; for a link in the text ``link[0]``."""
        return f"{'link' if self.is_link else KEY}[{self.index}]"

    def fault(self, rule: Rule, message: str, fix: str) -> Fault:
        """A fault of what it cites, or of the way it is written."""
        job_id = self.job_id if isinstance(self, JobCitation) else None
        return Fault(rule, self.path, message, fix, self.position, job_id)

    @property
    def pin_text(self) -> str:
        """What pins the attempts, as it is written in the finding; empty if nothing does."""
        return ""


@dataclass(frozen=True, slots=True)
class JobCitation(Citation):
    """A citation of one run; pinned to the attempt that ended at ``ended_at``, if it says so."""

    job_id: str
    ended_at: str = field(default="", kw_only=True)

    @property
    def pin_text(self) -> str:
        """The time at which the attempt ended."""
        return self.ended_at


@dataclass(frozen=True, slots=True)
class BatchCitation(Citation):
    """A citation of every run of an experiment that has the selector's values.

    Of these only the runs with one of ``statuses`` (if there are any) that are not in ``excluded``.
    ``readings`` has the values of keys that readers of YAML take for more than one.
    """

    experiment_id: str
    selector: dict[str, Any]
    statuses: tuple[str, ...] = field(default=(), kw_only=True)
    excluded: tuple[str, ...] = field(default=(), kw_only=True)
    pin: Pin | None = field(default=None, kw_only=True)
    readings: dict[str, list[Any]] = field(default_factory=dict, kw_only=True)

    @property
    def pin_text(self) -> str:
        """The digest of the attempts."""
        return self.pin.digest if self.pin is not None else ""

    @property
    def selectors(self) -> list[dict[str, Any]]:
        """Every selector that may be meant, the one that is read first."""
        if not self.readings:
            return [self.selector]
        choices = islice(product(*self.readings.values()), READINGS_LIMIT)
        return [{**self.selector, **dict(zip(self.readings, c, strict=True))} for c in choices]


Resolvable = JobCitation | BatchCitation
"""A citation that is written as one, so that it can lead somewhere."""


@dataclass(frozen=True, slots=True)
class Pin:
    """How many runs a batch has, and which: ``digest`` is empty where only the number is pinned."""

    count: int
    at_least: bool = False
    digest: str = ""


@dataclass(frozen=True, slots=True)
class MalformedCitation(Citation):
    """What was meant as a citation; ``written`` is the id as far as there is one."""

    written: str | None
    lacks_type: bool = field(default=False, kw_only=True)
