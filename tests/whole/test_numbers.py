"""Numbers in the text on every face, and what very many or very hostile ones cost."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from cases import ARGUMENTS
from repositories import add_entry, write

from pytest_aexp.cli import main

HEAD = "---\nid: F001\nsupporting_runs:\n  - {type: batch, experiment_id: E005}\n---\n\n"
TEXT = """\
Full context reaches 0.942<!-- = mean(accuracy) --> over 5<!-- = n() --> seeds,
with a loss of 0.07<!-- = mean(loss) -->. See 1<!-- = mean( -->.
"""
CODES = ["finding.wrong_number", "finding.unchecked_number", "finding.malformed_number"]


@pytest.fixture
def study(repo: Path) -> Path:
    for seed, accuracy in enumerate((0.9349, 0.9312, 0.9288, 0.9331, 0.9345)):
        add_entry(repo, {"experiment_id": "E005", "seed": seed}, metrics={"accuracy": accuracy})
    write(repo, "kb/research/findings/F001-x.md", HEAD + TEXT)
    return repo


def test_the_command_reports_each_number_at_its_place(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", "--format", "json"]) == 1
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert [(p["code"], p["line"], p["column"]) for p in problems] == [
        (CODES[0], 7, 22),
        (CODES[1], 8, 16),
        (CODES[2], 8, 61),
    ]


@pytest.mark.parametrize("form", ["github", "sarif", "gitlab"])
def test_other_formats_carry_the_codes(
    form: str, study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["validate", "--format", form])
    out = capsys.readouterr().out
    assert all(code in out for code in CODES)


def test_pytest_has_an_item_for_each_comment(
    study: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.chdir(study)
    options = ("--aexp", f"--rootdir={study}", f"--junitxml={study}/result.xml", *ARGUMENTS)
    result = pytester.runpytest_inprocess(*options, "kb", "-rA")
    result.assert_outcomes(passed=4, failed=2, warnings=1)
    result.stdout.fnmatch_lines(
        [
            "*number[[]0[]]*",
            "0.942 does not follow from its runs: *[[]finding.wrong_number[]]",
            "  at *F001-x.md:7:22",
            "  next: write 0.932 or 0.933, or correct the expression",
            "*number[[]3[]]*",
        ],
    )
    xml = (study / "result.xml").read_text()
    assert all(f'name="code" value="{code}"' in xml for code in CODES)
    one = pytester.runpytest_inprocess(*options, "kb/research/findings/F001-x.md::number[1]", "-q")
    one.assert_outcomes(passed=1)


@pytest.mark.slow
def test_ten_thousand_numbers_in_a_thousand_findings(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in range(50):
        metrics = {"accuracy": 0.9 + seed / 1000, "loss": 0.1}
        point = {"experiment_id": f"E{seed // 5:03}", "seed": seed}
        add_entry(repo, point, metrics=metrics)
    claims = (
        "Mean 0.9<!-- = mean(accuracy) --> of 5<!-- = n() --> runs, sd 0.0<!-- = sd(loss) -->.\n"
    )
    times = []
    for text in ("Nothing is claimed here.\n", claims):
        for number in range(1000):
            head = HEAD.replace("E005", f"E{number % 10:03}")
            write(repo, f"kb/research/findings/F{number:04}-x.md", head + text * 3 + text[:34])
        started = time.process_time()
        assert main(["validate", "--format", "json"]) == 0
        times.append(time.process_time() - started)
        capsys.readouterr()
    assert times[1] - times[0] < 2


HOSTILE = {
    "products": "1" + "e400*1" * 80 + "*x",
    "roots": "+".join(["sd(x)-sd(x)"] * 16),
    "brackets": "(" * 32 + "x" + ")" * 32,
    "signs": "-" * 480 + "x",
    "quotients": "x" + "/1e-400" * 60,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_thousand_hostile_expressions_cost_little_time(
    name: str, repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in range(3):
        add_entry(repo, {"experiment_id": "E005", "seed": seed}, metrics={"x": 1.5 + seed})
    expression = HOSTILE[name].replace("x", "mean(x)") if name != "roots" else HOSTILE[name]
    text = "".join(f"{number}<!-- = {expression} -->\n" for number in range(1000))
    write(repo, "kb/research/findings/F001-x.md", HEAD + text)
    started = time.process_time()
    assert main(["validate"]) == 1
    assert time.process_time() - started < 10
    assert "Traceback" not in capsys.readouterr().out
