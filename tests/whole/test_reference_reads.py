"""What passes here passes agentic-experiments: it reads findings and ledgers with the new keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from evidence import VALIDATED, Built
from reference import reference_python, run_reference

from pytest_aexp.validate import validate_repo

pytestmark = pytest.mark.slow

_SCRIPT = """
import json, sys
from aexp.validate import validate_repo

for line in open("repositories.json"):
    name, strict, root = json.loads(line)
    result = validate_repo(root, mode="runs-only", strict_runs=strict)
    print(json.dumps([name, [[issue.code, issue.message] for issue in result.errors]]))
"""


def built(case: dict[str, Any], parent: Path) -> Path | None:
    """The repository of a case; None if it does not pass."""
    parent.mkdir()
    root = Built(case, parent).root
    return root if validate_repo(root, strict_runs=case["strict_runs"]).ok else None


def test_agentic_experiments_passes_what_passes_here(tmp_path: Path) -> None:
    roots = {case["name"]: built(case, tmp_path / case["name"]) for case in VALIDATED}
    passed = [case for case in VALIDATED if roots[case["name"]] is not None]
    assert len(passed) > 40
    lines = (
        json.dumps([case["name"], case["strict_runs"], str(roots[case["name"]])]) for case in passed
    )
    (tmp_path / "repositories.json").write_text("\n".join(lines), encoding="utf-8")
    printed = run_reference(reference_python(), tmp_path, _SCRIPT)
    refused = dict(json.loads(line) for line in printed.splitlines() if line.startswith("["))
    assert len(refused) == len(passed)
    # It asks a link of each run in the store, cited or not; that is no matter of findings.
    codes = {
        name: {code for code, _ in errors} - {"run.orphan"} for name, errors in refused.items()
    }
    assert {name: found for name, found in codes.items() if found} == {}
