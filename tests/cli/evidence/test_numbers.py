"""``aexp numbers`` as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import add_entry, write

from pytest_aexp.cli import main

PATH = "kb/research/findings/F002-x.md"
HEAD = "---\nid: F002\nsupporting_runs:\n  - {type: batch, experiment_id: E005}\n---\n\n"


@pytest.fixture
def study(repo: Path) -> Path:
    for seed, accuracy in enumerate((0.9349, 0.9312, 0.9288, 0.9331, 0.9345)):
        add_entry(repo, {"experiment_id": "E005", "seed": seed}, metrics={"accuracy": accuracy})
    return repo


def test_each_number_is_shown_with_its_value_and_runs(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(study, PATH, HEAD + "Mean 93.2 %<!-- = mean(accuracy) -->, 5<!-- = n() --> seeds.\n")
    write(study, PATH.replace("F002", "F003"), HEAD + "No numbers.\n")
    assert main(["numbers"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == PATH
    assert lines[1].startswith("  7:6: 93.2 % = mean(accuracy) = 0.9325 (5 runs: ")
    assert lines[2].startswith("  7:39: 5 = n() = 5 (5 runs: ")
    assert len(lines) == 3


def test_what_is_wrong_is_shown_below_it(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        study,
        PATH,
        HEAD + "0.942<!-- = mean(accuracy) -->, 0,5<!-- = n() -->, 1<!-- = mean(x) -->\n",
    )
    assert main(["numbers", "F002"]) == 1
    out = capsys.readouterr().out
    assert "error: 0.942 does not follow" in out
    assert 'error: the number "0,5" has a decimal comma' in out
    assert "warning: 1 cannot be checked" in out
    assert "next: write 0.932 or 0.933" in out


def test_write_shows_the_change_and_changes_nothing_else(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = HEAD + "Über 0.942<!-- = mean(accuracy) --> of 6<!-- = n() -->;\r\n1.5 < 2\n"
    (study / PATH).parent.mkdir(parents=True)
    (study / PATH).write_bytes(text.encode())
    other = HEAD + "0.1<!-- = mean(accuracy) -->\n"
    write(study, PATH.replace("F002", "F003"), other)
    assert main(["numbers", "F002", "--write"]) == 0
    out = capsys.readouterr().out
    assert "-Über 0.942<!-- = mean(accuracy) --> of 6<!-- = n() -->;" in out
    assert "+Über 0.933<!-- = mean(accuracy) --> of 5<!-- = n() -->;" in out
    expected = text.replace("0.942", "0.933").replace("6<", "5<")
    assert (study / PATH).read_bytes() == expected.encode()
    assert (study / PATH.replace("F002", "F003")).read_text() == other
    assert main(["validate", "F002"]) == 0


def test_write_leaves_alone_what_only_the_author_can_tell(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = HEAD + (
        "93.2<!-- = mean(accuracy) -->, p < 0.9<!-- = mean(accuracy) -->, 0,5<!-- = n() -->, "
        "1<!-- = mean(loss) -->, 0<!-- = 1 / (n() - 5) -->\n"
    )
    write(study, PATH, text)
    assert main(["numbers", "F002", "--write"]) == 1
    assert (study / PATH).read_text() == text
    assert "next: write `93.2 %`" in capsys.readouterr().out


def test_write_needs_a_finding(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["numbers", "--write"]) == 2
    assert "name it" in capsys.readouterr().err


def test_write_refuses_a_link(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(study, "real.md", HEAD + "6<!-- = n() -->\n")
    (study / PATH).parent.mkdir(parents=True, exist_ok=True)
    (study / PATH).symlink_to("../../../real.md")
    assert main(["numbers", "F002", "--write"]) == 2
    assert "is a link" in capsys.readouterr().err
