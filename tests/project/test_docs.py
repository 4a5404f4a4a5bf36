"""Every block of the documents does what it says: commands run, settings load, code works."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
from commands import understood
from pages import (
    FULL,
    PAGES,
    ROOT,
    SCENES,
    evaluate_console,
    examples,
    fences,
    mlflow_stand_in,
    one_digit_wrong,
    paper,
    place,
    run_shell,
    text_of,
    wandb_stand_in,
)
from repositories import add_entry, new_repository, write
from ruamel.yaml import YAML
from shelllines import commands_in

import pytest_aexp
from pytest_aexp.cli import main
from pytest_aexp.ground.settings.configuration import parse_configuration

if TYPE_CHECKING:
    from sybil import Example

pytestmark = pytest.mark.tree

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HOOKS = [hook["id"] for hook in YAML(typ="safe").load(ROOT / ".pre-commit-hooks.yaml")]


def by_page(found: list[Example]) -> dict[str, list[Example]]:
    return {page: list(each) for page, each in groupby(found, lambda e: place(e).split(":")[0])}


CONSOLES = by_page(examples({"console": evaluate_console}))


@pytest.mark.parametrize("page", CONSOLES)
def test_what_a_page_shows_of_a_terminal_is_what_one_sees(page: str, repo: Path) -> None:
    SCENES.get(page, paper)(repo)
    for example in CONSOLES[page]:
        example.namespace["repo"] = repo
        example.evaluate()


def test_a_picture_of_a_terminal_that_is_not_so_would_be_seen(repo: Path) -> None:
    example = CONSOLES["docs/cli.md"][0]
    example.namespace["repo"] = repo
    one_digit_wrong(repo)
    with pytest.raises(AssertionError, match="1 finding, 2 citations"):
        example.evaluate()


def test_every_block_is_of_a_language_that_is_tried_here() -> None:
    languages = {
        *("console", "sh", "toml", "yaml", "json", "python", "markdown"),
        # nothing but files as they lie there; test_docs_codes has those of the codes
        "text",
        # tests/whole/test_duckdb.py runs it
        "sql",
    }
    strange = [
        f"{page}:{line}: {language}"
        for page in PAGES
        for line, language in fences(page)
        if language not in languages
    ]
    assert strange == []


def test_sybil_finds_every_fence() -> None:
    every = {language for page in PAGES for _, language in fences(page)}
    found = examples(dict.fromkeys(every, evaluate_console))
    assert len(found) == sum(1 for page in PAGES for _ in fences(page))


def of(language: str) -> list[Any]:
    found = examples({language: evaluate_console})
    return [pytest.param(str(each.parsed), id=place(each)) for each in found]


@pytest.mark.parametrize("block", of("text"))
def test_what_is_typed_stands_where_it_is_run(block: str) -> None:
    assert not re.search(r"^\$ ", block, flags=re.MULTILINE)


@pytest.mark.parametrize("block", of("sh"))
def test_what_a_page_says_to_type_can_be_typed(block: str, pytester: pytest.Pytester) -> None:
    subprocess.run(["bash", "-n"], input=block, text=True, check=True)
    check_commands(block, pytester)


@pytest.mark.parametrize(
    "line",
    [
        "aexp valdate",
        "aexp validate --strict",
        "pytest --aexp-strict-runs=maybe",
        "pip install 'pytest-aexp[nothing]'",
        "git comit",
        "make nothing",
        "pre-commit run aexp-nothing",
        "aexp-findings --nothing",
        "unheard-of",
        "cd a && aexp nothing",
    ],
)
def test_what_cannot_be_typed_would_be_seen(line: str, pytester: pytest.Pytester) -> None:
    with pytest.raises((ValueError, AssertionError, pytest.UsageError)):
        check_commands(line, pytester)


def check_commands(block: str, pytester: pytest.Pytester) -> None:
    for words in commands_in(block):
        check_command(words, pytester)


def check_command(words: list[str], pytester: pytest.Pytester) -> None:
    program, *arguments = words
    if program == "aexp":
        understood(shlex.join(words))
    elif program == "pytest":
        pytester.parseconfig(*arguments)
    elif program == "pip":
        check_pip(arguments)
    elif program == "git":
        assert arguments[0] in run_shell("git --list-cmds=main", pytester.path).split()
    elif program == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
        assert arguments[0] in targets
    elif program == "pre-commit":
        hooks = [word for word in arguments if word.startswith("aexp-")]
        assert set(hooks) <= set(HOOKS)
    elif program in HOOKS:
        output = run_shell(f"{program} --help", pytester.path)
        assert all(word in output for word in arguments)
    else:
        assert program in {"cd", "cp", "echo", "mkdir", "python"}, f"who knows what {program} does?"


def check_pip(arguments: list[str]) -> None:
    extras = {extra for word in arguments for extra in re.findall(r"^pytest-aexp\[(.+)\]", word)}
    named = {name for joined in extras for name in joined.split(",")}
    assert named <= set(PROJECT["project"]["optional-dependencies"])


@pytest.mark.parametrize("block", of("toml"))
def test_every_block_of_settings_is_accepted(block: str, pytester: pytest.Pytester) -> None:
    table = tomllib.loads(block)
    assert "aexp" not in table.get("tool", {}) or parse_configuration(block.encode())
    pytester.makepyprojecttoml(block)
    config = pytester.parseconfig("--strict-config")
    ini = table.get("tool", {}).get("pytest", {})
    for name in (*ini.get("ini_options", {}), *(key for key in ini if key != "ini_options")):
        config.getini(name)


@pytest.mark.parametrize("block", of("yaml"))
def test_yaml_is_what_its_reader_takes(block: str, pytester: pytest.Pytester) -> None:
    content = YAML(typ="safe").load(block)
    for script in scripts(content):
        check_commands(re.sub(r"\$\{\{.*?\}\}", "main", script), pytester)
    if isinstance(content, dict) and "repos" in content:
        ours = [each for each in content["repos"] if each["repo"].endswith("/pytest-aexp")]
        hooks = [hook for source in ours for hook in source["hooks"]]
        assert {hook["id"] for hook in hooks} <= set(HOOKS)
        return
    schema = None
    if isinstance(content, list) and all({"run", "uses"} & set(step) for step in content):
        content = {"on": "push", "jobs": {"a": {"runs-on": "ubuntu-latest", "steps": content}}}
        schema = "vendor.github-workflows"
    elif isinstance(content, dict) and "jobs" in content:
        schema = "vendor.github-workflows"
    elif isinstance(content, dict) and any(
        isinstance(job, dict) and "script" in job for job in content.values()
    ):
        schema = "vendor.gitlab-ci"
    if schema is None:
        keys = {key.casefold() for key in content}
        assert keys & {"supporting_runs", "builds_on"}
        assert keys <= {"supporting_runs", "builds_on", "experiment", "id", "retracted"}
        return
    path = write(pytester.path, "file.json", json.dumps(content))
    command = f"check-jsonschema --builtin-schema {schema} {path.name}"
    assert run_shell(command, pytester.path).startswith("ok")


def scripts(content: Any) -> Iterator[str]:
    """What is run in a shell, however deep in the settings of a CI system it stands."""
    inner = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in inner:
        if key in {"run", "script", "before_script", "after_script"}:
            yield value if isinstance(value, str) else "\n".join(value)
        elif isinstance(value, dict | list):
            yield from scripts(value)


def test_scripts_are_found_wherever_they_stand() -> None:
    content = {"jobs": {"a": {"steps": [{"run": "x"}, {"uses": "b"}]}}, "c": {"script": ["y", "z"]}}
    assert list(scripts(content)) == ["x", "y\nz"]


@pytest.mark.parametrize("block", of("json"))
def test_json_is_what_it_claims_to_be(block: str, repo: Path) -> None:
    content = json.loads(block)
    if "schema_version" in content and "job_id" in content:
        write(repo, f".aexp/ledger/{content['job_id']}.json", block)
        assert main(["ledger", "check"]) == 0
    elif "json.schemas" in content:
        check_association(content["json.schemas"])
    else:
        assert {"job_id", "statepoint", "retracts"} & set(content)


def check_association(associations: list[dict[str, Any]]) -> None:
    """An editor finds the schema of each kind of file where the page says to copy it."""
    chosen = {
        path: [
            association["url"]
            for association in associations
            for pattern in association["fileMatch"]
            if PurePosixPath(path).match(pattern)
        ]
        for path in (f"/.aexp/ledger/{'a' * 32}.json", "/.aexp/runs-index/cluster.json")
    }
    assert list(chosen.values()) == [
        ["./.vscode/ledger-entry.schema.json"],
        ["./.vscode/runs-index.schema.json"],
    ]


def test_the_schemas_are_copied_to_where_the_editor_is_told_that_they_are(tmp_path: Path) -> None:
    (commands,) = re.findall(
        r"^```sh\n(.*?)^```", text_of("docs/ledger.md"), re.DOTALL | re.MULTILINE
    )
    assert run_shell(commands, tmp_path) == ""
    for schema in (ROOT / "schemas").glob("*.schema.json"):
        assert (tmp_path / ".vscode" / schema.name).read_bytes() == schema.read_bytes()


def test_each_name_of_the_old_package_is_where_the_page_says() -> None:
    rows = re.findall(
        r"^\| (`.+`) \| `(pytest_aexp\.\w+)` \|$", text_of("docs/migration.md"), re.MULTILINE
    )
    named = {name: module for names, module in rows for name in re.findall(r"`(\w+)`", names)}
    assert len(named) == 22
    for name, module in named.items():
        assert getattr(pytest_aexp, name) is getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("block", of("markdown"))
def test_a_finding_that_is_shown_holds(
    block: str, repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for statepoint in FULL:
        add_entry(repo, statepoint)
    write(repo, "kb/research/findings/F004-shown.md", block)
    assert main(["validate"]) == 0
    assert "no problems" in capsys.readouterr().out


@pytest.mark.parametrize("block", of("python"))
def test_every_block_of_python_runs(
    block: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", wandb_stand_in())
    monkeypatch.setitem(sys.modules, "mlflow", mlflow_stand_in())
    new_repository(pytester.path)
    paper(pytester.path)
    if "def test_" in block:
        path = pytester.makepyfile(block)
        pytester.runpytest_inprocess(path).assert_outcomes(passed=block.count("def test_"))
        return
    before = set(pytester.path.glob(".aexp/ledger/*.json"))
    exec(compile(block, "page", "exec"), {})
    written = set(pytester.path.glob(".aexp/ledger/*.json")) - before
    assert len(written) == block.count("run_lifecycle(")
    assert main(["ledger", "check"]) == 0


def test_what_the_export_of_wandb_prints_can_be_imported(
    repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", wandb_stand_in())
    (block,) = re.findall(
        r"^```python\n(import json\nimport wandb.*?)^```",
        text_of("docs/importing.md"),
        re.DOTALL | re.MULTILINE,
    )
    assert len(block.strip().splitlines()) == 10
    exec(compile(block, "page", "exec"), {})
    write(repo, "wandb.jsonl", capsys.readouterr().out)
    assert main(["import", "jsonl", "wandb.jsonl", "--experiment", "E005"]) == 0
    (entry,) = (json.loads(path.read_bytes()) for path in repo.glob(".aexp/ledger/*.json"))
    assert entry["statepoint"] == {"experiment_id": "E005", "seed": 1}
    assert entry["metrics"] == {"accuracy": 0.9}
    assert entry["ended_at"] == "2026-05-01T11:00:00Z"
    assert entry["code_commit"] == "a" * 40
