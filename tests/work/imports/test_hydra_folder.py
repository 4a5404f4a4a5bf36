"""Runs from folders as Hydra writes them. The real Hydra is in tests/whole/test_imports.py."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from repositories import write

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.work.imports.hydra_folder import hydra_runs
from pytest_aexp.work.imports.source import Columns, SkippedRun, SourceRun

CONFIG = "seed: 1\nmodel:\n  name: svm\n  C: 1.0e-05\n"


def add_run(root: Path, name: str, metrics: Any = None, config: str = CONFIG) -> None:
    write(root, f"{name}/.hydra/config.yaml", config)
    write(root, f"{name}/.hydra/overrides.yaml", "- seed=1\n- model=svm\n- +opt.lr=0.1\n")
    if metrics is not None:
        write(root, f"{name}/metrics.json", json.dumps(metrics))


def read(root: Path, *parameters: str, **metrics: str) -> list[SourceRun | SkippedRun]:
    return list(hydra_runs(root, Columns(parameters, metrics), "metrics.json"))


def test_the_configuration_identifies_a_run(tmp_path: Path) -> None:
    add_run(tmp_path, "2026-05-01/10-00-00/0", {"accuracy": 0.9, "eval": {"loss": 1}, "note": "x"})
    (run,) = read(tmp_path)
    assert isinstance(run, SourceRun)
    assert run.name == run.run_id == "2026-05-01/10-00-00/0"
    assert run.parameters == {"seed": 1, "model": {"name": "svm", "C": 1e-05}}
    assert run.metrics == {"accuracy": 0.9, "eval.loss": 1}
    assert run.document["status"] == "complete"
    assert run.document["ended_at"].endswith("Z")


def test_parameters_may_be_chosen(tmp_path: Path) -> None:
    add_run(tmp_path, "0", {"accuracy": 0.9, "loss": 1})
    (run,) = read(tmp_path, "seed", "model", "model.C", "opt.lr", acc="accuracy")
    assert isinstance(run, SourceRun)
    assert run.parameters == {"seed": 1, "model": "svm", "model.C": 1e-05, "opt.lr": 0.1}
    assert run.metrics == {"acc": 0.9}


def test_a_parameter_is_what_the_configuration_says_and_a_group_what_hydra_chose(
    tmp_path: Path,
) -> None:
    add_run(tmp_path, "0", {}, config="name: x y\ntags: [a, b]\nmodel: {C: 1}\nopt: {lr: 1}\n")
    write(tmp_path, "0/.hydra/overrides.yaml", "- name='x y'\n- tags=[a,b]\n- opt.lr=1e0\n")
    write(tmp_path, "0/.hydra/hydra.yaml", "hydra: {runtime: {choices: {model: svm}}}\n")
    (run,) = read(tmp_path, "name", "tags", "model", "opt", "opt.lr")
    assert isinstance(run, SourceRun)
    assert run.parameters == {
        "name": "x y",
        "tags": ["a", "b"],
        "model": "svm",
        "opt": {"lr": 1},
        "opt.lr": 1,
    }


def test_the_file_of_metrics_may_say_how_it_ended(tmp_path: Path) -> None:
    metrics = {"status": "failed", "ended_at": "2026-05-01T10:00:00Z", "code_commit": "abc"}
    add_run(tmp_path, "0", metrics)
    (run,) = read(tmp_path)
    assert isinstance(run, SourceRun)
    assert (run.document, run.metrics) == (metrics, {})


def test_a_run_that_cannot_be_read_is_named_and_stops_nothing(tmp_path: Path) -> None:
    add_run(tmp_path, "0")
    add_run(tmp_path, "1", {}, config="a: [")
    add_run(tmp_path, "2", [1])
    add_run(tmp_path, "3", {}, config="- a\n")
    add_run(tmp_path, "4", {"accuracy": 1})
    write(tmp_path, "5/.hydra/hydra.yaml", "{}")
    add_run(tmp_path, "6")
    write(tmp_path, "6/metrics.json", '{"accuracy": 1')
    found = read(tmp_path)
    assert [type(run) for run in found] == [SkippedRun] * 4 + [SourceRun, SkippedRun, SkippedRun]
    reasons = [run.reason for run in found if isinstance(run, SkippedRun)]
    assert reasons[0].startswith("has no metrics.json: it has not finished")
    assert reasons[1].startswith("cannot be read: .hydra/config.yaml: ")
    assert reasons[2] == "cannot be read: metrics.json is not a JSON object"
    assert reasons[3] == "has no mapping in .hydra/config.yaml"
    assert reasons[4] == "cannot be read: config.yaml does not exist"
    assert reasons[5] == "cannot be read: metrics.json:1:15: it is not JSON: it ends too early"
    assert [run.damaged for run in found if isinstance(run, SkippedRun)] == [False, *[True] * 5]


def test_a_configuration_that_never_ends_is_not_waited_for(tmp_path: Path) -> None:
    add_run(tmp_path, "0", {})
    (tmp_path / "0/.hydra/config.yaml").unlink()
    os.mkfifo(tmp_path / "0/.hydra/config.yaml")
    (run,) = read(tmp_path)
    assert isinstance(run, SkippedRun)
    assert run.reason == "cannot be read: config.yaml is a named pipe, not a file"


def test_overrides_that_are_not_a_list_choose_nothing(tmp_path: Path) -> None:
    add_run(tmp_path, "0", {})
    write(tmp_path, "0/.hydra/overrides.yaml", "5\n")
    (run,) = read(tmp_path, "seed")
    assert isinstance(run, SourceRun)
    assert run.parameters == {"seed": 1}


def test_several_files_of_metrics(tmp_path: Path) -> None:
    add_run(tmp_path, "0", {})
    write(tmp_path, "0/more.json", "{}")
    (run,) = hydra_runs(tmp_path, Columns((), {}), "*.json")
    assert isinstance(run, SkippedRun)
    assert run.reason == "has 2 files that match *.json: metrics.json, more.json"


def test_a_parameter_that_is_not_there(tmp_path: Path) -> None:
    add_run(tmp_path, "0", {})
    (run,) = read(tmp_path, "sede")
    assert isinstance(run, SkippedRun)
    assert run.reason == 'has no parameter "sede" in .hydra/config.yaml'


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run of Hydra was found below"):
        read(tmp_path)


# Python 3.13 takes three stars for one.
NO_GLOBS = ["", "/abs/*.json", *(["***"] if sys.version_info < (3, 13) else [])]


@pytest.mark.parametrize("pattern", NO_GLOBS)
def test_a_glob_that_fits_no_file_of_a_run_is_refused(tmp_path: Path, pattern: str) -> None:
    add_run(tmp_path, "0", {})
    with pytest.raises(UsageError, match=r"--metrics-file .* a name or a glob, such as"):
        list(hydra_runs(tmp_path, Columns((), {}), pattern))
