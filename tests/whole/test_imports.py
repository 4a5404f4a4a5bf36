"""Runs made by the real MLflow and Hydra arrive in the ledger, whole and only once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from programs import PACKAGES, aexp, run, run_script
from repositories import new_repository, write

# Whichever comes first makes the environment that it needs.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

TRACK = """
import math, time, sys
import mlflow
from mlflow.tracking import MlflowClient
mlflow.set_tracking_uri({uri!r})
mlflow.set_experiment("digits")
def track(name, params, metrics, status="FINISHED"):
    with mlflow.start_run(run_name=name) as run:
        mlflow.log_params(params)
        for key, value in metrics.items():
            mlflow.log_metric(key, value / 2, step=0)
            mlflow.log_metric(key, value, step=1)
        mlflow.set_tag("mlflow.source.git.commit", "a" * 40)
    if status != "FINISHED":
        MlflowClient().set_terminated(run.info.run_id, status)
    return run.info.run_id
base = {{"C": 0.1, "kernel": "rbf", "flag": True, "none": None, "layers": [64, 64], "zip": "007"}}
ids = [track(str(seed), {{**base, "seed": seed}}, {{"accuracy": 0.9 + seed / 100, "val/loss": 1}})
       for seed in range(3)]
ids.append(track("again", {{**base, "seed": 0}}, {{"accuracy": 0.99}}))
odd = {{"nan": math.nan, "inf": math.inf, "low": -math.inf}}
ids.append(track("odd", {{**base, "seed": 3}}, odd))
ids.append(track("failed", {{**base, "seed": 4}}, {{}}, "FAILED"))
ids.append(track("killed", {{**base, "seed": 5}}, {{}}, "KILLED"))
ids.append(track("deleted", {{**base, "seed": 6}}, {{}}))
mlflow.delete_run(ids[-1])
digits = mlflow.get_experiment_by_name("digits").experiment_id
ids.append(MlflowClient().create_run(digits).info.run_id)
print(" ".join(ids))
"""


Tracked = Callable[[str, str], tuple[Path, list[str]]]


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Tracked:
    """Where an environment's MLflow wrote a store of that name, and the runs in it."""

    @cache
    def store(environment: str, name: str) -> tuple[Path, list[str]]:
        path = tmp_path_factory.mktemp("tracked") / name
        uri = f"sqlite:///{path}" if name == "mlflow.db" else path.as_uri()
        allow = "import os; os.environ['MLFLOW_ALLOW_FILE_STORE'] = 'true'\n"
        printed = run_script(environment, allow + TRACK.format(uri=uri), path.parent)
        return path, printed.split()[-9:]

    return store


def repository_of(path: Path, folder: Path) -> Path:
    """A repository that holds a copy of that store."""
    repo = new_repository(folder / "repo")
    if path.is_dir():
        shutil.copytree(path, repo / path.name)
    else:
        shutil.copy(path, repo)
    return repo


def entries(repo: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in (repo / ".aexp/ledger").glob("*.json")}


def by_seed(repo: Path) -> dict[int, dict[str, Any]]:
    documents = map(json.loads, entries(repo).values())
    return {document["statepoint"]["seed"]: document for document in documents}


@pytest.mark.parametrize("environment", sorted(PACKAGES))
@pytest.mark.parametrize("store", ["mlflow.db", "mlruns"])
def test_an_mlflow_store_is_imported(
    tmp_path: Path, tracked: Tracked, environment: str, store: str
) -> None:
    path, ids = tracked(environment, store)
    repo = repository_of(path, tmp_path)
    done = aexp(environment, repo, "import", "mlflow", store, "--experiment", "digits=E005")
    assert done.returncode == 0, done.stderr
    assert "6 runs written, 0 already there, 2 left out\n" in done.stdout
    assert (
        f"run {ids[0]} and run {ids[3]} are attempts of one run; run {ids[3]} counts" in done.stdout
    )
    assert f"aexp: left out: run {ids[7]} was deleted in MLflow\n" in done.stderr
    assert f"aexp: left out: run {ids[8]} has not finished: its status is RUNNING\n" in done.stderr
    found = by_seed(repo)
    assert found[1]["statepoint"] == {
        "experiment_id": "E005",
        "seed": 1,
        "C": 0.1,
        "kernel": "rbf",
        "flag": True,
        "none": None,
        "layers": [64, 64],
        "zip": "007",
    }
    assert found[1]["metrics"] == {"accuracy": 0.91, "val_loss": 1.0}
    assert found[1]["tracker"] == {"backend": "mlflow", "run_id": ids[1], "project": "digits"}
    assert (found[1]["code_commit"], found[1]["status"]) == ("a" * 40, "complete")
    assert found[0]["metrics"] == {"accuracy": 0.99}
    assert found[3]["metrics"] == {"nan": None, "inf": None, "low": None}
    assert (found[4]["status"], found[5]["status"]) == ("failed", "stopped")
    assert not set(ids) & set(entries(repo))
    before = entries(repo)
    done = aexp(environment, repo, "import", "mlflow", store, "--experiment", "digits=E005")
    assert "0 runs written, 6 already there, 2 left out\n" in done.stdout
    assert entries(repo) == before
    assert aexp(environment, repo, "validate").returncode == 0


def test_each_mlflow_run_may_be_a_run(tmp_path: Path, tracked: Tracked) -> None:
    path, ids = tracked("current", "mlflow.db")
    repo = repository_of(path, tmp_path)
    asked = ("--experiment", "E005", "--distinct", "run_id", "--params", "seed,C")
    done = aexp("current", repo, "import", "mlflow", path.name, *asked)
    assert "7 runs written" in done.stdout, done.stderr
    documents = [json.loads(data) for data in entries(repo).values()]
    assert {d["statepoint"]["run_id"] for d in documents} == set(ids[:7])
    assert {tuple(sorted(d["statepoint"])) for d in documents} == {
        ("C", "experiment_id", "run_id", "seed")
    }


def test_a_damaged_mlflow_run_is_named_and_stops_nothing(tmp_path: Path, tracked: Tracked) -> None:
    path, ids = tracked("current", "mlruns")
    repo = repository_of(path, tmp_path)
    (meta,) = (repo / "mlruns").glob(f"*/{ids[1]}/meta.yaml")
    meta.write_text("{", encoding="utf-8")
    done = aexp("current", repo, "import", "mlflow", "mlruns", "--experiment", "digits=E005")
    assert done.returncode == 1
    assert f"aexp: left out: run {ids[1]} is damaged" in done.stderr
    assert sorted(by_seed(repo)) == [0, 2, 3, 4, 5]


def test_an_experiment_that_mlflow_does_not_have(tmp_path: Path, tracked: Tracked) -> None:
    path, _ = tracked("current", "mlflow.db")
    repo = repository_of(path, tmp_path)
    done = aexp("current", repo, "import", "mlflow", path.name, "--experiment", "digit=E005")
    assert done.returncode == 2
    assert 'the store has no experiment "digit"; did you mean "digits"?' in done.stderr


TRAIN = """
import json, hydra
from omegaconf import DictConfig
from hydra.core.hydra_config import HydraConfig
from pathlib import Path
@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg: DictConfig) -> None:
    if cfg.seed == 2:
        return
    out = Path(HydraConfig.get().runtime.output_dir)
    found = {"accuracy": 0.9 + cfg.seed / 100, "eval": {"loss": 1}}
    (out / "metrics.json").write_text(json.dumps(found))
main()
"""


def test_a_hydra_multirun_is_imported(tmp_path: Path) -> None:
    repo = new_repository(tmp_path / "repo")
    write(repo, "train.py", TRAIN)
    write(repo, "conf/config.yaml", "defaults: [model: svm, _self_]\nseed: 0\nlr: 1e-5\n")
    write(repo, "conf/model/svm.yaml", "name: svm\nC: 1.0\n")
    write(repo, "conf/model/rf.yaml", "name: rf\ntrees: 10\n")
    done = run("current", ["train.py", "-m", "seed=0,1,2", "model=svm,rf"], repo)
    assert done.returncode == 0, done.stderr
    done = aexp("current", repo, "import", "hydra", "multirun", "--experiment", "E005")
    assert done.returncode == 0, done.stderr
    assert "4 runs written, 0 already there, 2 left out\n" in done.stdout
    assert done.stderr.count("has no metrics.json: it has not finished") == 2
    documents = [json.loads(data) for data in entries(repo).values()]
    assert {
        (d["statepoint"]["seed"], d["statepoint"]["model"]["name"], d["metrics"]["accuracy"])
        for d in documents
    } == {(0, "svm", 0.9), (0, "rf", 0.9), (1, "svm", 0.91), (1, "rf", 0.91)}
    assert {d["statepoint"]["lr"] for d in documents} == {1e-5}
    assert {d["metrics"]["eval_loss"] for d in documents} == {1}
    before = entries(repo)
    done = aexp("current", repo, "import", "hydra", "multirun", "--experiment", "E005")
    assert entries(repo) == before
    shutil.rmtree(repo / ".aexp/ledger")
    asked = ("--experiment", "E005", "--params", "seed,model", "--metrics", "accuracy")
    done = aexp("current", repo, "import", "hydra", "multirun", *asked)
    documents = [json.loads(data) for data in entries(repo).values()]
    assert {(d["statepoint"]["seed"], d["statepoint"]["model"]) for d in documents} == {
        *((seed, model) for seed in (0, 1) for model in ("svm", "rf"))
    }
    assert {tuple(d["metrics"]) for d in documents} == {("accuracy",)}
