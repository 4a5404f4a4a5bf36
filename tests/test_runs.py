"""Creating, opening and finding runs."""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import reference_python, run_reference
from repositories import git, job_id_of, write
from runscripts import document_of, entry_in

import pytest_aexp.runs
from pytest_aexp.cli import main
from pytest_aexp.ground.errors import AexpError, AmbiguousRun, NotPromotable, UsageError
from pytest_aexp.ledger import load_ledger_entry
from pytest_aexp.model.runs.run_store import RunStore
from pytest_aexp.runs import (
    RunNotFound,
    create_run,
    find_runs,
    get_run_store,
    init_run_store,
    mark_status,
    open_run,
    run_lifecycle,
)

PUBLIC = {
    *("TERMINAL_STATUSES", "RunNotFound", "RunStoreNotInitialized", "create_run", "find_runs"),
    *("get_run_store", "init_run_store", "mark_status", "open_run", "run_lifecycle"),
}


@pytest.fixture
def runs(repo: Path) -> Path:
    """The repository with a run store, and one commit."""
    write(repo, ".gitignore", ".runs/\n")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "begin")
    init_run_store(repo)
    return repo


def deep(levels: int) -> dict:
    statepoint: dict = {"a": 1}
    for _ in range(levels - 1):
        statepoint = {"a": statepoint}
    return statepoint


def within_itself() -> dict:
    wide: list = []
    wide += [wide, wide]
    return {"a": wide}


@pytest.mark.parametrize(
    ("statepoint", "said"),
    [
        (deep(99), "nested more than 99 deep"),
        (deep(5_000), "nested more than 99 deep"),
        (within_itself(), "or contains itself"),
        ({"prompt": "x" * 1_100_000}, "takes 1,100,0"),
        ({"many": list(range(100_000))}, "where 1 MiB is the most"),
    ],
)
def test_a_statepoint_that_could_never_enter_the_ledger_is_refused(
    runs: Path, statepoint: dict, said: str
) -> None:
    with pytest.raises(NotPromotable, match=said):
        create_run(experiment_id="E001", statepoint={"x": statepoint}, include_commit=False)
    assert not any((runs / ".runs/workspace").glob("*"))


def test_the_deepest_statepoint_there_may_be_enters_the_ledger(runs: Path) -> None:
    run = create_run(experiment_id="E001", statepoint={"x": deep(98)}, include_commit=False)
    mark_status(run, "complete")
    assert entry_in(runs, run.id)["statepoint"] == run.statepoint()
    assert main(["ledger", "check"]) == 0


def test_the_public_names_are_there() -> None:
    assert set(pytest_aexp.runs.__all__) >= PUBLIC
    assert all(hasattr(pytest_aexp.runs, name) for name in pytest_aexp.runs.__all__)


def test_a_run_is_its_statepoint(runs: Path) -> None:
    job = create_run(
        experiment_id="E001",
        hypothesis_id="H001",
        sub_hypothesis_id="H002",
        statepoint={"seed": 1, "model": {"depth": [1, 2]}},
    )
    commit = git(runs, "rev-parse", "HEAD").strip()
    expected = {
        "experiment_id": "E001",
        "hypothesis_id": "H001",
        "sub_hypothesis_id": "H002",
        "code_commit": commit,
        "code_dirty": False,
        "seed": 1,
        "model": {"depth": [1, 2]},
    }
    assert job.statepoint() == expected
    assert job.id == job_id_of(expected)
    document = document_of(runs, job.id)
    assert document["status"] == "created"
    assert document["aexp"] == {
        "experiment_id": "E001",
        "experiment_path": "kb/research/experiments/E001-*.md",
        "hypothesis_id": "H001",
        "sub_hypothesis_id": "H002",
    }
    assert document["created_at"].endswith("Z")


def test_what_is_not_known_is_not_in_the_statepoint(runs: Path) -> None:
    job = create_run(experiment_id="E0001", include_commit=False)
    assert job.statepoint() == {"experiment_id": "E0001"}


@pytest.mark.parametrize(
    "statepoint",
    [
        {"experiment_id": "E777"},
        {"experiment_id": None},
        {"experiment_id": 1},
        {"hypothesis_id": "H002"},
        {"sub_hypothesis_id": "H002"},
    ],
)
def test_a_statepoint_that_contradicts_the_ids_is_refused(
    runs: Path, statepoint: dict[str, Any]
) -> None:
    ids = {"hypothesis_id": "H001", "sub_hypothesis_id": "H003"}
    (name,) = statepoint
    with pytest.raises(ValueError, match=f"{name} in its statepoint is .*leave {name} out"):
        create_run(experiment_id="E001", **ids, statepoint=statepoint)
    assert find_runs() == []


def test_a_statepoint_may_say_the_ids_again(runs: Path) -> None:
    job = create_run(
        experiment_id="E001",
        include_commit=False,
        statepoint={"experiment_id": "E001", "hypothesis_id": "H001"},
    )
    assert job.statepoint() == {"experiment_id": "E001", "hypothesis_id": "H001"}


@pytest.mark.parametrize("statepoint", ["x", [1], [("a", 1)], 3, "", [], 0])
def test_a_statepoint_is_a_mapping(runs: Path, statepoint: Any) -> None:
    with pytest.raises(ValueError, match="a statepoint is a mapping of parameters to values"):
        create_run(experiment_id="E001", statepoint=statepoint)
    assert find_runs() == []


def test_the_statepoint_has_the_last_word_on_the_code(runs: Path) -> None:
    job = create_run(experiment_id="E001", statepoint={"code_commit": "abc", "code_dirty": True})
    assert job.statepoint() == {"experiment_id": "E001", "code_commit": "abc", "code_dirty": True}


def test_the_document_begins_as_asked(runs: Path) -> None:
    job = create_run(
        experiment_id="E001",
        experiment_path="kb/research/experiments/E001-first.md",
        init_doc={"tracker": {"backend": "noop"}, "status": "queued"},
    )
    document = document_of(runs, job.id)
    assert document["tracker"] == {"backend": "noop"}
    assert document["status"] == "queued"
    assert document["aexp"]["experiment_path"] == "kb/research/experiments/E001-first.md"


def test_creating_a_run_again_keeps_what_became_of_it(runs: Path) -> None:
    job = create_run(experiment_id="E001", include_commit=False)
    job.doc.update({"status": "complete", "created_at": "2020-01-01T00:00:00Z", "loss": 0.5})
    job.doc["limina"] = {"experiment_id": "E009"}
    assert create_run(experiment_id="E001", include_commit=False).id == job.id
    document = document_of(runs, job.id)
    assert document["status"] == "complete"
    assert document["created_at"] == "2020-01-01T00:00:00Z"
    assert document["loss"] == 0.5
    assert "limina" not in document


@pytest.mark.parametrize(
    "ids",
    [
        {"experiment_id": "E1"},
        {"experiment_id": "e001"},
        {"experiment_id": "E001\n"},
        {"experiment_id": "E\u0660\u0660\u0661"},
        {"experiment_id": "H001"},
        {"experiment_id": ""},
        {"experiment_id": None},
        {"experiment_id": "E001", "hypothesis_id": "E001"},
        {"experiment_id": "E001", "hypothesis_id": ""},
        {"experiment_id": "E001", "sub_hypothesis_id": "H1"},
    ],
)
def test_ids_that_are_none_are_refused(runs: Path, ids: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is not an? (experiment|hypothesis) id: write [EH]"):
        create_run(**ids)
    assert find_runs() == []


@pytest.mark.parametrize(
    ("statepoint", "named"),
    [
        ({"lr": math.nan}, "lr is nan"),
        ({"model": {"lr": [1, math.inf]}}, "model.lr[1] is inf"),
        ({"lr": -math.inf}, "lr is -inf"),
    ],
)
def test_a_statepoint_that_could_never_enter_the_ledger_is_refused_at_once(
    runs: Path, statepoint: dict[str, Any], named: str
) -> None:
    with pytest.raises(NotPromotable) as caught:
        create_run(experiment_id="E001", statepoint=statepoint)
    assert named in str(caught.value)
    assert find_runs() == []


@pytest.mark.parametrize("statepoint", [{"a.b": 1}, {"a": {1, 2}}, {"a": object()}, {1: 2}])
def test_a_statepoint_that_signac_refuses_is_refused_with_a_reason(
    runs: Path, statepoint: dict[Any, Any]
) -> None:
    with pytest.raises(ValueError, match=r"the statepoint cannot be used: .+"):
        create_run(experiment_id="E001", statepoint=statepoint)


def test_a_damaged_statepoint_on_the_disk_is_said_and_not_overwritten(runs: Path) -> None:
    job = create_run(experiment_id="E001", include_commit=False)
    path = Path(job.fn("signac_statepoint.json"))
    path.write_text("{")
    with pytest.raises(AexpError, match=job.id):
        create_run(experiment_id="E001", include_commit=False)
    assert path.read_text() == "{"


# The same ids as the package that this replaces

CALLS: list[dict[str, Any]] = [
    {"experiment_id": "E001"},
    {"experiment_id": "E001", "include_commit": False},
    {"experiment_id": "E001", "hypothesis_id": "H001", "sub_hypothesis_id": "H002"},
    {"experiment_id": "E001", "statepoint": {"seed": 3, "lr": 1e-3, "tags": ["ü", None, True]}},
    {"experiment_id": "E001", "statepoint": {"model": {"b": 2, "a": {}}, "code_commit": "x"}},
]
MIGRATE = """
import json, sys
from PACKAGE.runs import create_run
calls = json.loads(sys.argv[1]) if len(sys.argv) > 1 else CALLS
print(json.dumps([create_run(**call).id for call in calls]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("state", ["clean", "dirty"])
def test_the_same_call_makes_the_same_run_as_before(repo: Path, state: str) -> None:
    write(repo, ".gitignore", ".runs/\n")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "begin")
    if state == "dirty":
        write(repo, "train.py", "print()\n")
    init_run_store(repo)
    calls = json.dumps(CALLS)
    code = MIGRATE.replace("CALLS", f"json.loads({calls!r})").replace("PACKAGE", "aexp")
    theirs = json.loads(run_reference(reference_python(), repo, code))
    assert [create_run(**call).id for call in CALLS] == theirs


# Opening


def test_a_run_is_opened_by_its_id_or_how_only_that_begins(runs: Path) -> None:
    job = create_run(experiment_id="E001")
    assert open_run(job.id).id == open_run(job.id[:8], repo_root=runs).id == job.id


def test_a_run_that_does_not_exist_is_not_found(runs: Path) -> None:
    for written in ("0" * 32, "00000000", "", "../..", "nothing"):
        with pytest.raises(RunNotFound):
            open_run(written)
    with pytest.raises(LookupError):
        open_run("0" * 32)


def test_an_ambiguous_beginning_lists_the_candidates(runs: Path) -> None:
    workspace = Path(get_run_store().workspace)
    ids = ["abcdef" + "0" * 26, "abcdef" + "1" * 26]
    for job_id in ids:
        (workspace / job_id).mkdir(parents=True)
    with pytest.raises(AmbiguousRun) as caught:
        open_run("abcdef")
    assert all(job_id in str(caught.value) for job_id in ids)


# Finding


@pytest.fixture
def some(runs: Path) -> dict[str, Any]:
    """Runs by name, and one whose files cannot be used."""
    made = {
        "a1": create_run(experiment_id="E001", statepoint={"seed": 1, "m": {"d": 3}}),
        "a2": create_run(experiment_id="E001", statepoint={"seed": 2}, hypothesis_id="H001"),
        "b1": create_run(experiment_id="E002", statepoint={"seed": 1, "x": None}),
        "btrue": create_run(experiment_id="E002", statepoint={"seed": True}),
        "btext": create_run(experiment_id="E002", statepoint={"seed": "1"}),
    }
    linked = get_run_store().open_job({"seed": 7}).init()
    linked.doc["limina"] = {"experiment_id": "E001", "hypothesis_id": "H007"}
    made["linked"] = linked
    mark_status(made["a1"], "complete")
    mark_status(made["b1"], "failed")
    broken = create_run(experiment_id="E001", statepoint={"seed": 99})
    Path(broken.fn("signac_statepoint.json")).write_text("{")
    return made


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"a1", "a2", "b1", "btrue", "btext", "linked"}),
        ({"experiment_id": "E001"}, {"a1", "a2", "linked"}),
        ({"experiment_id": "E003"}, set()),
        ({"hypothesis_id": "H001"}, {"a2"}),
        ({"hypothesis_id": "H007"}, {"linked"}),
        ({"experiment_id": "E001", "hypothesis_id": "H001", "seed": 2}, {"a2"}),
        ({"status": "complete"}, {"a1"}),
        ({"status": "created"}, {"a2", "btrue", "btext"}),
        ({"status": "failed", "experiment_id": "E001"}, set()),
        ({"seed": 1}, {"a1", "b1"}),
        ({"seed": 1.0}, {"a1", "b1"}),
        ({"seed": "1"}, {"btext"}),
        ({"seed": True}, {"btrue"}),
        ({"x": None}, {"b1"}),
        ({"nothing": None}, set()),
    ],
)
def test_the_runs_that_fit_are_found(
    some: dict[str, Any], asked: dict[str, Any], found: set[str]
) -> None:
    jobs = find_runs(**asked)
    names = {job.id: name for name, job in some.items()}
    assert {names[job.id] for job in jobs} == found
    assert [job.id for job in jobs] == sorted(job.id for job in jobs)
    assert all(type(job).__name__ == "Job" for job in jobs)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"seed": {"$gt": 1}}, {"a2", "linked"}),
        ({"m.d": 3}, {"a1"}),
        ({"m": {"d": 3}}, {"a1"}),
        ({"seed": {"$gt": 1}, "experiment_id": "E001", "status": "created"}, {"a2"}),
    ],
)
def test_signacs_own_queries_are_put_to_signac(
    runs: Path, asked: dict[str, Any], found: set[str]
) -> None:
    a1 = create_run(experiment_id="E001", statepoint={"seed": 1, "m": {"d": 3}})
    a2 = create_run(experiment_id="E001", statepoint={"seed": 2})
    linked = create_run(experiment_id="E002", statepoint={"seed": 7})
    names = {a1.id: "a1", a2.id: "a2", linked.id: "linked"}
    assert {names[job.id] for job in find_runs(**asked)} == found


def test_a_status_that_does_not_exist_cannot_be_looked_for(runs: Path) -> None:
    with pytest.raises(ValueError, match="created, queued, running, complete"):
        find_runs(status="completed")


def test_a_query_that_meets_a_damaged_run_says_which(some: dict[str, Any]) -> None:
    with pytest.raises(AexpError, match="signac cannot search"):
        find_runs(seed={"$gt": 1})


# Both readings of a store agree

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=6).filter(lambda key: "." not in key), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=60)
@given(
    statepoint=st.dictionaries(
        st.text(min_size=1, max_size=6).filter(lambda key: "." not in key), JSON, max_size=4
    )
)
def test_a_run_is_read_as_signac_reads_it(
    tmp_path_factory: pytest.TempPathFactory, statepoint: dict[str, Any]
) -> None:
    repo = tmp_path_factory.mktemp("store")
    write(repo, ".aexp/installed.json", "{}")
    init_run_store(repo)
    job = create_run(experiment_id="E001", statepoint=statepoint, repo_root=repo)
    read = RunStore(Path(job.project.path), ".runs").files(job.id)
    assert read.faults == ()
    assert json.dumps(read.statepoint, sort_keys=True) == json.dumps(
        open_run(job.id, repo_root=repo).statepoint(), sort_keys=True
    )
    assert read.document == job.doc()
    assert job.id == job_id_of(job.statepoint())


def test_a_store_used_from_many_processes_at_once_loses_no_run(runs: Path) -> None:
    code = (
        "import sys\nfrom pytest_aexp.runs import create_run, mark_status\n"
        "for seed in range(5):\n"
        "    statepoint = {'worker': sys.argv[1], 'seed': seed}\n"
        "    job = create_run(experiment_id='E001', statepoint=statepoint, include_commit=False)\n"
        "    mark_status(job, 'complete')\n"
        "mark_status(create_run(experiment_id='E002', include_commit=False), 'complete')\n"
    )
    import sys

    workers = [
        subprocess.Popen([sys.executable, "-c", code, str(n)], cwd=runs, stderr=subprocess.PIPE)
        for n in range(4)
    ]
    said = [worker.communicate(timeout=60)[1] for worker in workers]
    assert said == [b""] * 4
    assert [worker.returncode for worker in workers] == [0] * 4
    assert len(find_runs(status="complete")) == 21
    assert len(list((runs / ".aexp/ledger").glob("*.json"))) == 21


# What identifies a run


def test_with_identity_parameters_the_code_stands_beside_the_statepoint(runs: Path) -> None:
    write(runs, "pyproject.toml", '[tool.aexp.runs]\nidentity = "parameters"\n')
    write(runs, ".gitignore", ".runs/\n")
    git(runs, "add", ".")
    git(runs, "commit", "-q", "-m", "begin")
    commit = git(runs, "rev-parse", "HEAD").strip()
    job = create_run(experiment_id="E001", statepoint={"seed": 1})
    assert set(job.statepoint()) == {"experiment_id", "seed"}
    with run_lifecycle(job):
        pass
    entry = load_ledger_entry(runs, job.id)
    assert entry is not None
    assert (entry["code_commit"], entry["code_dirty"]) == (commit, False)
    with_code = create_run(experiment_id="E001", include_commit=True)
    assert with_code.statepoint()["code_commit"] == commit


def test_a_rerun_has_the_code_of_its_own_time_and_a_look_at_it_changes_nothing(runs: Path) -> None:
    job = create_run(experiment_id="E001", include_commit=False)
    with run_lifecycle(job):
        pass
    write(runs, "train.py", "x")
    same = create_run(experiment_id="E001", include_commit=False)
    assert not same.doc["code_dirty"]
    with run_lifecycle(same):
        pass
    entry = load_ledger_entry(runs, job.id)
    assert entry is not None
    assert (entry["code_dirty"], entry["attempt"]) == (True, 2)


def test_values_of_this_machine_are_in_neither_statepoint_nor_ledger(runs: Path) -> None:
    write(runs, "pyproject.toml", '[tool.aexp.runs]\nlocal = ["data_root", "data.root"]\n')
    job, other = (
        create_run(
            experiment_id="E001",
            statepoint={"data": {"name": "c10", "root": root}, "data_root": root},
            local={"num_workers": 8},
            include_commit=False,
        )
        for root in ("/scratch/a", "/home/b")
    )
    assert job.id == other.id
    assert job.statepoint() == {"experiment_id": "E001", "data": {"name": "c10"}}
    local = {"data_root": "/home/b", "data": {"root": "/home/b"}, "num_workers": 8}
    assert job.doc["aexp_local"]() == local
    mark_status(job, "complete")
    entry = load_ledger_entry(runs, job.id)
    assert "home" not in str(entry)
    assert "redacted" not in (entry or {})


def test_numpy_values_find_the_runs_that_they_made(runs: Path) -> None:
    numpy = pytest.importorskip("numpy")
    job = create_run(experiment_id="E001", statepoint={"a": numpy.arange(3), "n": numpy.int32(2)})
    assert [run.id for run in find_runs(a=numpy.arange(3), n=numpy.int64(2))] == [job.id]
    assert find_runs(n=numpy.float64(2.5)) == []


def test_runs_are_found_by_the_words_of_the_command_line(repo: Path) -> None:
    write(repo, "pyproject.toml", '[tool.aexp.metrics]\nf1 = "eval/f1"\n')
    init_run_store(repo)
    for seed in range(4):
        job = create_run(experiment_id="E001", statepoint={"seed": seed, "model": {"C": seed}})
        job.doc["eval"] = {"f1": seed / 10}
        mark_status(job, "failed" if seed == 3 else "complete")

    def seeds(*where: str, **more: Any) -> set[int]:
        words = where[0] if len(where) == 1 else where
        return {job.sp["seed"] for job in find_runs(where=words, **more)}

    assert seeds("seed!=1") == {0, 2, 3}
    assert seeds("E001 model.C>=2 status=complete") == {2}
    assert seeds("seed=[0,3]", "ended>2020-01-01") == {0, 3}
    assert seeds("f1>0.1", status="complete") == {2}
    assert seeds("E002") == set()
    with pytest.raises(UsageError, match="is neither an experiment id such as E003 nor"):
        find_runs(where="nonsense")
