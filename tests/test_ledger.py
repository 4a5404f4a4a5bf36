"""The public functions that read the ledger never trust an id or a file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
import signac
from hypothesis import given, settings
from hypothesis import strategies as st
from repositories import add_jobs, job_id_of, new_repository, write

from pytest_aexp import ledger
from pytest_aexp.ground.repository import Repository
from pytest_aexp.model.runs.run_store import RunStore

DONE = {"status": "complete", "aexp": {"experiment_id": "E001"}}


def test_a_path_is_made_of_a_job_id_only(repo: Path) -> None:
    for wrong in ("../x", "A" * 32, "0" * 31, ""):
        with pytest.raises(ValueError, match="not a job id"):
            ledger.ledger_path(repo, wrong)
        assert ledger.load_ledger_entry(repo, wrong) is None


@pytest.mark.parametrize("content", ["[]", "{", "", "[" * 100_000])
def test_a_file_that_is_not_an_entry_is_read_as_none(repo: Path, content: str) -> None:
    write(repo, f".aexp/ledger/{'0' * 32}.json", content)
    assert ledger.load_ledger_entry(repo, "0" * 32) is None


def test_only_names_of_entries_are_listed(repo: Path) -> None:
    for name in ("0" * 32, "A" * 32, "README"):
        write(repo, f".aexp/ledger/{name}.json", "{}")
    assert ledger.list_ledger_job_ids(repo) == {"0" * 32}


# signac takes no dots in keys.
KEYS = st.from_regex("[a-zü_]{1,6}", fullmatch=True)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.from_regex("[a-zü_]{1,6}", fullmatch=True), inner, max_size=3)
    ),
    max_leaves=8,
)


POINTS = st.dictionaries(KEYS, JSON, max_size=5)


@settings(max_examples=40)
@given(st.lists(POINTS, min_size=1, max_size=4))
def test_reading_says_what_signac_says(points: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repo = new_repository(Path(folder))
        ids = add_jobs(
            repo, [{"statepoint": p, "doc": {"x": p, "status": "complete"}} for p in points]
        )
        store = RunStore.of(Repository.open(repo))
        assert store is not None
        project = signac.get_project(str(repo / ".runs"), search=False)
        assert store.job_ids == {job.id for job in project} == set(ids)
        for job in project:
            files = store.files(job.id)
            assert files.faults == ()
            assert files.statepoint == job.statepoint()
            assert files.document == job.doc()
            assert job_id_of(files.statepoint) == job.id
            ledger.promote_to_ledger(job, repo_root=repo)
            promoted = ledger.load_ledger_entry(repo, job.id)
            assert promoted is not None
            if "redacted" not in promoted:
                assert promoted["statepoint"] == job.statepoint()
