"""detect-secrets accepts entries as docs/pre-commit.md sets it up, and still finds secrets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from repositories import add_entry
from ruamel.yaml import YAML
from tree import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.tree]

COMMIT = "9fceb02d0ae598e95dc970b74767f19372d61af8"


def documented_arguments() -> list[str]:
    """The arguments of the hook in the page's YAML block."""
    _, _, rest = (
        (ROOT / "docs/pre-commit.md").read_text(encoding="utf-8").partition("/detect-secrets")
    )
    block = rest.partition("```yaml")[2].partition("```")[0]
    arguments: list[str] = YAML(typ="safe").load(block)["repos"][0]["hooks"][0]["args"]
    return arguments


def hook(repo: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    entries = [str(path.relative_to(repo)) for path in (repo / ".aexp/ledger").iterdir()]
    program = Path(sys.executable).with_name("detect-secrets-hook")
    return subprocess.run(
        [program, *arguments, *entries], cwd=repo, capture_output=True, text=True, check=False
    )


def test_the_documented_arguments_pass_an_entry_and_not_a_secret(repo: Path) -> None:
    add_entry(repo, {"seed": 1}, code_commit=COMMIT)
    assert hook(repo).returncode == 1
    done = hook(repo, *documented_arguments())
    assert done.returncode == 0, done.stdout
    add_entry(repo, {"note": "ghp_" + "a1B2" * 9}, code_commit=COMMIT)
    done = hook(repo, *documented_arguments())
    assert done.returncode == 1
    assert "GitHub Token" in done.stdout
