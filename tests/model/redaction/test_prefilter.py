"""The prefilter lets plain entries pass, and never one that leaks."""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from itertools import product
from typing import Any

import pytest
from tree import DATA

from pytest_aexp.model.redaction import prefilter
from pytest_aexp.model.redaction.prefilter import may_leak

HARMFUL = [
    example["value"]
    for example in json.loads((DATA / "redaction.json").read_text("utf-8"))
    if example["leaks"]
]


@pytest.fixture(params=[True, False], ids=["compiled", "python"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the engine behind the fast schemas, and without it."""
    if not request.param:
        monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    monkeypatch.setattr(prefilter, "leak_search", cache(prefilter.leak_search.__wrapped__))


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_every_labelled_leak_is_worth_a_search(indent: int | None, ascii_only: bool) -> None:
    texts = [json.dumps(value, indent=indent, ensure_ascii=ascii_only) for value in HARMFUL]
    assert [text for text in texts if not may_leak(text)] == []


@pytest.mark.usefixtures("engine")
def test_so_is_a_leak_in_plain_text_with_other_spaces() -> None:
    key = "9fceb02d0ae598e95dc970b74767f19372d61af8"
    for text in (f'{{"wandb" :\n"{key}"}}', f"--wandb {key}", f"aws={key}", "x >/home/joe"):
        assert may_leak(text), text


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("before", ['["wandb", ', '["run", "--wandb",\n  ', '{"wandb": [\n  '])
def test_so_is_a_key_behind_its_service_in_a_list(before: str) -> None:
    assert may_leak(f'{before}"9fceb02d0ae598e95dc970b74767f19372d61af8"')


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("indent", [None, 2])
def test_so_is_a_value_beside_the_name_of_a_service(indent: int | None) -> None:
    value = "9fceb02d0ae598e95dc970b74767f19372d61af8"
    for pair in ({"name": "wandb", "value": value}, {"value": value, "var": "wandb"}):
        assert may_leak(json.dumps(pair, indent=indent))


@pytest.mark.usefixtures("engine")
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


def test_every_slash_that_may_begin_a_path_is_worth_a_search() -> None:
    may_begin = re.compile(
        r"/(?<![^-][a-z0-9_.*-]/)(?<!://)(?!(?<=\w[a-z0-9]:/)(?<!file:/)/[^/])"
    ).search
    pieces = ["a", "-", "/", ":", "_", " ", "é", "file"]
    texts = ("".join(chosen) for length in range(6) for chosen in product(pieces, repeat=length))
    assert [text for text in texts if may_begin(text) and not may_leak(text)] == []


def test_lone_surrogates_are_worth_a_search() -> None:
    assert may_leak("\ud800 /home/joe")
