"""Build a repository of any size: ledger entries, findings and, if asked, the local run store.

    python benchmarks/generate.py FOLDER --entries 10000 --findings 900 [--store] [--indexes]

The same seed builds the same repository. Statepoints look like real ones (about ten keys); each
finding has four citations: three of one run, one of a batch.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Any

CONDITIONS = ("full", "ablation", "baseline", "no_context", "retrieval")
MODELS = ("gpt2", "meta-llama/Llama-3-8B", "mistral-7b", "t5-base")


def statepoints(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """``count`` different statepoints, 200 to an experiment."""
    chance = random.Random(seed)
    for number in range(count):
        yield {
            "experiment_id": f"E{number // 200 + 1:03d}",
            "hypothesis_id": f"H{number // 1000 + 1:03d}",
            "condition": CONDITIONS[number % len(CONDITIONS)],
            "model": chance.choice(MODELS),
            "seed": number,
            "lr": round(chance.uniform(1e-5, 1e-2), 8),
            "batch_size": chance.choice((8, 16, 32, 64)),
            "data": {"name": "wikitext", "split": "train", "shards": [1, 2, 3]},
            "code_commit": md5(str(number // 50).encode()).hexdigest() + "00000000",
            "code_dirty": False,
        }


def job_id_of(statepoint: dict[str, Any]) -> str:
    """signac's job id."""
    return md5(json.dumps(statepoint, sort_keys=True).encode()).hexdigest()


def run_link(statepoint: dict[str, Any]) -> dict[str, Any]:
    """The run link of a run created for an experiment."""
    return {
        "experiment_id": statepoint["experiment_id"],
        "experiment_path": f"kb/research/experiments/{statepoint['experiment_id']}-*.md",
        "hypothesis_id": statepoint["hypothesis_id"],
        "sub_hypothesis_id": None,
    }


def document(statepoint: dict[str, Any], number: int) -> dict[str, Any]:
    """The job document of a finished run."""
    return {
        "status": "complete" if number % 10 else "failed",
        "aexp": run_link(statepoint),
        "created_at": "2026-05-14T18:22:01Z",
        "started_at": "2026-05-14T18:23:01Z",
        "ended_at": "2026-05-14T19:22:01Z",
        "wallclock_s": 3540.5,
        "tracker": {
            "backend": "wandb",
            "run_id": f"run{number}",
            "url": f"https://wandb.ai/team/project/runs/run{number}",
            "project": "project",
        },
    }


def entry(statepoint: dict[str, Any], number: int) -> dict[str, Any]:
    """The ledger entry of the same run."""
    run_document = document(statepoint, number)
    return {
        "schema_version": 1,
        "job_id": job_id_of(statepoint),
        "statepoint": statepoint,
        "run_link": run_document["aexp"],
        **{key: run_document[key] for key in ("status", "started_at", "ended_at", "wallclock_s")},
        "tracker": run_document["tracker"],
        "code_commit": statepoint["code_commit"],
        "code_dirty": statepoint["code_dirty"],
        "registered_machine": ("cluster", "laptop", "workstation")[number % 3],
        "promoted_at": "2026-05-26T01:23:45Z",
    }


def finding(number: int, points: list[dict[str, Any]]) -> str:
    """A finding with three job citations and a batch citation."""
    cited = "".join(f"  - {{type: job, id: {job_id_of(point)}}}\n" for point in points[:3])
    last = points[3]
    return (
        f"---\nid: F{number:03d}\ntitle: What run {number} showed\nstatus: accepted\n"
        f"tags: [a, b]\nsupporting_runs:\n{cited}"
        f"  - type: batch\n    experiment_id: {last['experiment_id']}\n"
        f"    selector: {{condition: {last['condition']}}}\n"
        "---\n\n# Finding\n\n" + "It was seen that it holds.\n" * 30
    )


def experiment(name: str) -> str:
    """An experiment's artifact."""
    return f"---\nid: {name}\n---\n\n# {name}\n"


def build(root: Path, entries: int, findings: int, *, store: bool, seed: int = 7) -> None:
    """Write the repository at ``root``."""
    root.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    points = list(statepoints(entries, seed))
    ledger = root / ".aexp" / "ledger"
    ledger.mkdir(parents=True)
    for number, point in enumerate(points):
        text = json.dumps(entry(point, number), indent=2, sort_keys=True) + "\n"
        (ledger / f"{job_id_of(point)}.json").write_text(text, encoding="utf-8")
    folder = root / "kb/research/findings"
    folder.mkdir(parents=True)
    chance = random.Random(seed)
    for number in range(1, findings + 1):
        text = finding(number, [chance.choice(points) for _ in range(4)])
        (folder / f"F{number:03d}-what-it-showed.md").write_text(text, encoding="utf-8")
    experiments = root / "kb/research/experiments"
    experiments.mkdir()
    for name in {point["experiment_id"] for point in points}:
        (experiments / f"{name}-exp.md").write_text(experiment(name), encoding="utf-8")
    if store:
        build_store(root / ".runs", points)


def build_store(folder: Path, points: list[dict[str, Any]]) -> None:
    """signac's own files for every run."""
    (folder / ".signac").mkdir(parents=True)
    (folder / ".signac" / "config").write_text("schema_version = 2\n", encoding="utf-8")
    for number, point in enumerate(points):
        job = folder / "workspace" / job_id_of(point)
        job.mkdir(parents=True)
        (job / "signac_statepoint.json").write_text(json.dumps(point), encoding="utf-8")
        text = json.dumps(document(point, number))
        (job / "signac_job_document.json").write_text(text, encoding="utf-8")


def main() -> None:
    """Build what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--findings", type=int, default=900)
    parser.add_argument("--store", action="store_true")
    arguments = parser.parse_args()
    build(arguments.folder, arguments.entries, arguments.findings, store=arguments.store)


if __name__ == "__main__":
    main()
