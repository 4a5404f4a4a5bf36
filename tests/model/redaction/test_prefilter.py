"""The prefilter lets plain entries pass, and never one that leaks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tree import DATA

from pytest_aexp.model.redaction.prefilter import may_leak

HARMFUL = [
    example["value"]
    for example in json.loads((DATA / "redaction.json").read_text("utf-8"))
    if example["leaks"]
]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_every_labelled_leak_is_worth_a_search(indent: int | None, ascii_only: bool) -> None:
    texts = [json.dumps(value, indent=indent, ensure_ascii=ascii_only) for value in HARMFUL]
    assert [text for text in texts if not may_leak(text)] == []


def test_so_is_a_leak_in_plain_text_with_other_spaces() -> None:
    key = "9fceb02d0ae598e95dc970b74767f19372d61af8"
    for text in (f'{{"wandb" :\n"{key}"}}', f"--wandb {key}", f"aws={key}", "x >/home/joe"):
        assert may_leak(text), text


def test_a_typical_entry_needs_no_search() -> None:
    entry: dict[str, Any] = {
        "code_commit": "0b1f9e5c9a4e1f0d8a7b6c5d4e3f2a1b0c9d8e7f",
        "code_dirty": False,
        "ended_at": "2026-05-26T03:23:45Z",
        "job_id": "4076a08a2393f617db96cb1a0d5569d6",
        "promoted_at": "2026-05-26T03:23:46Z",
        "registered_machine": "cluster",
        "run_link": {
            "experiment_id": "E001",
            "experiment_path": "kb/research/experiments/E001-*.md",
            "hypothesis_id": "H003",
            "sub_hypothesis_id": None,
        },
        "schema_version": 1,
        "started_at": "2026-05-26T01:23:45Z",
        "statepoint": {"condition": "full", "experiment_id": "E001", "lr": 0.001, "seed": 3},
        "status": "complete",
        "tracker": {
            "backend": "wandb",
            "group": "E001-full",
            "project": "p",
            "run_id": "abc123",
            "url": "https://wandb.ai/team/p/runs/abc123",
        },
        "wallclock_s": 7200.5,
    }
    assert not may_leak(json.dumps(entry, indent=2, sort_keys=True))
