"""A script written for agentic-experiments works with nothing but its imports changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from reference import reference_python, run_reference
from repositories import add_finding, batch, job

import pytest_aexp
from pytest_aexp import (
    citation_warning,
    install,
    ledger,
    ledger_mapping,
    linking,
    runs,
    runs_index,
    validate,
)
from pytest_aexp.ground import errors, repository


@pytest.fixture
def installed(repo: Path) -> Path:
    install.install_scaffold(repo, machine_label="cluster")
    return repo


def test_a_script_for_agentic_experiments_runs_unchanged(installed: Path) -> None:
    run = runs.create_run(
        experiment_id="E001",
        hypothesis_id="H001",
        statepoint={"condition": "full", "seed": 1},
        repo_root=installed,
        include_commit=False,
    )
    assert run.doc["status"] == "created"
    with runs.run_lifecycle(run) as job_:
        assert job_.doc["status"] == "running"
    other = runs.create_run(
        experiment_id="E001", statepoint={"condition": "none"}, repo_root=installed
    )
    runs.mark_status(other, "failed", set_ended_at=True)
    assert {each.id for each in runs.find_runs(experiment_id="E001")} == {run.id, other.id}
    assert [each.id for each in runs.find_runs(status="failed")] == [other.id]
    assert [each.id for each in runs.find_runs(experiment_id="E001", condition="full")] == [run.id]
    assert runs.open_run(run.id, repo_root=installed).id == run.id
    assert runs.get_run_store(installed).path == str(installed / ".runs")
    assert runs.init_run_store(installed).path == str(installed / ".runs")
    assert runs.TERMINAL_STATUSES == ("complete", "failed", "abandoned", "stopped")

    linked = linking.link_to_experiment(other.id, experiment_id="E002", repo_root=installed)
    assert linked.doc["aexp"]["experiment_id"] == "E002"
    entry = ledger.load_ledger_entry(installed, other.id)
    assert entry is not None
    assert entry["run_link"]["experiment_id"] == "E002"


def test_scripts_of_the_reference_write_the_ledger_unchanged(installed: Path) -> None:
    run = runs.create_run(
        experiment_id="E001", statepoint={"seed": 1}, repo_root=installed, include_commit=False
    )
    with pytest.raises(ValueError, match="has not finished"):
        ledger.project_to_ledger_entry(run)
    with pytest.raises(ValueError, match="has not finished"):
        ledger.promote_to_ledger(run)
    runs.mark_status(run, "complete")
    path = ledger.ledger_path(installed, run.id)
    assert path == installed / ledger.LEDGER_DIR_REL / f"{run.id}.json"
    assert ledger.promote_to_ledger(run, repo_root=installed) == path
    projected = ledger.project_to_ledger_entry(run, machine_label="laptop")
    assert projected["registered_machine"] == "laptop"
    assert projected["schema_version"] == ledger.SCHEMA_VERSION == 1
    assert ledger.list_ledger_job_ids(installed) == {run.id}
    assert ledger.load_ledger_entry(installed, "0" * 32) is None
    assert ledger.load_ledger_entry(installed, "../../etc/passwd") is None
    assert ledger.backfill_ledger(installed) == (0, 1)
    path.unlink()
    assert ledger.backfill_ledger(installed, machine_label="m", overwrite=True) == (1, 0)
    assert json.loads(path.read_text())["registered_machine"] == "m"


def test_scripts_of_the_reference_write_a_machine_index_unchanged(installed: Path) -> None:
    run = runs.create_run(experiment_id="E001", statepoint={"condition": "a"}, repo_root=installed)
    runs.mark_status(run, "complete")
    index = runs_index.build_index(installed)
    assert [each["job_id"] for each in index["entries"]] == [run.id]
    path = runs_index.export_index(installed)
    assert path == installed / runs_index.INDEX_DIR_REL / "cluster.json"
    assert runs_index.SCHEMA_VERSION == 1
    assert runs_index.load_all_indexes(installed)["cluster"]["entries"] == index["entries"]
    known = runs_index.collect_known_elsewhere(installed)
    assert known[run.id]["ledger_machine"] == "cluster"


def test_scripts_of_the_reference_validate_unchanged(installed: Path) -> None:
    run = runs.create_run(experiment_id="E001", statepoint={"condition": "a"}, repo_root=installed)
    runs.mark_status(run, "complete")
    add_finding(installed, "F001-x", job(run.id), batch("E001", "{condition: a}"))
    assert validate.validate_repo(installed).ok
    assert validate.validate_repo(installed, mode="runs-only").ok
    with pytest.raises(ValueError, match="only runs are judged"):
        validate.validate_repo(installed, mode="kb-only")  # type: ignore[arg-type]
    add_finding(installed, "F002-x", job("0" * 32))
    result = validate.validate_repo(installed, strict_runs="error")
    assert not result.ok
    (issue,) = result.errors
    assert issue.code == "finding.broken_run_citation"
    assert issue.severity == "error"
    assert issue.path == "kb/research/findings/F002-x.md"
    assert "was not found" in issue.message
    assert result.issues == [*result.errors, *result.warnings]
    result = validate.validate_repo(installed, strict_runs="warn")
    assert result.ok
    assert [each.severity for each in result.warnings] == ["warning"]
    assert validate.validate_repo(installed, strict_runs="off").issues == []
    assert set(validate.StrictRuns.__args__) == {"error", "warn", "off"}


def test_the_names_at_the_top_are_those_of_the_modules() -> None:
    everything = (
        *(install, ledger_mapping, linking, runs, validate, repository),
        citation_warning,
    )
    for name in pytest_aexp.__all__:
        found = [vars(module)[name] for module in everything if name in vars(module)]
        assert found, name
        assert all(getattr(pytest_aexp, name) is each for each in found)
    with pytest.raises(AttributeError, match="no attribute 'run_queue'"):
        _ = pytest_aexp.run_queue  # type: ignore[attr-defined]


def test_the_label_and_the_block(installed: Path) -> None:
    assert pytest_aexp.read_machine_label(installed) == "cluster"
    text = (installed / ".gitignore").read_text()
    assert "!.aexp/ledger/" in text
    merged = install.block_merge_gitignore("*.pyc\n", "a\n")
    assert install.block_merge_gitignore(merged, "a\n") == merged
    assert merged.startswith("*.pyc\n")


def test_exceptions_are_caught_where_those_of_the_package_it_replaces_were() -> None:
    assert issubclass(repository.RepositoryNotFound, RuntimeError)
    assert issubclass(errors.AmbiguousRun, runs.RunNotFound)
    assert issubclass(runs.RunNotFound, LookupError)
    assert issubclass(runs.RunStoreNotInitialized, RuntimeError)


def test_a_result_is_the_list_of_its_issues_too(installed: Path) -> None:
    add_finding(installed, "F001-x", job("0" * 32), job("1" * 32))
    result = validate.validate_repo(installed, strict_runs="error")
    assert len(result) == 2
    assert list(result) == result.issues
    (installed / "kb/research/findings/F001-x.md").unlink()
    assert validate.validate_repo(installed), "no issue is not no result"


@pytest.mark.slow
def test_the_typed_dictionaries_have_the_keys_of_the_package_it_replaces(tmp_path: Path) -> None:
    code = """
import json
from PACKAGE import ledger, runs_index
kinds = (ledger.LedgerEntry, runs_index.IndexEntry, runs_index.IndexFile)
print(json.dumps([sorted(kind.__annotations__) for kind in kinds]))
"""
    theirs = json.loads(
        run_reference(reference_python(), tmp_path, code.replace("PACKAGE", "aexp"))
    )
    kinds = (ledger.LedgerEntry, runs_index.IndexEntry, runs_index.IndexFile)
    for kind, known in zip(kinds, theirs, strict=True):
        assert set(known) <= set(kind.__annotations__)
