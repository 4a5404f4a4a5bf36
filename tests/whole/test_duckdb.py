"""The view of docs/query.md over the clones of several repositories, by the real DuckDB."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pages import text_of
from programs import run_script
from repositories import add_entry, add_segment, entry_of, job_id_of
from study import reviewed_study, submitted_study

pytestmark = [pytest.mark.slow, pytest.mark.tree, pytest.mark.timeout(1800)]

VIEWS, BEST = re.findall(r"^```sql\n(.*?)^```", text_of("docs/query.md"), re.DOTALL | re.MULTILINE)
ASK = """
import duckdb, json
connection = duckdb.connect()
connection.execute({views!r})
for question in {questions!r}:
    print(json.dumps(connection.sql(question).fetchall(), default=str))
"""


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clones")
    reviewed_study(folder / "digits")
    submitted_study(folder / "others")
    points = [{"experiment_id": "E009", "seed": seed} for seed in range(3)]
    older = {"promoted_at": "2026-01-01T00:00:00Z"}
    add_segment(folder / "others", [entry_of(point, **older) for point in points])
    newer = entry_of(points[1], status="stopped", promoted_at="2026-02-01T00:00:00Z")
    add_segment(folder / "others", [newer], "box/2026-06-001")
    add_entry(folder / "others", points[0], status="failed", promoted_at="2025-01-01T00:00:00Z")
    for clone in ("digits", "others"):
        with (folder / clone / "cited.jsonl").open("wb") as file:
            command = [
                sys.executable,
                "-m",
                "pytest_aexp",
                "cited-by",
                "--all",
                "--format",
                "jsonl",
            ]
            subprocess.run(command, cwd=folder / clone, stdout=file, check=True)
    return folder


def ask(folder: Path, *questions: str) -> list[list[list[object]]]:
    output = run_script("current", ASK.format(views=VIEWS, questions=questions), folder)
    return [json.loads(line) for line in output.splitlines()]


def test_one_view_over_all_that_the_clones_hold(clones: Path) -> None:
    counts, packed, retracted, best, numbers = ask(
        clones,
        "SELECT repository, count(*) FROM runs GROUP BY ALL ORDER BY 1",
        "SELECT job_id, status FROM runs WHERE statepoint->>'$.experiment_id' = 'E009'",
        "SELECT job_id, retracted_for, cited_by FROM runs WHERE retracted_for IS NOT NULL",
        BEST,
        "SELECT sum((metrics->>'$.accuracy')::DOUBLE) FROM runs "
        "WHERE repository = 'digits' AND statepoint->>'$.scale' = 'true'",
    )
    assert counts == [["digits", 45], ["others", 46]]
    ids = [job_id_of({"experiment_id": "E009", "seed": seed}) for seed in range(3)]
    assert sorted(map(tuple, packed)) == sorted(
        zip(ids, ("failed", "stopped", "complete"), strict=True)
    )
    assert [row[1:] for row in retracted] == [[["the validation split leaked"], ["F002"]]]
    assert len(best) == 5
    assert best[0][4] == 0.987
    assert numbers == [[4.5]]
