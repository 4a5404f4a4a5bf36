"""What a terminal shows and a pipe does not: colour, and tables that fit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from repositories import add_entry, add_finding, add_jobs, job, write
from terminals import in_pipe, on_terminal

from pytest_aexp.cli.output import render_table, with_progress

LIST = ("ledger", "list", "--columns", "id,status,experiment,ended,machine")
COLOUR = re.compile(r"\x1b\[\d+m")


@pytest.fixture
def broken(repo: Path) -> Path:
    add_entry(repo, {"seed": 1, "experiment_id": "E001"})
    add_finding(repo, "F001-x", job("0" * 32))
    return repo


def test_a_terminal_gets_colours_that_mean_something(broken: Path) -> None:
    shown = on_terminal(broken, "validate")
    assert re.findall(r"\x1b\[31m(.+?)\x1b\[0m", shown) == ["error", "1 error, 0 warnings"]
    assert COLOUR.sub("", shown) == in_pipe(broken, "validate")


def test_what_holds_is_green(repo: Path) -> None:
    add_finding(repo, "F001-x", job(add_entry(repo, {"seed": 1})))
    assert "\x1b[32mno problems\x1b[0m" in on_terminal(repo, "validate")


def test_no_color_is_honoured(broken: Path) -> None:
    assert on_terminal(broken, "validate", NO_COLOR="1") == in_pipe(broken, "validate")


def test_a_terminal_that_knows_nothing_gets_neither_colour_nor_a_bar(broken: Path) -> None:
    assert on_terminal(broken, "validate", TERM="dumb") == in_pipe(broken, "validate")
    add_jobs(broken, [{"statepoint": {"seed": 1}, "doc": {"status": "complete"}}])
    assert "\x1b" not in on_terminal(broken, "ledger", "backfill", TERM="dumb")


def test_an_empty_no_color_says_nothing(broken: Path) -> None:
    assert COLOUR.search(on_terminal(broken, "validate", NO_COLOR=""))


@pytest.mark.parametrize("format_name", ["json", "github", "gitlab", "sarif"])
def test_what_programs_read_has_no_colour_on_a_terminal_either(
    broken: Path, format_name: str
) -> None:
    assert not COLOUR.search(on_terminal(broken, "validate", "--format", format_name))


def test_each_place_can_be_clicked_for_no_colour_cuts_it(broken: Path) -> None:
    first, following = on_terminal(broken, "validate").splitlines()[:2]
    assert first.startswith("\x1b[2mkb/research/findings/F001-x.md:4:21\x1b[0m: ")
    assert first.endswith("\x1b[2m[finding.broken_run_citation]\x1b[0m")
    # The line to act on is the brightest.
    assert following.startswith("    \x1b[1mnext: ")


@pytest.mark.parametrize("columns", [60, 200])
def test_a_table_fits_the_terminal(repo: Path, columns: int) -> None:
    add_entry(repo, {"seed": 1}, registered_machine="m" * 60)
    lines = on_terminal(repo, *LIST, columns=columns).splitlines()
    assert len(lines) == 2
    assert max(map(len, lines)) <= columns
    assert lines[1].endswith("…") == (columns == 60)


@pytest.mark.parametrize(
    ("columns", "length"), [(200, 32), (85, 32), (84, 8), (80, 8), (61, 8), (60, 8)]
)
def test_where_a_table_does_not_fit_the_ids_are_shortened(
    repo: Path, columns: int, length: int
) -> None:
    ids = [
        add_entry(
            repo,
            {"seed": seed, "experiment_id": "E001"},
            ended_at="2026-02-01T00:00:00Z",
            registered_machine="cluster",
        )
        for seed in (1, 2)
    ]
    lines = on_terminal(repo, *LIST, columns=columns).splitlines()[:-1]
    assert sorted(line.split()[0] for line in lines[1:]) == sorted(each[:length] for each in ids)
    assert max(map(len, lines)) <= columns
    assert all(line.endswith("cluster") == (columns != 60) for line in lines[1:])


def test_a_short_id_is_of_one_run_of_the_whole_ledger(repo: Path) -> None:
    job_id = add_entry(repo, {"seed": 1, "experiment_id": "E001"}, registered_machine="m" * 60)
    near = f"{job_id[:11]}{'0' if job_id[11] != '0' else '1'}{job_id[12:]}"
    write(repo, f".aexp/ledger/{near}.json", "damaged")
    line = on_terminal(repo, *LIST).splitlines()[-1]
    assert line.split()[0] == job_id[:12]


def test_in_a_pipe_a_table_is_whole(repo: Path) -> None:
    add_entry(repo, {"seed": 1}, registered_machine="m" * 300)
    assert "m" * 300 in in_pipe(repo, *LIST)


def test_columns_are_aligned_and_hostile_cells_stay_on_their_line() -> None:
    assert render_table(("a", "b"), [("long one", "x"), ("y\n", "\x1b[2J")]) == (
        "a         b\nlong one  x\ny\\x0a     \\x1b[2J\n"
    )


def test_long_work_shows_progress_on_a_terminal_and_none_in_a_pipe(repo: Path) -> None:
    jobs = [{"statepoint": {"seed": seed}, "doc": {"status": "complete"}} for seed in range(3)]
    add_jobs(repo, jobs)
    shown = on_terminal(repo, "ledger", "backfill")
    assert "] 3/3 runs" in shown
    # The bar is gone when the work is done.
    assert shown.rpartition("] 3/3 runs")[2].startswith("\r\x1b[K")
    assert in_pipe(repo, "ledger", "backfill") == (
        "0 runs promoted, 3 already there, 0 unfinished\n"
    )


def test_a_bar_is_for_a_terminal_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(with_progress(range(3), 3, "runs")) == [0, 1, 2]
    assert capsys.readouterr().err == ""
