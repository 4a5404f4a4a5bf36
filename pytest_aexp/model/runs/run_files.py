"""The two files of a run, read without signac and without trusting them.

Source: signac 2, ``signac/job.py``: a job is ``workspace/<job id>/`` with
``signac_statepoint.json`` and, once something was written to it, ``signac_job_document.json``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pytest_aexp.ground import jsontext
from pytest_aexp.ground.files import Unreadable, read_bounded
from pytest_aexp.ground.text import quoted
from pytest_aexp.model.entry import STATEPOINT_DEPTH_LIMIT
from pytest_aexp.model.job_id import job_id_of, statepoint_json
from pytest_aexp.model.problems import RUNS_DAMAGED, Fault

FILE_LIMIT = 16 << 20
STATEPOINT = "signac_statepoint.json"
DOCUMENT = "signac_job_document.json"
_DEPTHS = {STATEPOINT: STATEPOINT_DEPTH_LIMIT, DOCUMENT: 400}
_BEYOND_BOUNDS = (
    "leave the file as it is; the run cannot enter the ledger: in new runs, keep what is so large "
    "or so deeply nested in a file beside it"
)
RUN_LINK_KEYS = ("aexp", "limina")
"""Where a document keeps its run link: the key that is written, then one that is only read.

Source: agentic-experiments 0.6.1, ``schema.py``, calls the second one legacy.
"""


class RunFiles(NamedTuple):
    """A run's statepoint and document as they stand on disk, with what is wrong with them.

    ``canonical`` is the statepoint as the text whose md5 is the job id, empty if it cannot be
    used; ``raw`` is what the document's file holds.
    """

    statepoint: Any
    document: dict[str, Any]
    faults: tuple[Fault, ...]
    canonical: str
    raw: bytes | Unreadable | None = None

    @classmethod
    def in_memory(cls, statepoint: dict[str, Any], document: dict[str, Any]) -> RunFiles:
        """What a run's files would hold if they could be written."""
        return cls(statepoint, document, (), statepoint_json(statepoint))


def read_files(folder: str, shown: str) -> RunFiles:
    """The two files of the run whose id ``folder`` ends in; ``shown`` is the folder in messages."""
    reading = _Reading(folder.rpartition("/")[2], shown, [])
    statepoint, canonical = reading.statepoint(read_raw(folder, STATEPOINT))
    raw = read_raw(folder, DOCUMENT)
    document = reading.document(raw)
    return RunFiles(statepoint, document, tuple(reading.faults), canonical, raw)


def read_raw(folder: str, name: str) -> bytes | Unreadable:
    """The bytes of one of the two files."""
    return read_bounded(f"{folder}/{name}", FILE_LIMIT)


class _Reading(NamedTuple):
    """The reading of one run's files, and the faults that come up."""

    job_id: str
    shown: str
    faults: list[Fault]

    def statepoint(self, data: bytes | Unreadable) -> tuple[dict[str, Any] | None, str]:
        """The statepoint and its canonical JSON; None and empty if it cannot be used."""
        statepoint = self._load(STATEPOINT, data)
        if isinstance(statepoint, Unreadable):
            if statepoint.missing:
                self._report(STATEPOINT, "does not exist")
        elif not isinstance(statepoint, dict):
            self._report(STATEPOINT, "is not a JSON object")
        elif job_id_of(canonical := statepoint_json(statepoint)) != self.job_id:
            self._report(STATEPOINT, "is not the statepoint of that run")
        else:
            return statepoint, canonical
        return None, ""

    def document(self, data: bytes | Unreadable) -> dict[str, Any]:
        """The job document; empty if it is missing or cannot be used."""
        document = self._load(DOCUMENT, data)
        if isinstance(document, Unreadable):
            return {}
        if not isinstance(document, dict):
            self._report(DOCUMENT, "is not a JSON object")
            return {}
        link = run_link_of(document)
        if link is not None and not isinstance(link, dict):
            what = f"has a run link that is {quoted(str(link))}, not a mapping"
            self._report(DOCUMENT, what, f"run `aexp link {self.job_id} --experiment E###`")
        return document

    def _load(self, name: str, data: bytes | Unreadable) -> Any:
        if isinstance(data, Unreadable):
            if not data.missing:
                self._report(name, data.reason)
            return data
        try:
            return jsontext.parse(data, _DEPTHS[name])
        except jsontext.BeyondBounds as error:
            reason = jsontext.refusal(error)
            self._report(name, reason, _BEYOND_BOUNDS)
        except ValueError as error:
            reason = jsontext.refusal(error) if data.strip() else "is empty"
            self._report(name, reason)
        return Unreadable(reason)

    def _report(self, name: str, reason: str, fix: str = "") -> None:
        kind = "statepoint" if name == STATEPOINT else "document"
        default = (
            f"restore the file, or remove the folder {self.job_id} if the run is lost"
            if name == STATEPOINT
            else "restore the file; else remove it and say how the run ended with "
            f"`aexp mark {self.job_id} complete` (or failed, …)"
        )
        path, message = f"{self.shown}/{name}", f"the run's {kind} {reason}"
        fault = Fault(RUNS_DAMAGED, path, message, fix or default, job_id=self.job_id)
        self.faults.append(fault)


def run_link_of(document: dict[str, Any]) -> Any:
    """The run link that a job document holds; None if it has none."""
    for key in RUN_LINK_KEYS:
        if document.get(key) is not None:
            return document[key]
    return None
