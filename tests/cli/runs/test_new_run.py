"""``aexp new-run`` as it is typed."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from commands import run_aexp
from reference import reference_python
from repositories import git, write

from pytest_aexp.runs import find_runs, init_run_store, open_run


@pytest.fixture
def store(repo: Path) -> Path:
    init_run_store(repo)
    return repo


@pytest.mark.parametrize(
    ("arguments", "statepoint"),
    [
        ((), {}),
        (("--sp", "condition=full"), {"condition": "full"}),
        (("--sp", "a=1,b=2"), {"a": 1, "b": 2}),
        (("--sp", "a=1", "b=2"), {"a": 1, "b": 2}),
        (("--sp", "a=x", "--sp", " b = x=y ,"), {"a": "x", "b": "x=y"}),
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
    status, out, err = run_aexp(
        capsys, "new-run", "--experiment", "E001", "--no-commit", *arguments
    )
    assert (status, err) == (0, "")
    assert open_run(out.strip()).statepoint() == {"experiment_id": "E001", **statepoint}


def test_new_run_refuses_to_be_of_two_experiments(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for given in (("--statepoint", '{"experiment_id": "E777"}'), ("--sp", "experiment_id=E777")):
        status, out, err = run_aexp(capsys, "new-run", "--experiment", "E001", *given)
        assert (status, out) == (2, "")
        assert '"E001", but experiment_id in its statepoint is "E777"' in err
    assert find_runs() == []


def test_new_run_knows_the_commit(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run_aexp(capsys, "new-run", "--experiment", "E001")
    assert set(open_run(out.strip()).statepoint()) == {
        *("experiment_id", "code_commit", "code_dirty")
    }


@pytest.mark.slow
def test_new_run_makes_the_run_that_the_old_command_makes(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(store, ".gitignore", ".runs/\n")
    git(store, "add", ".")
    git(store, "commit", "-q", "-m", "begin")
    arguments = ("new-run", "--experiment", "E001", "--sp", "condition=full,split=test,x=a=b")
    subprocess.run(
        [reference_python(), "-m", "aexp", *arguments], cwd=store, check=True, capture_output=True
    )
    (theirs,) = find_runs()
    assert run_aexp(capsys, *arguments)[:2] == (0, f"{theirs.id}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("new-run",), "--experiment"),
        (("new-run", "--experiment", "1"), '"1" is not an experiment id'),
        (("new-run", "--experiment", "E001", "--hypothesis", "x"), '"x" is not a hypothesis id'),
        (("new-run", "--experiment", "E001", "--sp", "seed"), '--sp "seed" is not KEY=VALUE'),
        (("new-run", "--experiment", "E001", "--sp", "a=x,2"), '--sp "a=x,2" is not KEY=VALUE'),
        (("new-run", "--experiment", "E001", "--sp", "=1"), "is not KEY=VALUE"),
        (("new-run", "--experiment", "E001", "--sp", "a.b=1"), "dots"),
        (("new-run", "--experiment", "E001", "--statepoint", "{"), "not valid JSON"),
        (("new-run", "--experiment", "E001", "--statepoint", "[1]"), "must be a JSON object"),
        (("new-run", "--experiment", "E001", "--statepoint", '{"a": NaN}'), "a is nan"),
        (("new-run", "--experiment", "E001", "--sp", "a=1", "--statepoint", "{}"), "not allowed"),
        (("mark", "0" * 32, "complete"), "there is no run"),
        (("mark", "0" * 32, "completed"), "unknown status"),
        (("link", "0" * 32, "--experiment", "E001"), "there is no run"),
        (("link", "0" * 32, "--experiment", "E1"), "is not an experiment id"),
        (("link", "0" * 32), "--experiment"),
    ],
)
def test_wrong_usage_is_2_and_says_what_is_wrong(
    store: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    status, out, err = run_aexp(capsys, *arguments)
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
        status, _, err = run_aexp(capsys, *arguments)
        assert status == 2
        assert "aexp install" in err
