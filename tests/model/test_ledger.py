"""The ledger as a collection: an entry is read when someone asks for it, and once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from repositories import add_entry, add_segment, entry_of, job_id_of, write

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.batches import Batches
from pytest_aexp.model.entry import LEDGER_DIR, Entry, entry_path
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.ledger import Ledger

POINTS = [{"experiment_id": "E001", "seed": seed} for seed in range(4)]
IDS = [job_id_of(point) for point in POINTS]


class Watched(WorkTree):
    """A working tree that says what was read of it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: list[str] = []

    def read(self, path: str, limit: int, *, whole: bool = True) -> bytes | Unreadable:
        self.asked.append(path)
        return super().read(path, limit, whole=whole)

    def read_many(
        self, paths: Iterable[str], limit: int
    ) -> Iterator[tuple[str, bytes | Unreadable]]:
        return ((path, self.read(path, limit)) for path in paths)


@pytest.fixture
def root(repo: Path) -> Path:
    for point in POINTS[:3]:
        add_entry(repo, point, registered_machine=f"box-{point['seed']}")
    write(repo, entry_path(IDS[2]), "{")
    return repo


def test_an_entry_is_a_file_named_for_its_run(root: Path) -> None:
    for name in ("README.md", f"{IDS[3]}.json.tmp", f".{IDS[3]}.json", IDS[3], f"{IDS[3]}.JSON"):
        write(root, f".aexp/ledger/{name}", "{}")
    write(root, f".aexp/ledger/{IDS[3]}.json/x", "")
    ledger = Ledger(WorkTree(root))
    assert ledger.exists
    assert ledger.job_ids == set(IDS[:3])
    names = (f".{IDS[3]}.json", f"{IDS[3]}.JSON", f"{IDS[3]}.json")
    assert ledger.strays == tuple(f".aexp/ledger/{name}" for name in names)
    assert [ledger.has(job_id) for job_id in IDS] == [True, True, True, False]


def test_other_json_files_are_strays(root: Path) -> None:
    for name in ("run-7.json", f"{IDS[0].upper()}.json", f"{IDS[0]}0.json"):
        write(root, f".aexp/ledger/{name}", "{}")
    strays = [f".aexp/ledger/{name}.json" for name in (f"{IDS[0]}0", IDS[0].upper(), "run-7")]
    assert list(Ledger(WorkTree(root)).strays) == sorted(strays)


def test_where_there_is_no_ledger_it_is_empty(repo: Path) -> None:
    ledger = Ledger(WorkTree(repo))
    assert not ledger.exists
    assert (ledger.job_ids, ledger.strays, list(ledger)) == (frozenset(), (), [])
    assert ledger.get(IDS[0]) is None
    assert ledger.select("E001", {}) == []
    write(repo, ".aexp/ledger", "a file")
    assert not Ledger(WorkTree(repo)).exists


@pytest.mark.parametrize("listed_first", [False, True])
def test_an_entry_is_read_once_and_only_if_asked_for(root: Path, listed_first: bool) -> None:
    view = Watched(root)
    ledger = Ledger(view)
    if listed_first:
        assert len(ledger.job_ids) == 3
    first = ledger.get(IDS[0])
    assert first is not None
    assert first.usable
    assert ledger.get(IDS[0]) is first
    assert ledger.get(IDS[3]) is None
    for other in ("", "..", "../../x", IDS[0].upper(), IDS[0] + "\n"):
        assert ledger.get(other) is None
        assert not ledger.has(other)
    read = [path for path in view.asked if path.endswith(".json")]
    assert read == [entry_path(IDS[0])]
    assert [entry.job_id for entry in ledger] == sorted(IDS[:3])
    assert sorted(view.asked) == sorted(map(entry_path, IDS[:3]))
    assert ledger.judged == 3


def test_many_runs_are_read_at_once(root: Path) -> None:
    view = Watched(root)
    ledger = Ledger(view)
    ledger.load([*IDS, "no id"], ["E001"])
    assert sorted(view.asked) == sorted(map(entry_path, IDS[:3]))
    assert [ledger.has(job_id) for job_id in IDS] == [True, True, True, False]
    assert sorted(view.asked) == sorted(map(entry_path, IDS[:3]))


def test_a_segment_that_is_packed_before_the_names_are_listed_is_found(root: Path) -> None:
    """Who listed the segments before the files must look again, or misses what moved meanwhile."""
    ledger = Ledger(WorkTree(root))
    assert ledger.packs.paths == ()
    path = add_segment(root, [entry_of(POINTS[0], registered_machine="box-0")])
    (root / entry_path(IDS[0])).unlink()
    assert ledger.job_ids == set(IDS[:3])
    entry = ledger.get(IDS[0])
    assert entry is not None
    assert entry.path == path


def test_a_damaged_entry_is_part_of_the_collection(root: Path) -> None:
    ledger = Ledger(WorkTree(root))
    damaged = ledger.get(IDS[2])
    assert damaged is not None
    assert not damaged.usable
    assert ledger.machines == ("box-0", "box-1")
    assert [entry.job_id for entry in ledger.select("E001", {})] == sorted(IDS[:2])
    assert [entry.job_id for entry in ledger.select("E001", {"seed": 1})] == [IDS[1]]


def test_an_edited_entry_is_still_in_its_batch(root: Path) -> None:
    edited = {"experiment_id": "E001", "seed": 99}
    write(root, entry_path(IDS[1]), json.dumps({**entry_of(POINTS[1]), "statepoint": edited}))
    ledger = Ledger(WorkTree(root))
    (found,) = ledger.select("E001", {"seed": 99})
    assert (found.job_id, found.usable) == (IDS[1], False)


def test_documents_are_those_of_usable_entries(root: Path) -> None:
    ledger = Ledger(WorkTree(root))
    assert ledger.document(IDS[0]) == entry_of(POINTS[0], registered_machine="box-0")
    assert ledger.document(IDS[2]) is None
    assert ledger.document(IDS[3]) is None


def test_packed_entries_belong_to_it(root: Path) -> None:
    add_segment(root, [entry_of(POINTS[0], registered_machine="box-0"), entry_of(POINTS[3])])
    ledger = Ledger(WorkTree(root))
    assert ledger.job_ids == set(IDS)
    assert ledger.has(IDS[3])
    loose, packed = ledger.get(IDS[0]), ledger.get(IDS[3])
    assert loose is not None
    assert packed is not None
    assert (loose.path, packed.machine) == (entry_path(IDS[0]), "cluster")
    assert {entry.job_id for entry in ledger.select("E001", {})} == {IDS[0], IDS[1], IDS[3]}


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("counts", ["loose", "packed"])
def test_a_run_is_in_the_batch_of_the_experiment_that_the_entry_which_counts_names(
    repo: Path, counts: str, cached: bool
) -> None:
    def entry(where: str, experiment: str) -> dict[str, object]:
        promoted = "2026-05-27T00:00:00Z" if where == counts else "2026-05-26T00:00:00Z"
        link = {"experiment_id": experiment}
        return entry_of({"seed": 1}, promoted_at=promoted, run_link=link)

    job_id = job_id_of({"seed": 1})
    loose = json.dumps(entry("loose", "E002"))
    write(repo, entry_path(job_id), loose)
    source = Batches([judge_entry(job_id, entry_path(job_id), loose.encode())])
    add_segment(repo, [entry("packed", "E001")])
    ledger = Ledger(WorkTree(repo), (lambda _: source) if cached else None)
    batches = {name: len(ledger.select(name, {})) for name in ("E001", "E002")}
    assert batches == {"E001": int(counts == "packed"), "E002": int(counts == "loose")}


def test_machines_are_named_however_an_entry_is_written(root: Path) -> None:
    entry = entry_of({"experiment_id": "E009"}, registered_machine="written-by-hand")
    write(root, entry_path(entry["job_id"]), json.dumps(entry))
    inner = entry_of({"experiment_id": "E009", "registered_machine": "not this"})
    write(root, entry_path(inner["job_id"]), json.dumps(inner, indent=2, sort_keys=True))
    assert "written-by-hand" in Ledger(WorkTree(root)).machines
    assert "not this" not in Ledger(WorkTree(root)).machines


def test_a_batch_of_a_committed_ledger_lists_nothing_where_nothing_is_packed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Committed:
        experiments = ("E001",)

        @staticmethod
        def of_experiment(experiment: str) -> list[Entry]:
            return Ledger(WorkTree(root)).select(experiment, {})

    view = WorkTree(root)
    listed: list[str] = []
    names = view.names
    monkeypatch.setattr(view, "names", lambda folder: (listed.append(folder), names(folder))[1])
    ledger = Ledger(view, lambda _: Committed())
    assert [entry.job_id for entry in ledger.select("E001", {"seed": 1})] == [IDS[1]]
    assert LEDGER_DIR not in listed
