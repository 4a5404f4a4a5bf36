"""The plugins that people have beside this one: findings are checked as without them."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

import pytest
from plugged import UNKNOWN, Repo
from repositories import new_repository, write

from environments import PROJECT, ROOT, make_beside

pytestmark = [pytest.mark.slow, pytest.mark.tree, pytest.mark.timeout(1800)]

# By its distribution: the name to load it by, and how it is usually called.
PLUGINS = {
    "allure-pytest": ("allure_pytest", ["--alluredir=allure"]),
    "hypothesis": ("hypothesispytest", []),
    "pytest-asyncio": ("asyncio", ["--asyncio-mode=auto"]),
    "pytest-bdd": ("pytest-bdd", ["--gherkin-terminal-reporter"]),
    "pytest-benchmark": ("benchmark", ["--benchmark-disable"]),
    "pytest-cov": ("pytest_cov", ["--cov=."]),
    "pytest-html": ("html", ["-p", "metadata", "--html=report.html"]),
    "pytest-instafail": ("instafail", ["--instafail"]),
    "pytest-mypy": ("mypy", ["--mypy"]),
    "pytest-randomly": ("randomly", ["-p", "randomly"]),
    "pytest-rerunfailures": ("rerunfailures", ["--reruns=1"]),
    "pytest-retry": ("pytest-retry", ["--retries=1"]),
    "pytest-ruff": ("ruff", ["--ruff"]),
    "pytest-split": ("pytest-split", ["--splits=1", "--group=1"]),
    "pytest-sugar": ("sugar", ["--force-sugar"]),
    "pytest-testmon": ("pytest-testmon", ["--testmon"]),
    "pytest-timeout": ("timeout", ["--timeout=60"]),
    "pytest-xdist": ("xdist", ["-n", "2"]),
    "sybil": ("", []),
    "syrupy": ("syrupy", ["--snapshot-details"]),
}
GROUP = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["dependency-groups"]["plugins"]
SYBIL = """\
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser
pytest_collect_file = Sybil([PythonCodeBlockParser()], patterns=["*.md"]).pytest()
"""
FAILED = "kb/research/findings/F004-broken.md::supporting_runs[1]"


@pytest.fixture(scope="module")
def python() -> Path:
    return make_beside(ROOT / ".venv-plugins", GROUP)


@pytest.fixture
def cited(tmp_path: Path) -> Repo:
    repo = Repo(new_repository(tmp_path / "repo"))
    write(repo.path, "tests/test_own.py", "def test_own() -> None:\n    pass\n")
    return repo


def run(python: Path, repo: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "COV_"))}
    return subprocess.run(
        [python, "-m", "pytest", "-p", "aexp", "-rf", *arguments],
        cwd=repo,
        env={**inherited, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_list_is_that_of_the_environment() -> None:
    assert set(GROUP) == set(PLUGINS)


@pytest.mark.parametrize("name", PLUGINS)
def test_beside_it_the_same_citations_fail_and_the_same_are_ok(
    python: Path, cited: Repo, name: str
) -> None:
    plugin, options = PLUGINS[name]
    if name == "sybil":
        write(cited.path, "conftest.py", SYBIL)
    done = run(python, cited.path, *(["-p", plugin] if plugin else []), *options)
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    assert "INTERNALERROR" not in output
    assert f"FAILED {FAILED}" in output.replace("FAILED  ", "FAILED ")
    assert f"run {UNKNOWN} was not found" in output
    assert "aexp: 1 finding ok, 1 failed" in output


def test_beside_all_of_them_at_once(python: Path, cited: Repo) -> None:
    # Those that only choose, repeat or replace other tests have their tests above.
    alone = {"sybil", "pytest-testmon", "pytest-benchmark", "pytest-rerunfailures", "pytest-retry"}
    names = sorted(set(PLUGINS) - alone)
    named = [word for name in names for word in ("-p", PLUGINS[name][0])]
    options = [option for name in names for option in PLUGINS[name][1]]
    done = run(python, cited.path, *named, *options)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "INTERNALERROR" not in done.stdout + done.stderr
    assert "aexp: 1 finding ok, 1 failed" in done.stdout


def test_testmon_deselects_no_finding_unseen(python: Path, cited: Repo) -> None:
    """testmon knows of no file but Python's: an entry that is deleted changes nothing to it."""
    write(cited.path, "kb/research/findings/F004-broken.md", "---\nid: F004\n---\n")
    testmon = ("-p", "pytest-testmon", "--testmon", "--aexp-strict-runs=error")
    assert run(python, cited.path, *testmon).returncode == 0
    (cited.path / f".aexp/ledger/{cited.job_id}.json").unlink()
    done = run(python, cited.path, *testmon)
    assert done.returncode == 1, done.stdout
    assert "none of 2 findings was checked" in done.stdout
