"""What was probably meant by an id, an experiment, a selector."""

from __future__ import annotations

import json
import time
import unicodedata
from pathlib import Path
from typing import Any, Literal

import pytest
from repositories import add_entry, add_jobs, write

from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import Position
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.findings.citation import BatchCitation
from pytest_aexp.work.check.hints import NearestId, nearest_id, selector_hint
from pytest_aexp.work.check.resolve import Sources

KNOWN = "0123456789abcdef0123456789abcdef"


def sources(root: Path) -> Sources:
    return Sources.of(Repository(root), WorkTree(root))


@pytest.fixture
def one(repo: Path) -> Sources:
    write(repo, f".aexp/ledger/{KNOWN}.json", "{}")
    return sources(repo)


@pytest.mark.parametrize(
    ("written", "how"),
    [
        (KNOWN, "is that id"),
        (KNOWN.upper(), "differs in upper and lower case"),
        (f" {KNOWN}\n", "is that id"),
        (f"\u201c.aexp/ledger/{KNOWN}.json\u201d", "is that id"),
        ("1" + KNOWN[1:], "differs in one character"),
        (KNOWN[:-1] + "0", "differs in one character"),
        ("10" + KNOWN[2:], "has two characters swapped"),
        (KNOWN[1:], "has one character more"),
        (KNOWN[:7] + KNOWN[8:], "has one character more"),
        (KNOWN + "0", "has one character less"),
        (KNOWN[:9] + "x" + KNOWN[9:], "has one character less"),
        (KNOWN[:6], "is the only one that begins like this"),
        (KNOWN[:20], "is the only one that begins like this"),
        (KNOWN[:8] + "f" * 24, "begins in the same way"),
    ],
)
def test_the_nearest_id_is_suggested(one: Sources, written: str, how: str) -> None:
    near = nearest_id(written, one)
    assert near is not None
    assert (near.job_id, near.difference) == (KNOWN, how)


@pytest.mark.parametrize(
    "written", ["", "0", KNOWN[:5], "f" * 32, KNOWN[1:9], "x" * 100_000, "é" * 40]
)
def test_an_id_that_is_far_from_all_gets_no_suggestion(one: Sources, written: str) -> None:
    assert nearest_id(written, one) is None


def test_of_two_that_are_as_near_none_is_named(repo: Path) -> None:
    for last in "ab":
        write(repo, f".aexp/ledger/{KNOWN[:-1]}{last}.json", "{}")
    assert nearest_id(KNOWN, sources(repo)) is None
    assert nearest_id(KNOWN[:10], sources(repo)) is None


def test_ids_of_every_source_are_known(repo: Path) -> None:
    (local,) = add_jobs(repo, [{"statepoint": {"a": 1}}])
    index = {"entries": [{"job_id": KNOWN}], "machine_label": "far"}
    write(repo, ".aexp/runs-index/far.json", json.dumps(index))
    for job_id in (local, KNOWN):
        near = nearest_id(job_id.upper(), sources(repo))
        assert near == NearestId(job_id, "differs in upper and lower case", is_certain=True)


# Selectors

ALL_OF_NESTED = (
    'no run of E001 has a key "nested.a"; a citation gives the whole value of "nested", such as '
    '{"a": 1}'
)
A_LIST = "seed has one value in a run, and a list is one value: cite a batch for each"
NONE_HAS_ALL = "each value occurs in the experiment, but no run has all of them"

RUNS: list[dict[str, Any]] = [
    *({"experiment_id": "E001", "seed": seed, "model": "gpt", "flag": True} for seed in range(8)),
    *({"experiment_id": "E001", "seed": "text", "none": None, "yes": "yes"} for _ in range(1)),
    {"experiment_id": "E001", "version": "1", "real": 0.5, "one": 1, "gross": "größe", "list": [1]},
    {"experiment_id": "E001", "nested": {"a": 1}},
    {"experiment_id": "E002", "hidden": "x\x1b[2J\u202e"},
]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    root = tmp_path_factory.mktemp("many")
    for statepoint in RUNS:
        add_entry(root, statepoint)
    return sources(root)


def hint(known: Sources, selector: dict[str, Any], experiment: str = "E001") -> str:
    citation = BatchCitation("F1.md", 0, Position(), (), experiment, selector)
    return selector_hint(citation, known)


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        ({"seed": "3"}, "seed is a number in 1 run: drop the quotes"),
        ({"seed": "3.0"}, "seed is a number in 1 run: drop the quotes"),
        ({"seed": " 3 "}, "seed is a number in 1 run: write 3"),
        ({"version": 1}, "version is text in 1 run: put quotes around it"),
        ({"version": 1.0}, 'version is text in 1 run: write "1"'),
        ({"version": True}, 'version is text in 1 run: write "1"'),
        ({"flag": "true"}, "flag is true or false in 8 runs: drop the quotes"),
        ({"flag": "yes"}, "flag is true or false in 8 runs: drop the quotes"),
        ({"flag": 1}, "flag is true or false in 8 runs: write true"),
        ({"one": True}, "one is a number in 1 run: write 1"),
        ({"none": "null"}, "none is null in 1 run: drop the quotes"),
        ({"none": "None"}, "none is null in 1 run: write null"),
        ({"yes": True}, 'yes is text in 1 run: write "yes"'),
        ({"seed": [1, 2]}, A_LIST),
        ({"model": None}, 'no run has model: null; there is "gpt"'),
        ({"model": "GPT"}, 'no run has model: "GPT"; there is "gpt"'),
        ({"gross": "klein"}, 'no run has gross: "klein"; there is "größe"'),
        ({"list": [2]}, "no run has list: [2]; there is [1]"),
        ({"sed": 1}, 'no run of E001 has a key "sed"; did you mean "seed"?'),
        ({"SEED": 1}, 'no run of E001 has a key "SEED"; did you mean "seed"?'),
        ({"nested.a": 1}, ALL_OF_NESTED),
        ({"model": "gpt", "yes": "yes"}, NONE_HAS_ALL),
        ({"seed": 1, "model": "x"}, 'no run has model: "x"; there is "gpt"'),
    ],
)  # fmt: skip
def test_why_a_batch_is_empty(many: Sources, selector: dict[str, Any], said: str) -> None:
    assert many.ledger.select("E001", selector) == []
    assert hint(many, selector) == said


def test_a_key_like_no_other(many: Sources) -> None:
    said = hint(many, {"zzz": 1})
    assert said.startswith(
        'no run of E001 has a key "zzz"; the keys are experiment_id, flag, gross'
    )
    assert said.endswith("list, model and 7 more")


def test_what_is_suggested_is_whole_or_left_out(repo: Path) -> None:
    long, longer = "k" * 70, "l" * 90
    add_entry(repo, {"experiment_id": "E001", long: 1, longer: 1, "text": "7" * 90})
    known = sources(repo)
    assert f"the keys are experiment_id, {long}, text and 1 more" in hint(known, {"zzz": 1})
    assert hint(known, {longer[1:]: 1}).endswith(f'did you mean "{longer}"?')
    assert hint(known, {"text": int("7" * 90)}).endswith("in 1 run: write it as text")


def test_the_commonest_values_are_named_and_the_rest_counted(many: Sources) -> None:
    said = hint(many, {"seed": 99})
    assert said.startswith("no run has seed: 99; there is ")
    assert said.endswith(" and 4 more")


@pytest.mark.parametrize(
    ("experiment", "said"),
    [
        ("E0001", "no run of E0001 was found here; there is E001 and E002"),
        ("E999", "no run of E999 was found here; there is E001 and E002"),
        ("E" + "7" * 5000, f"no run of E{'7' * 18}… was found here; there is E001 and E002"),
    ],
)
def test_an_experiment_without_runs(many: Sources, experiment: str, said: str) -> None:
    assert hint(many, {"seed": 1}, experiment) == said


def test_the_nearest_of_many_experiments(repo: Path) -> None:
    for number in range(10, 20):
        add_entry(repo, {"experiment_id": f"E0{number}"})
    said = hint(sources(repo), {}, "E0012")
    assert said == "no run of E0012 was found here; did you mean E012?"
    said = hint(sources(repo), {}, "E777")
    assert said.startswith(
        "no run of E777 was found here; there is E010, E011, E012, E013, E014 and 5 m"
    )


def test_no_experiment_at_all(one: Sources) -> None:
    assert hint(one, {}) == "no run of any experiment was found here"


def test_runs_of_the_store_count_as_well_and_once(repo: Path) -> None:
    promoted = {"experiment_id": "E001", "seed": 1}
    add_entry(repo, promoted)
    add_jobs(repo, [{"statepoint": promoted}, {"statepoint": {**promoted, "x": 1}}])
    assert hint(sources(repo), {"seed": "1"}) == "seed is a number in 2 runs: drop the quotes"


def test_a_value_in_a_hint_can_be_copied(repo: Path) -> None:
    commits = ["a" * 40, "b" * 40]
    for commit in commits:
        add_entry(repo, {"experiment_id": "E001", "commit": commit, "long": commit * 3})
    known = hint(sources(repo), {"commit": "aaaaaaa"})
    assert all(f'"{commit}"' in known for commit in commits)
    assert hint(sources(repo), {"long": "x"}) == (
        'no run has long: "x"; there are 2 values, too long to show here'
    )


def test_names_that_are_all_too_long_are_counted(repo: Path) -> None:
    add_entry(repo, {"x" * 90: 1}, run_link={"experiment_id": "E001"})
    known = hint(sources(repo), {"seed": 1})
    assert known == 'no run of E001 has a key "seed"; the keys are 1 name too long to show here'


def test_a_hint_is_printable_and_short(many: Sources) -> None:
    hostile = ({"hidden": "y\x1b" * 500}, {"hidden\n" * 500: 1}, {"hidden": ["\u202e"] * 999})
    for selector in hostile:
        said = hint(many, selector, "E002")
        assert said.isprintable(), said
        assert len(said) < 300


def test_1800_hints_over_1000_values_take_little_time(tmp_path: Path) -> None:
    for seed in range(1_000):
        add_entry(tmp_path, {"experiment_id": "E001", "seed": seed})
    known = sources(tmp_path)
    assert hint(known, {"seed": "7"}) == "seed is a number in 1 run: drop the quotes"
    start = time.process_time()
    for number in range(900):
        hint(known, {"seed": str(number)})
        hint(known, {"seed": number + 0.5})
    assert time.process_time() - start < 3


@pytest.mark.parametrize(("written", "known"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_two_forms_of_one_letter_are_told_apart(
    repo: Path, written: Literal["NFC", "NFD"], known: Literal["NFC", "NFD"]
) -> None:
    city = unicodedata.normalize(known, "Zürich")
    add_entry(repo, {"experiment_id": "E001", "dataset": city})
    hinted = hint(sources(repo), {"dataset": unicodedata.normalize(written, "Zürich")})
    assert hinted.startswith("dataset is written with other Unicode characters in 1 run ")
