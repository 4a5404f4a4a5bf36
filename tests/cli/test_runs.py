"""``aexp new-run``, ``mark``, ``link`` and ``runs-export-index``."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from reference import reference_python
from repositories import write
from runscripts import document_of, entry_in

from pytest_aexp.cli import main
from pytest_aexp.cli.runs import add_to
from pytest_aexp.runs import create_run, find_runs, init_run_store, open_run
from pytest_aexp.work.runs.status import STATUSES


@pytest.fixture
def store(repo: Path) -> Path:
    init_run_store(repo)
    return repo


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of ``aexp``."""
    try:
        status = main(arguments)
    except SystemExit as error:
        status = int(error.code or 0)
    printed = capsys.readouterr()
    return status, printed.out, printed.err


@pytest.mark.parametrize(
    ("arguments", "statepoint"),
    [
        ((), {}),
        (("--sp", "condition=full"), {"condition": "full"}),
        (("--sp", "a=1,b=2"), {"a": "1", "b": "2"}),
        (("--sp", "a=1", "b=2"), {"a": "1", "b": "2"}),
        (("--sp", "a=1", "--sp", " b = x=y ,"), {"a": "1", "b": "x=y"}),
        (("--sp", "a="), {"a": ""}),
        (("--statepoint", '{"seed": 3, "lr": [0.1, null]}'), {"seed": 3, "lr": [0.1, None]}),
        (
            ("--hypothesis", "H001", "--sub-hypothesis", "H002"),
            {"hypothesis_id": "H001", "sub_hypothesis_id": "H002"},
        ),
    ],
)
def test_new_run_prints_the_job_id(
    store: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    statepoint: dict[str, Any],
) -> None:
    status, out, err = run(capsys, "new-run", "--experiment", "E001", "--no-commit", *arguments)
    assert (status, err) == (0, "")
    assert open_run(out.strip()).statepoint() == {"experiment_id": "E001", **statepoint}


def test_new_run_refuses_to_be_of_two_experiments(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for given in (("--statepoint", '{"experiment_id": "E777"}'), ("--sp", "experiment_id=E777")):
        status, out, err = run(capsys, "new-run", "--experiment", "E001", *given)
        assert (status, out) == (2, "")
        assert '"E001", but experiment_id in its statepoint is "E777"' in err
    assert find_runs() == []


def test_new_run_knows_the_commit(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "new-run", "--experiment", "E001")
    assert set(open_run(out.strip()).statepoint()) == {
        *("experiment_id", "code_commit", "code_dirty")
    }


@pytest.mark.parametrize("label", ["a b", "../x", "a\nb", "x" * 300, "", "/home/me/x", "CON"])
@pytest.mark.parametrize(
    "command",
    [
        ("install", "--machine-label"),
        ("ledger", "backfill", "--machine-label"),
        ("ledger", "promote", "RUN", "--machine-label"),
        ("runs-export-index", "--as"),
        ("runs-export-index", "--out", "x.json", "--as"),
    ],
)
def test_every_verb_refuses_a_label_that_cannot_name_a_file(
    store: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...], label: str
) -> None:
    job = create_run(experiment_id="E001", init_doc={"status": "complete"})
    arguments = [job.id if word == "RUN" else word for word in command]
    before = sorted(store.rglob("*"))
    status, out, err = run(capsys, *arguments, label)
    assert (status, out) == (2, "")
    assert "cannot be a machine label" in err.splitlines()[-1]
    assert sorted(store.rglob("*")) == before


@pytest.mark.slow
def test_new_run_makes_the_run_that_the_old_command_makes(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("new-run", "--experiment", "E001", "--sp", "condition=full,max_turns=16,x=a=b")
    subprocess.run(
        [reference_python(), "-m", "aexp", *arguments], cwd=store, check=True, capture_output=True
    )
    (theirs,) = find_runs()
    assert run(capsys, *arguments)[:2] == (0, f"{theirs.id}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("new-run",), "--experiment"),
        (("new-run", "--experiment", "1"), '"1" is no experiment'),
        (("new-run", "--experiment", "E001", "--hypothesis", "x"), '"x" is no hypothesis'),
        (("new-run", "--experiment", "E001", "--sp", "seed"), '--sp "seed" is not KEY=VALUE'),
        (("new-run", "--experiment", "E001", "--sp", "a=[1,2]"), '--sp "2]" is not KEY=VALUE'),
        (("new-run", "--experiment", "E001", "--sp", "=1"), "is not KEY=VALUE"),
        (("new-run", "--experiment", "E001", "--sp", "a.b=1"), "dots"),
        (("new-run", "--experiment", "E001", "--statepoint", "{"), "not valid JSON"),
        (("new-run", "--experiment", "E001", "--statepoint", "[1]"), "must be a JSON object"),
        (("new-run", "--experiment", "E001", "--statepoint", '{"a": NaN}'), "a is nan"),
        (("new-run", "--experiment", "E001", "--sp", "a=1", "--statepoint", "{}"), "not allowed"),
        (("mark", "0" * 32, "complete"), "there is no run"),
        (("mark", "0" * 32, "completed"), "unknown status"),
        (("link", "0" * 32, "--experiment", "E001"), "there is no run"),
        (("link", "0" * 32, "--experiment", "E1"), "is no experiment"),
        (("link", "0" * 32), "--experiment"),
    ],
)
def test_wrong_usage_is_2_and_says_what_is_wrong(
    store: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
    assert find_runs() == []


def test_without_a_run_store_every_verb_says_what_to_type(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (
        ("new-run", "--experiment", "E001"),
        ("mark", "abcd", "complete"),
        ("link", "abcd", "--experiment", "E001"),
    ):
        status, _, err = run(capsys, *arguments)
        assert status == 2
        assert "aexp install" in err


@pytest.mark.parametrize("status", STATUSES)
def test_mark_sets_any_status(store: Path, capsys: pytest.CaptureFixture[str], status: str) -> None:
    job = create_run(experiment_id="E001")
    assert run(capsys, "mark", job.id[:8], status) == (0, f"{job.id} is {status}\n", "")
    assert document_of(store, job.id)["status"] == status


def test_mark_writes_the_entry(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = create_run(experiment_id="E001")
    run(capsys, "mark", job.id, "failed")
    assert entry_in(store, job.id)["status"] == "failed"


def test_mark_is_1_if_the_entry_could_not_be_written(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = create_run(experiment_id="E001")
    write(store, ".aexp/ledger", "a file")
    status, out, err = run(capsys, "mark", job.id, "failed")
    assert (status, out) == (1, f"{job.id} is failed\n")
    assert f"aexp ledger promote {job.id}" in err
    assert document_of(store, job.id)["status"] == "failed"


def test_an_ambiguous_beginning_lists_its_candidates(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [f"abcd{digit * 28}" for digit in "01"]
    for job_id in ids:
        (store / ".runs/workspace" / job_id).mkdir(parents=True)
    for arguments in (("mark", "abcd", "complete"), ("link", "abcd", "--experiment", "E001")):
        status, _, err = run(capsys, *arguments)
        assert status == 2
        assert all(job_id in err for job_id in ids)


def test_mark_names_every_status_in_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "mark", "--help")
    assert all(status in out for status in STATUSES)
    assert add_to.__module__ == "pytest_aexp.cli.runs"


def test_link_links(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = create_run(experiment_id="E001")
    run(capsys, "mark", job.id, "complete")
    assert run(capsys, "link", job.id[:6], "--experiment", "E002", "--hypothesis", "H003") == (
        0,
        f"{job.id} belongs to E002\n",
        "",
    )
    link = entry_in(store, job.id)["run_link"]
    assert (link["experiment_id"], link["hypothesis_id"]) == ("E002", "H003")


def test_the_index_is_exported_with_a_word_of_warning(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = create_run(experiment_id="E001")
    run(capsys, "mark", job.id, "complete")
    status, out, err = run(capsys, "runs-export-index", "--as", "laptop")
    assert (status, out) == (0, "1 finished run: .aexp/runs-index/laptop.json\n")
    assert err.startswith("DEPRECATED")
    assert "aexp ledger backfill" in err
    other = tmp_path / "x.json"
    status, out, _ = run(
        capsys, "runs-export-index", "--machine-label", "desk", "--out", str(other)
    )
    assert (status, out) == (0, f"1 finished run: {other}\n")
    assert json.loads(other.read_bytes())["machine_label"] == "desk"
    assert run(capsys, "runs-export-index", "--as", "../x")[0] == 2
