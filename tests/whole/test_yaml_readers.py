"""Formatters of either YAML do not change what a finding cites, and `aexp fix` settles it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from cases import problems_of
from commands import run_aexp
from repositories import add_entry, add_finding
from ruamel.yaml import YAML

from pytest_aexp.ground.yaml import nodes, values


def selected(value: str) -> str:
    return f"{{type: batch, experiment_id: E002, selector: {{x: {value}}}}}"


OPEN: dict[str, tuple[Any, Any]] = {
    "on": (True, "on"),
    "yes": (True, "yes"),
    "80:20": (4820, "80:20"),
    "010": (8, 10),
    "08": ("08", 8),
    "1e-3": (0.001, "1e-3"),
    "1.5e3": (1500.0, "1.5e3"),
    "1_000": (1000, "1_000"),
    "0o17": (15, "0o17"),
    "0b11": (3, "0b11"),
}


@pytest.mark.parametrize(("written", "read"), OPEN.items())
def test_what_readers_of_yaml_differ_in(written: str, read: tuple[Any, Any]) -> None:
    node = nodes.parse(written)
    assert isinstance(node, nodes.Scalar)
    found = values.readings(node)
    assert found == list(dict.fromkeys(read))
    assert found[0] == values.value(node)


@pytest.mark.parametrize(
    "written", ["1", "1.5", "1.0e+3", "true", "null", "text", "'on'", "2026-01-01"]
)
def test_what_they_agree_on(written: str) -> None:
    node = nodes.parse(written)
    assert isinstance(node, nodes.Scalar)
    assert values.readings(node) == [values.value(node)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("[1, on]", [1, "on"]),
        ("['1e-3', 80:20]", ["1e-3", "80:20"]),
        ("[on, 80:20]", [True, "80:20"]),
        ("{a: [off], on: 010}", {"a": ["off"], "on": 10}),
        ("\n    - on\n    - {b: 1e-3}\n", ["on", {"b": "1e-3"}]),
    ],
)
def test_values_in_lists_and_mappings(
    repo: Path, capsys: pytest.CaptureFixture[str], written: str, meant: Any
) -> None:
    add_entry(repo, {"experiment_id": "E002", "x": meant})
    item = f"\n  type: batch\n  experiment_id: E002\n  selector:\n   x: {written}"
    path = add_finding(repo, "F001-x", item.replace("\n", "\n    "))
    assert problems_of(repo) == []
    assert run_aexp(capsys, "fix")[0] == 0
    node = nodes.parse(path.read_text().split("---\n")[1])
    assert node is not None
    settled = values.value(node)["supporting_runs"][0]["selector"]["x"]
    assert settled == meant
    assert problems_of(repo) == []


def test_only_so_many_readings_are_tried() -> None:
    node = nodes.parse(f"[{', '.join(['[on, off]'] * 50)}]")
    assert node is not None
    assert len(values.readings(node)) == values.READINGS_LIMIT


@pytest.mark.parametrize("written", [name for name, (a, b) in OPEN.items() if a != b])
@pytest.mark.parametrize("which", [0, 1])
def test_the_value_that_a_run_has_is_meant_and_fix_settles_it(
    repo: Path, capsys: pytest.CaptureFixture[str], written: str, which: int
) -> None:
    meant = OPEN[written][which]
    add_entry(repo, {"experiment_id": "E002", "x": meant})
    path = add_finding(repo, "F001-x", selected(written))
    assert problems_of(repo) == []
    assert run_aexp(capsys, "fix")[0] == 0
    node = nodes.parse(path.read_text().split("x: ", 1)[1].split("}")[0])
    assert isinstance(node, nodes.Scalar)
    assert values.readings(node) == [meant]
    assert problems_of(repo) == []
    after = path.read_text()
    assert run_aexp(capsys, "fix")[0] == 0
    assert path.read_text() == after


def test_runs_of_both_values_are_an_error(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for value in (True, "on"):
        add_entry(repo, {"experiment_id": "E002", "x": value})
    path = add_finding(repo, "F001-x", selected("on"))
    (problem,) = problems_of(repo)
    assert (problem.code, problem.severity) == ("finding.broken_run_citation", "error")
    assert '`selector: {"x": true}` or `selector: {"x": "on"}`' in problem.fix
    before = path.read_text()
    run_aexp(capsys, "fix")
    assert path.read_text() == before


def test_of_several_keys_each_has_its_own_value(repo: Path) -> None:
    add_entry(repo, {"experiment_id": "E002", "x": "off", "y": 4820})
    citation = "{type: batch, experiment_id: E002, selector: {x: off, y: 80:20}}"
    add_finding(repo, "F001-x", citation.replace("80:20", "'80:20'"))
    assert [problem.code for problem in problems_of(repo)] == ["finding.empty_batch"]
    add_finding(repo, "F001-x", citation)
    assert problems_of(repo) == []


def by_yaml_11(text: str) -> str:
    """As python-frontmatter and its kind write it."""
    return yaml.safe_dump(yaml.safe_load(text))


def by_yaml_12(text: str) -> str:
    """As mdformat and its kind write it: quotes go where YAML 1.2 does not need them."""
    formatter, out = YAML(typ="rt", pure=True), io.StringIO()
    formatter.dump(formatter.load(text), out)
    return out.getvalue()


VALUES = ["off", "on", "80:20", "1e-3", "010", "y", "null", "2026-01-01", "0x1f", "1_000", "5"]


@pytest.mark.parametrize("pin", [False, True])
@pytest.mark.parametrize("rounds", [[by_yaml_11], [by_yaml_12], [by_yaml_11, by_yaml_12]])
def test_what_cite_writes_survives_every_formatter(
    repo: Path, capsys: pytest.CaptureFixture[str], rounds: list[Any], pin: bool
) -> None:
    path = add_finding(repo, "F001-x")
    for number, value in enumerate([*VALUES, True, 5, 0.001, None]):
        point = {"experiment_id": f"E{number:03}", "x": value}
        job_id = add_entry(repo, point, ended_at="2026-05-14T11:00:00Z")
        batch = ["--batch", f"E{number:03}", f"x={json.dumps(value)}"]
        options = ["--pin"] if pin else []
        assert run_aexp(capsys, "cite", "F001", *batch, *options)[0] == 0
        assert run_aexp(capsys, "cite", "F001", job_id, *options)[0] == 0
    assert problems_of(repo) == []
    for once in rounds:
        _, front, body = path.read_text().split("---\n", 2)
        path.write_text(f"---\n{once(front)}---\n{body}")
        assert problems_of(repo) == []


def test_a_run_with_neither_is_no_match(repo: Path) -> None:
    add_entry(repo, {"experiment_id": "E002", "x": 9})
    add_finding(repo, "F001-x", selected("010"))
    assert [problem.code for problem in problems_of(repo)] == ["finding.empty_batch"]


@pytest.mark.parametrize(
    ("has", "written", "becomes"),
    [
        (1, '"1"', "1"),
        (1.5, "'1.5'", "1.5"),
        ("1", "1", '"1"'),
        (True, '"true"', "true"),
        (None, "none", "null"),
        ("true", "true", '"true"'),
    ],
)
def test_fix_writes_a_value_in_the_type_that_runs_have(
    repo: Path, capsys: pytest.CaptureFixture[str], has: Any, written: str, becomes: str
) -> None:
    add_entry(repo, {"experiment_id": "E002", "x": has})
    path = add_finding(repo, "F001-x", selected(written))
    (problem,) = problems_of(repo)
    assert problem.fix.startswith("run `aexp fix`")
    before = path.read_text()
    assert run_aexp(capsys, "fix")[0] == 0
    assert path.read_text() == before.replace(f"x: {written}", f"x: {becomes}")
    assert problems_of(repo) == []


@pytest.mark.parametrize("selector", ['{x: "1", y: 3}', '{x: "1", z: 2}', "{x: '2'}"])
def test_fix_leaves_a_value_that_would_still_select_nothing(
    repo: Path, capsys: pytest.CaptureFixture[str], selector: str
) -> None:
    add_entry(repo, {"experiment_id": "E002", "x": 1, "y": 2})
    add_entry(repo, {"experiment_id": "E002", "x": 5, "y": 3})
    batch = f"{{type: batch, experiment_id: E002, selector: {selector}}}"
    path = add_finding(repo, "F001-x", batch)
    before = path.read_text()
    assert not problems_of(repo)[0].fix.startswith("run `aexp fix`")
    assert run_aexp(capsys, "fix")[0] == 0
    assert path.read_text() == before


def test_fix_does_not_choose_between_two_types(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in ("1", True):
        add_entry(repo, {"experiment_id": "E002", "x": value})
    path = add_finding(repo, "F001-x", selected("1"))
    before = path.read_text()
    assert not problems_of(repo)[0].fix.startswith("run `aexp fix`")
    assert run_aexp(capsys, "fix")[0] == 0
    assert path.read_text() == before
