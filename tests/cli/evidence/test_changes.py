"""``aexp changes`` as it is typed."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from study import Study


def test_reruns_since_the_pin(asked, study: Study) -> None:
    said = asked("changes", "F003", status=1)
    assert f"since it was pinned in {study.submitted[:10]} of 2026-05-10: 5 ran again\n" in said
    assert "ended 2026-05-05T11:00:00Z -> 2026-05-14T11:00:00Z" in said


def test_nothing_since_a_commit(asked) -> None:
    assert "since HEAD: nothing has changed\n" in asked("changes", "F001", "--since", "HEAD")


def test_changes_are_printed_as_json_and_csv(asked, study: Study) -> None:
    records = json.loads(asked("changes", "F001", "F002", "--format", "json", status=1))
    assert [(r["finding"], r["change"]) for r in records] == [
        *(("F001", "new"), ("F001", "new")),
        *(("F002", "retracted"), ("F002", "retracted")),
    ]
    assert records[0]["since"] == study.submitted
    text = asked("changes", "F002", "--format", "csv", status=1)
    (first, _) = csv.DictReader(io.StringIO(text))
    assert first["details"] == f'"the validation split leaked" (record {study.retraction})'


def test_what_cannot_be_told_is_no_pass(asked) -> None:
    assert "nowhere" in asked("changes", "F001", "--since", "nowhere", status=2)
