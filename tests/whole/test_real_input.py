"""A repository that the real agentic-experiments made: all its citations hold, and faults show."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from reference import reference_python, reference_validates, run_reference
from repositories import git, job, new_repository, write

from pytest_aexp.cli import main
from pytest_aexp.ledger import backfill_ledger

pytestmark = pytest.mark.slow

MAKE = """
import json
from pathlib import Path
import aexp
from aexp.runs import create_run, mark_status, run_lifecycle

aexp.install_scaffold(".", machine_label="cluster")
aexp.new_hypothesis(title="Context helps", repo_root=".")
aexp.new_experiment(title="Full against none", hypothesis_id="H001", repo_root=".")
ids = {}
for status in ("complete", "failed", "abandoned", "stopped"):
    run = create_run(experiment_id="E001", hypothesis_id="H001",
                     statepoint={"condition": status, "seed": 1, "lr": 0.1, "tags": ["ü", None]})
    mark_status(run, status)
    ids[status] = run.id
run = create_run(experiment_id="E001", statepoint={"condition": "lifecycle"})
with run_lifecycle(run):
    run.doc["loss"] = 0.5
ids["lifecycle"] = run.id
run = create_run(experiment_id="E001", statepoint={"condition": "unlinked"}, include_commit=False)
mark_status(run, "complete")
aexp.link_to_experiment(run.id, experiment_id="E001", hypothesis_id="H001", repo_root=".")
ids["linked"] = run.id
run = create_run(experiment_id="E001", statepoint={"condition": "going"})
run.doc["status"] = "running"
ids["running"] = run.id
from aexp.ledger import backfill_ledger
backfill_ledger(".", overwrite=True)
for number in (1, 2):
    aexp.new_finding(title=f"It held {number}", hypothesis_id="H001", experiment_id="E001",
                     repo_root=".")
print(json.dumps(ids))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The repository and its job ids; copied by whoever changes it."""
    repo = new_repository(tmp_path_factory.mktemp("real") / "repo")
    git(repo, "commit", "-q", "--allow-empty", "-m", "start")
    ids = json.loads(run_reference(reference_python(), repo, MAKE).splitlines()[-1])
    cited = {name: job(job_id) for name, job_id in ids.items() if name != "running"}
    for name in ("failed", "abandoned"):
        cited[name] = cited[name].replace("}", ", accept: [failed_run]}")
    cite(repo, "F001", *cited.values())
    return repo, ids


@pytest.fixture
def real(
    made: tuple[Path, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, dict[str, str]]:
    repo = tmp_path / "repo"
    shutil.copytree(made[0], repo, symlinks=True)
    monkeypatch.chdir(repo)
    return repo, made[1]


def cite(repo: Path, finding: str, *citations: str) -> None:
    """Add citations to a finding that the reference wrote."""
    (path,) = (repo / "kb/research/findings").glob(f"{finding}-*.md")
    cited = "".join(f"  - {citation}\n" for citation in citations)
    text = path.read_text(encoding="utf-8")
    text = text.replace("tags: []\n", f"tags: []\nsupporting_runs:\n{cited}")
    path.write_text(text, encoding="utf-8")


def reported(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[str, str]]:
    status = main(["validate", "--format", "json", *arguments])
    document = json.loads(capsys.readouterr().out)
    assert status == (0 if document["ok"] else 1)
    return [(problem["severity"], problem["code"]) for problem in document["problems"]]


def test_every_citation_holds(real, capsys: pytest.CaptureFixture[str]) -> None:
    assert reported(capsys) == []


def test_batches_of_promoted_runs_have_no_problems(
    real, capsys: pytest.CaptureFixture[str]
) -> None:
    repo, _ = real
    cite(
        repo,
        "F002",
        "{type: batch, experiment_id: E001, selector: {condition: complete, seed: 1}}",
        "{type: batch, experiment_id: E001, selector: {tags: [ü, null]}, accept: failed_run}",
        "{type: batch, experiment_id: E001, accept: failed_run}",
    )
    assert reported(capsys) == []


def test_a_broken_an_unpushed_and_a_damaged_one_each_give_their_code(
    real, capsys: pytest.CaptureFixture[str]
) -> None:
    repo, ids = real
    ledger = repo / ".aexp/ledger"
    (ledger / f"{ids['failed']}.json").unlink()
    damaged = ledger / f"{ids['stopped']}.json"
    damaged.write_text(damaged.read_text().replace('"seed": 1', '"seed": 2'))
    cite(repo, "F002", job("0" * 32), job(ids["running"]))
    assert reported(capsys) == [
        ("warning", "finding.unpromoted_run_citation"),
        ("error", "ledger.identity_mismatch"),
        ("error", "finding.broken_run_citation"),
        ("warning", "finding.unfinished_run_citation"),
    ]


def test_on_a_laptop_that_only_has_the_ledger_all_hold(
    real, capsys: pytest.CaptureFixture[str]
) -> None:
    repo, _ = real
    shutil.rmtree(repo / ".runs")
    (repo / ".aexp/installed.json").unlink()
    assert reported(capsys) == []


def test_promoting_again_changes_no_byte(real) -> None:
    repo, _ = real
    before = {path.name: path.read_bytes() for path in (repo / ".aexp/ledger").iterdir()}
    assert backfill_ledger(repo) == (0, len(before))
    assert {path.name: path.read_bytes() for path in (repo / ".aexp/ledger").iterdir()} == before


def test_the_reference_accepts_the_ledger_that_we_write(real) -> None:
    repo, ids = real
    shutil.rmtree(repo / ".aexp/ledger")
    assert backfill_ledger(repo) == (len(ids) - 1, 0)
    # What its own check says of runs that lie here is not asked: only the ledger is.
    shutil.rmtree(repo / ".runs")
    checked = reference_validates(reference_python(), repo)
    assert checked.returncode == 0, checked.stdout
    assert "0 warnings" in checked.stdout


def test_pytest_says_the_same_as_the_command(
    real, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, ids = real
    write(repo, "pytest.ini", "[pytest]\n")
    monkeypatch.chdir(repo)
    options = ("-p", "no:xdist", "-p", "no:hypothesispytest", "--aexp-strict-runs=warn")
    result = pytester.runpytest_inprocess(*options, "kb")
    result.assert_outcomes(passed=2 + len(ids) - 1)
