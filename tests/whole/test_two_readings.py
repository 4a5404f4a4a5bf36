"""Generated repositories get the same verdicts from every face, and from a second reading."""

from __future__ import annotations

import inspect
import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import naive
import pytest
from cases import by_pytest
from repositories import add_finding, entry_of, entry_text, git, job_id_of, new_repository, write

from pytest_aexp.cli import main
from pytest_aexp.model.codes import CODES

SEEDS = range(40)
FIRST_OF_MANY = range(6)
VALUES: tuple[Any, ...] = (0, 1, 1.0, "1", True, None, 0.5, [1], {"a": 1}, "full", "", -3)


def generated(root: Path, seed: int) -> Path:
    """A repository with whatever may be in one, by chance."""
    chance = random.Random(seed)
    repo = new_repository(root)
    points = [_statepoint(chance) for _ in range(chance.randint(3, 10))]
    if chance.random() < 0.8:
        (repo / ".aexp/ledger").mkdir(parents=True)
        for point in points:
            if chance.random() < 0.5:
                _put_entry(repo, chance, point)
    if chance.random() < 0.6:
        write(repo, ".runs/.signac/config", "schema_version = 2\n")
        for point in points:
            if chance.random() < 0.4:
                _put_run(repo, chance, point)
    if chance.random() < 0.5:
        _put_index(repo, chance, points)
    for number in range(chance.randint(1, 3)):
        cited = [_citation(chance, points) for _ in range(chance.randint(0, 4))]
        add_finding(repo, f"F{number:03}-x", *cited)
    if chance.random() < 0.2:
        text = chance.choice(["no front matter\n", "---\nopen: 1\n", "---\na: [1\n---\n"])
        write(repo, "kb/research/findings/f9.md", text)
    return repo


def _statepoint(chance: random.Random) -> dict[str, Any]:
    point = {key: chance.choice(VALUES) for key in chance.sample(["seed", "lr", "mode"], 2)}
    return {"experiment_id": f"E{chance.randint(1, 3):03}", "nr": chance.random(), **point}


def _put_entry(repo: Path, chance: random.Random, point: dict[str, Any]) -> None:
    entry = entry_of(point)
    job_id = entry["job_id"]
    changes: tuple[dict[str, Any], ...] = (
        *({}, {}, {}, {"status": "running"}, {"status": ...}, {"job_id": "0" * 32}),
        *({"later": 1}, {"schema_version": 2}, {"code_commit": "/home/me/x"}),
        *({"run_link": {"experiment_id": "E003"}}, {"statepoint": {**point, "nr": 7}}),
    )
    change = chance.choice(changes)
    text = entry_text({k: v for k, v in {**entry, **change}.items() if v is not ...})
    if chance.random() < 0.1:
        text = chance.choice(["", text[:-9], f"<<<<<<< ours\n{text}=======\n{text}>>>>>>> x\n"])
    write(repo, f".aexp/ledger/{job_id}.json", text)


def _put_run(repo: Path, chance: random.Random, point: dict[str, Any]) -> None:
    folder = f".runs/workspace/{job_id_of(point)}"
    write(repo, f"{folder}/signac_statepoint.json", json.dumps(point))
    document = {"status": chance.choice(["created", "running", "complete", "failed"])}
    if chance.random() < 0.2:
        document["aexp"] = {"experiment_id": "E003"}  # type: ignore[assignment]
    text = json.dumps(document) if chance.random() < 0.9 else '{"sta'
    if chance.random() < 0.9:
        write(repo, f"{folder}/signac_job_document.json", text)


def _put_index(repo: Path, chance: random.Random, points: list[dict[str, Any]]) -> None:
    entries = [
        {"job_id": job_id_of(p), "status": "complete", "experiment_id": p["experiment_id"]}
        for p in points
        if chance.random() < 0.6
    ]
    index = {"schema_version": 1, "machine_label": "far", "exported_at": "x", "entries": entries}
    text = json.dumps(index) if chance.random() < 0.8 else "{"
    write(repo, ".aexp/runs-index/far.json", text)


def _citation(chance: random.Random, points: list[dict[str, Any]]) -> str:
    point = chance.choice(points)
    if chance.random() < 0.1:
        return chance.choice(["nothing", "[]", "{type: job}", "{type: jobs, id: x}", "{id: 1}"])
    if chance.random() < 0.5:
        job_id = job_id_of(point) if chance.random() < 0.8 else f"{chance.getrandbits(128):032x}"
        return f"{{type: job, id: {job_id}}}"
    selector = {k: v for k, v in point.items() if k != "experiment_id" and chance.random() < 0.4}
    if chance.random() < 0.3:
        selector["seed"] = chance.choice(VALUES)
    which = f"selector: {json.dumps(selector)}" if chance.random() < 0.9 else "note: all"
    return f"{{type: batch, experiment_id: E{chance.randint(1, 3):03}, {which}}}"


def reported(capsys: pytest.CaptureFixture[str], *options: str) -> Counter[tuple[str, str]]:
    main(["validate", "--format", "json", *options])
    problems = json.loads(capsys.readouterr().out)["problems"]
    return Counter((problem["severity"], problem["code"]) for problem in problems)


@pytest.mark.parametrize("strict", ["error", "warn", "off"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_command_says_what_the_contract_says(
    seed: int,
    strict: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    repo = generated(tmp_path / "repo", seed)
    monkeypatch.chdir(repo)
    expected = Counter(naive.verdicts(repo, strict))
    assert reported(capsys, f"--strict-runs={strict}") == expected
    git(repo, "add", "-f", "kb", *filter(os.path.exists, [".aexp"]))
    if (repo / ".aexp/ledger").is_dir() and not any((repo / ".aexp/ledger").iterdir()):
        return  # git keeps no empty folder, and so no authority
    assert reported(capsys, f"--strict-runs={strict}", "--at", "index") == expected


@pytest.mark.parametrize("seed", FIRST_OF_MANY)
def test_pytest_says_so_too(
    seed: int, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    repo = generated(pytester.path / "repo", seed)
    monkeypatch.chdir(repo)
    assert Counter(by_pytest({"strict_runs": "error"}, pytester)) == Counter(
        naive.verdicts(repo, "error")
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", FIRST_OF_MANY)
def test_the_hook_stops_exactly_the_commits_with_an_error(seed: int, tmp_path: Path) -> None:
    repo = generated(tmp_path / "repo", 1000 + seed)
    # Runs of this machine would be promoted first, and change the verdict.
    write(repo, ".gitignore", ".runs\n")
    for document in repo.glob(".runs/workspace/*/signac_job_document.json"):
        document.write_text("{}")
    git(repo, "add", "-A")
    expected = {code for severity, code in naive.verdicts(repo, "error") if severity == "error"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest_aexp.hooks.findings"],
        cwd=repo,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (1 if expected else 0), done.stdout + done.stderr
    for code in expected:
        assert f"[{code}]" in done.stdout


def test_the_repositories_have_every_code_of_the_second_reading(tmp_path: Path) -> None:
    met = Counter[str]()
    for seed in SEEDS:
        repo = generated(tmp_path / str(seed), seed)
        met.update(code for strict in ("error", "warn") for _, code in naive.verdicts(repo, strict))
    codes = re.findall(
        r"\"((?:finding|ledger|runs|runs_index)\.[a-z_]+)\"", inspect.getsource(naive)
    )
    assert set(met) == set(codes) <= set(CODES)
