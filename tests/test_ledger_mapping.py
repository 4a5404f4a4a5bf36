"""The ledger for tests: a read-only mapping of job id to entry."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path

import pytest
from programs import run_script
from repositories import add_entry, add_segment, entry_of, entry_text, job_id_of, write
from study import Study, reviewed_study

import pytest_aexp
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ledger_mapping import Ledger
from pytest_aexp.model.entry import entry_path

POINTS = [{"experiment_id": "E001", "seed": seed} for seed in range(3)]
IDS = [job_id_of(point) for point in POINTS]


@pytest.fixture
def ledger(repo: Path) -> Ledger:
    add_entry(repo, POINTS[0], run_link={"experiment_id": "E002"})
    add_entry(repo, POINTS[1])
    write(repo, entry_path(IDS[2]), "{")
    write(repo, ".aexp/ledger/run-7.json", "{}")
    return Ledger.of(repo)


def test_usable_entries_are_in_it(ledger: Ledger) -> None:
    assert isinstance(ledger, Mapping)
    assert set(ledger) == set(IDS[:2])
    assert len(ledger) == 2
    assert IDS[0] in ledger
    assert ledger[IDS[1]] == entry_of(POINTS[1])
    assert ledger.get(IDS[2]) is None


@pytest.mark.parametrize("job_id", [IDS[2], "0" * 32, "", "run-7", "../x", IDS[0].upper()])
def test_entries_that_cannot_be_used_are_not_in_the_mapping(ledger: Ledger, job_id: str) -> None:
    assert job_id not in ledger
    with pytest.raises(KeyError):
        ledger[job_id]


def test_it_cannot_be_changed(ledger: Ledger) -> None:
    with pytest.raises(TypeError):
        ledger[IDS[0]]["status"] = "failed"  # type: ignore[index]
    with pytest.raises(TypeError):
        ledger[IDS[0]] = {}  # type: ignore[index]


def test_a_batch_has_the_entries_that_its_selector_matches(ledger: Ledger) -> None:
    def found(experiment: str, **selector: object) -> list[str]:
        return [entry["job_id"] for entry in ledger.batch(experiment, **selector)]

    assert found("E001") == sorted(IDS[:2])
    assert found("E001", seed=1) == [IDS[1]]
    assert found("E001", seed="1") == []
    assert found("E002") == [IDS[0]]
    assert found("E003") == []
    assert ledger.batch("E001", seed=1) == [ledger[IDS[1]]]


def test_a_selector_may_be_called_as_the_parameters_are(repo: Path) -> None:
    point = {"experiment_id": "E001", "self": 1}
    add_entry(repo, point)
    selector = {"experiment_id": "E001"}
    assert len(Ledger.of(repo).batch("E001", **selector)) == 1


def test_packed_entries_are_in_it(repo: Path) -> None:
    add_segment(repo, [entry_of(point) for point in POINTS])
    ledger = Ledger.of(repo)
    assert set(ledger) == set(IDS)
    assert ledger[IDS[0]] == entry_of(POINTS[0])
    assert len(ledger.batch("E001")) == 3


def test_no_ledger_is_an_empty_one(repo: Path) -> None:
    assert dict(Ledger.of(repo)) == {}
    assert Ledger.of(repo).batch("E001") == []


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return reviewed_study(tmp_path_factory.mktemp("study"))


def test_it_is_a_public_name(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pytest_aexp.Ledger is Ledger
    assert {"Ledger", "validate_repo"} <= set(dir(pytest_aexp))
    monkeypatch.chdir(study.root / "kb")
    assert len(Ledger.open()) == len(Ledger.open(study.root)) == 45


def test_runs_are_found_by_the_words_of_the_command_line(study: Study) -> None:
    ledger = Ledger.of(study.root)
    svm = ledger.where("E001 model=svm")
    assert set(svm) == set(study.svm)
    assert set(svm.where("status=complete", "seed<5")) == {study.svm[0], study.svm[2]}
    assert set(ledger.where("experiment=E003", "scale=true", "attempt>1")) == set(study.scaled)
    assert set(ledger.where("retracted=true")) == {study.cancer[0]}
    assert set(ledger.where("E001").where("E003")) == set()
    assert study.svm[1] in svm
    assert study.others[0] not in svm
    with pytest.raises(UsageError, match='"Model" is neither an experiment id such as E003 nor'):
        ledger.where("Model")
    with pytest.raises(UsageError, match="is not a time"):
        ledger.where("ended>yesterday")


def test_a_batch_takes_the_same_words(study: Study) -> None:
    entries = Ledger.of(study.root).batch("E001", where="seed!=3 status=abandoned", model="svm")
    assert [entry["job_id"] for entry in entries] == sorted(study.svm[i] for i in (1, 4))


def test_records_are_plain_json_and_can_be_pickled(study: Study) -> None:
    records = Ledger.of(study.root).where("E002").records()
    assert pickle.loads(pickle.dumps(records)) == json.loads(json.dumps(records)) == records
    (retracted,) = (record for record in records if "retracted" in record)
    assert retracted["job_id"] == study.cancer[0]
    assert retracted["retracted"] == [study.retraction]


def test_rows_have_what_any_run_has(study: Study) -> None:
    rows = Ledger.of(study.root).where("E002").rows()
    assert len(rows) == 18
    first = next(row for row in rows if row["id"] == study.cancer[0])
    assert first["C"] == 1.0
    assert first["model.kernel"] == "rbf"
    assert first["accuracy"] == 0.981
    assert (first["status"], first["machine"], first["retracted"]) == ("complete", "cluster", True)
    assert {row["accuracy"] for row in rows if row["status"] == "failed"} == {None}


def test_packed_runs_and_a_damaged_one(repo: Path) -> None:
    add_segment(repo, [entry_of(point, machine="old") for point in POINTS], "a/2026-05-001")
    add_segment(repo, [entry_of(POINTS[1], promoted_at="2026-06-01T00:00:00Z")], "b/2026-06-001")
    add_entry(repo, POINTS[0], status="failed", promoted_at="2026-06-01T00:00:00Z")
    write(repo, entry_path(IDS[2]), "{")
    records = Ledger.of(repo).records()
    assert sorted(record["job_id"] for record in records) == sorted(IDS)
    by_id = {record["job_id"]: record for record in records}
    assert by_id[IDS[0]]["status"] == "failed"
    assert by_id[IDS[1]]["promoted_at"] == "2026-06-01T00:00:00Z"
    assert set(Ledger.of(repo).where("E001")) == set(IDS)
    assert set(Ledger.of(repo).where("E002")) == set()


def test_an_experiment_in_escapes_is_found(repo: Path) -> None:
    text = entry_text(entry_of(POINTS[0])).replace("E001", "E\\u003001")
    write(repo, entry_path(IDS[0]), text)
    assert set(Ledger.of(repo).where("E001")) == {IDS[0]}


def test_the_numbers_of_a_run(repo: Path) -> None:
    job_id = add_entry(repo, POINTS[0], metrics={"accuracy": 0.93, "loss": None}, wallclock_s=3)
    ledger = Ledger.of(repo)
    assert ledger.metric(job_id, "accuracy") == 0.93
    assert ledger.metric(job_id, "loss") is None
    assert ledger.metric(job_id, "wallclock_s") == 3
    for other, name in ((job_id, "f1"), (IDS[1], "accuracy")):
        with pytest.raises(KeyError):
            ledger.metric(other, name)


def test_the_runs_that_are_retracted(study: Study, repo: Path) -> None:
    retracted = Ledger.of(study.root).retracted
    assert dict(retracted) == {study.cancer[0]: ("the validation split leaked",)}
    assert Ledger.of(repo).retracted == {}


FRAMES = """
from polars import col
from pytest_aexp import Ledger
runs = Ledger.open().where("E003")
pandas, polars = runs.to_pandas(), runs.to_polars()
print(pandas.groupby("model.C").accuracy.mean().to_dict())
print(dict(polars.group_by("model.C").agg(col("accuracy").mean()).sort("model.C").rows()))
for frame in (pandas, polars):
    print(frame.shape, set(frame.columns) == set(runs.rows()[0]), sorted(map(str, frame["odd"])))
print(Ledger.open().where("E999").to_pandas().empty, Ledger.open().where("E999").to_polars().shape)
"""


@pytest.mark.slow
@pytest.mark.tree
@pytest.mark.timeout(1800)
def test_data_frames_of_pandas_and_polars(repo: Path) -> None:
    """The real ones, in an environment of their own."""
    for seed, odd in enumerate([1, "one", [1], None]):
        more = {"layers": [64] * seed, "mixed": [odd, [seed]], "big": 10 ** (6 * seed)}
        point = {
            "experiment_id": "E003",
            "seed": seed,
            "model": {"C": seed % 2},
            "odd": odd,
            **more,
        }
        add_entry(repo, point, metrics={"accuracy": 0.5 + seed / 4})
    add_entry(repo, {"experiment_id": "E004", "seed": 9})
    lines = run_script("current", FRAMES, repo).splitlines()
    assert lines[0] == lines[1] == "{0: 0.75, 1: 1.0}"
    assert all("True" in line and line.startswith("(4, ") for line in lines[2:4])
    assert lines[3].endswith("['1', 'None', '[1]', 'one']")
    assert lines[4] == "True (0, 0)"
