"""A run from start to end: status, times, heartbeat, and its ledger entry last of all."""

from __future__ import annotations

import copy
import functools
import inspect
import os
import time
from collections.abc import Callable
from contextlib import ContextDecorator, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, cast

from pytest_aexp.ground.errors import AexpError, InvalidValue
from pytest_aexp.ground.settings.configuration import read_configuration
from pytest_aexp.ground.stderr import notice, reason
from pytest_aexp.model.runs.run_attempt import has_ended, is_foreign
from pytest_aexp.work.promote.project import shown_status
from pytest_aexp.work.runs.attempt import Attempt
from pytest_aexp.work.runs.code_state import CodeState, code_state, warn_of_dirty_code
from pytest_aexp.work.runs.heartbeat import Heartbeat, heartbeat_interval
from pytest_aexp.work.runs.job_document import RunDocument
from pytest_aexp.work.runs.ranks import Rank, token_variable
from pytest_aexp.work.runs.signals import Terminated, Watch, held, name_of
from pytest_aexp.work.runs.status import FAILURES, configured_metrics, try_to_promote
from pytest_aexp.work.signac_store import Job, repository_of

_POLL_S = 0.2
_Function = TypeVar("_Function", bound=Callable[..., Any])


def run_lifecycle(
    job: Job, *, mark_started: bool = True, heartbeat_s: float | None = None
) -> _Lifecycle:
    """Record a run while the ``with`` block, or the function it decorates, is executed.

    On entry the run is ``running`` (unless ``mark_started`` is False), with its own
    ``started_at``; ``heartbeat_at`` is renewed each ``heartbeat_s`` seconds (default: the variable
    AEXP_HEARTBEAT_S, else 30; 0 for no heartbeat). On exit it writes ``ended_at``,
    ``wallclock_s`` and the status, then the ledger entry: ``complete``; ``failed`` after an
    exception; ``stopped`` after Ctrl-C, ``sys.exit`` with a status that is not 0, a generator that
    was closed, or one of the signals in `ENDING` in the main thread: one that nothing handles then
    ends the process as it would have; after one that is handled (also a SIGINT, by a handler of the
    program's) the run is ``stopped`` however the block ends, unless the block itself called
    ``mark_status(job, "complete")``. If someone else marked the run as stopped, abandoned or
    failed in the meantime, no success takes that back.

    Of several processes that execute one run (see `RANK_VARIABLES`), the first records its start
    and its success, each of them its failure. Once another attempt at the run has begun, the end of
    this one changes nothing. The block's own exception always comes out; what could not be recorded
    is reported on standard error.
    """
    return _Lifecycle(job, mark_started=mark_started, heartbeat_s=heartbeat_interval(heartbeat_s))


class _Lifecycle(ContextDecorator):
    def __init__(self, job: Job, *, mark_started: bool, heartbeat_s: float) -> None:
        self._job = job
        self._mark_started = mark_started
        self._heartbeat_s = heartbeat_s

    def __call__(self, function: _Function) -> _Function:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise InvalidValue(
                f"run_lifecycle cannot decorate {function.__name__}, which is a generator: a call "
                "of it executes nothing yet; write `with run_lifecycle(job):` inside it"
            )
        if not inspect.iscoroutinefunction(function):
            return super().__call__(function)

        @functools.wraps(function)
        async def awaited(*given: Any, **named: Any) -> Any:
            with self._recreate_cm():
                return await function(*given, **named)

        return cast("_Function", awaited)

    def _recreate_cm(self) -> Self:
        # Each call of a decorated function is recorded by itself, in whatever thread.
        return copy.copy(self)

    def __enter__(self) -> Job:
        self._pid = os.getpid()
        self._closed = False
        self._document = RunDocument(self._job)
        self._job_id, self._folder = str(self._job.id), str(self._job.path)
        self._root, self._statepoint = _root_of(self._job), _statepoint_of(self._job)
        rank = Rank.here(self._job_id)
        self._attempt = Attempt(
            rank,
            mark_started=self._mark_started,
            heartbeat_s=self._heartbeat_s,
            code=None if rank.variable else self._code(),
            metrics=configured_metrics(self._root),
        )
        self._heartbeat = Heartbeat(self._document, self._heartbeat_s, self._attempt.beat)
        self._watch = Watch(type(self).__exit__.__code__)
        try:
            self._watch.start()
            with held():
                self._begin()
        # Python calls no __exit__ for what comes up in __enter__, such as a signal.
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self._job

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        if os.getpid() != self._pid:
            return False  # a child that was forked during the run: the run is its parent's
        try:
            self._close(error)
        except (KeyboardInterrupt, SystemExit) as late:
            # It came after the block, and maybe before it could be held.
            self._close(error or late)
            raise
        return False

    def _code(self) -> CodeState | None:
        """The code of this attempt, where the statepoint does not say it."""
        if self._root is None:
            return None
        try:
            code = code_state(self._root, read_configuration(self._root), quiet=True)
        except FAILURES:
            return None
        warn_of_dirty_code(self._job_id, code)
        return None if "code_commit" in (self._statepoint or {}) else code

    def _begin(self) -> None:
        try:
            self._document.edit(self._attempt.start)
            self._attempt.begun = True
        except FAILURES as error:
            notice(f"the start of run {self._job_id} could not be recorded: {reason(error)}")
            with suppress(*FAILURES):
                self._attempt.remember(self._document.read())
        if not self._attempt.joined:
            # The processes that the block starts find here that they are part of this attempt.
            os.environ[token_variable(self._job_id)] = self._attempt.token
        self._heartbeat.start()

    def _close(self, error: BaseException | None) -> None:
        if error is None and not self._closed:
            self._wait_for_first_rank()
        try:
            with held():
                if not self._closed:
                    self._heartbeat.stop()
                    self._record(*self._outcome(error))
                    self._watch.finish()
                    self._closed = True
        finally:
            if self._closed:
                if os.environ.get(token_variable(self._job_id)) == self._attempt.token:
                    del os.environ[token_variable(self._job_id)]
                self._watch.stop()
                self._watch.deliver()

    def _wait_for_first_rank(self) -> None:
        """Where nobody has recorded a start: success is for the first process to say, if it is."""
        while not (self._attempt.is_recorded or self._attempt.waited):
            time.sleep(_POLL_S)
            try:
                self._attempt.start(self._document.read())
            except FAILURES:
                return

    def _outcome(self, error: BaseException | None) -> tuple[str, int | None]:
        """The status that the end of the block means, and the signal that is the reason for it."""
        signum = self._watch.received
        if self._watch.fatal or (signum is not None and error is not None):
            return "stopped", signum
        if _asks_to_leave(error):
            return "stopped", None
        if isinstance(error, Exception):
            return "failed", None
        return ("complete", None) if self._watch.noted is None else ("stopped", self._watch.noted)

    def _record(self, outcome: str, signum: int | None) -> None:
        def end(document: dict[str, Any]) -> None:
            self._attempt.end(document, outcome, by_signal=signum is not None)

        try:
            after = self._document.edit(end)
        except FAILURES as error:
            self._record_without_document(self._attempt.document_in_memory(end), outcome, error)
            return
        if self._attempt.superseded:
            number = self._attempt.superseded.get("number")
            notice(
                f"this attempt at run {self._job_id} ended as {outcome}, but attempt {number} has "
                "begun since: neither its document nor its ledger entry was changed"
            )
        elif has_ended(after):
            if self._attempt.killed and outcome == "complete":
                names = ", ".join(self._attempt.killed)
                notice(f"run {self._job_id} is recorded as failed: {names} was killed")
            if signum is not None and not (self._attempt.kept or self._watch.fatal):
                self._explain_stopped(signum)
            try_to_promote(self._job, self._root, after, self._statepoint)
            with suppress(*FAILURES):
                # Somebody may have written back what they had read before.
                if not has_ended(self._document.read()):
                    self._document.edit(end)
        elif is_foreign(after):
            notice(
                f"run {self._job_id} ended as {outcome}, but its status {shown_status(after)} was "
                f"kept, which is not one of pytest-aexp's; next: `aexp mark {self._job_id} "
                f"{outcome} --replace`"
            )

    def _explain_stopped(self, signum: int) -> None:
        notice(
            f"run {self._job_id} is recorded as stopped, since {name_of(signum)} came; if it was "
            'complete all the same, call mark_status(run, "complete") after its last step, inside '
            f"the block, or run `aexp mark {self._job_id} complete` now"
        )

    def _record_without_document(
        self, document: dict[str, Any], outcome: str, error: BaseException
    ) -> None:
        """Write the entry from what this process knows, where the run's files are out of reach."""
        what = f"the end of run {self._job_id} could not be recorded in its document"
        is_written = self._statepoint is not None and try_to_promote(
            self._job, self._root, document, self._statepoint, quiet=True
        )
        what += ", but its ledger entry is written" if is_written else ", nor in the ledger"
        if not os.path.isdir(self._folder):
            advice = f"its folder {self._folder} is gone"
            if not is_written:
                advice += f"; if it was moved, run `aexp mark {self._job_id} {outcome}` there"
        else:
            advice = f"{reason(error)}; next: `aexp mark {self._job_id} {outcome}`"
        notice(f"{what}: {advice}")


def _asks_to_leave(error: BaseException | None) -> bool:
    if isinstance(error, SystemExit):
        # Of what is no integer Python prints the text, 0.0 too, and the status is 1.
        status = 0 if error.code is None else error.code
        return isinstance(error, Terminated) or not isinstance(status, int) or status != 0
    # Ctrl-C, or a GeneratorExit: a generator with the block in it was closed.
    return error is not None and not isinstance(error, Exception)


def _root_of(job: Job) -> Path | None:
    # Now, for the block may change into another folder.
    try:
        return repository_of(job)
    except (AexpError, OSError):
        return None


def _statepoint_of(job: Job) -> dict[str, Any] | None:
    # Now, for the block may move the run's folder.
    try:
        return dict(job.statepoint())
    except FAILURES:
        return None
