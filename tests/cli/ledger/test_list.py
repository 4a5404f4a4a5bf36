"""``aexp ledger list`` as it is typed."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from repositories import add_entry, entry_of, entry_text, job_id_of, write
from study import Study, reviewed_study

from pytest_aexp.cli import main

POINT = {"experiment_id": "E001", "seed": 1}


@pytest.fixture
def ids(repo: Path) -> tuple[str, str]:
    one = add_entry(repo, POINT, ended_at="2026-02-01T00:00:00Z")
    two = add_entry(
        repo,
        {"experiment_id": "E002"},
        status="failed",
        ended_at="2026-01-01T00:00:00Z",
        registered_machine="lap\x1btop",
    )
    return one, two


def test_a_table_for_people(ids, capsys: pytest.CaptureFixture[str]) -> None:
    columns = "id,status,experiment,ended,machine"
    assert main(["ledger", "list", "--columns", columns]) == 0
    heading, first, second, said = capsys.readouterr().out.splitlines()
    assert heading.split() == columns.split(",")
    assert first.split() == [ids[1], "failed", "E002", "2026-01-01T00:00:00Z", "lap\\x1btop"]
    assert second.startswith(ids[0])
    assert said == "2 runs: 1 complete, 1 failed; seed 1"


def test_entries_are_listed_as_json(ids, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "list", "--format", "json", "--experiment", "E001"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry["job_id"] == ids[0]
    assert main(["ledger", "list", "--format", "json", "--status", "failed"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry["job_id"] == ids[1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--experiment", "5"), '"5" is not an experiment id'),
        (("--experiment", "e005"), '"e005" is not an experiment id'),
        (("--experiment", ""), '"" is not an experiment id'),
    ],
)
def test_what_no_entry_can_have_is_wrong_usage(
    ids, options: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for more in ([], ["--format", "json"]):
        assert main(["ledger", "list", *options, *more]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert said in captured.err


@pytest.mark.parametrize("status", ["foo", "running", ""])
def test_a_status_that_no_entry_has_is_wrong_usage(
    status: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["ledger", "list", "--status", status])
    assert "invalid choice" in capsys.readouterr().err


def test_an_experiment_without_runs_has_no_headings_without_rows(
    ids, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "list", "--experiment", "E009"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("aexp: no run of E009 was found; next: `aexp ledger backfill`")
    assert main(["ledger", "list", "--experiment", "E009", "--format", "csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return reviewed_study(tmp_path_factory.mktemp("study"))


@pytest.fixture
def output_of(study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(study.root)

    def printed(*words: str, status: int = 0) -> str:
        assert main(["ledger", "list", *words]) == status
        captured = capsys.readouterr()
        return captured.err if status or not captured.out else captured.out

    return printed


def test_parameters_that_differ_metrics_status_and_commit(output_of, study: Study) -> None:
    lines = output_of("E001", "model=svm").splitlines()
    assert lines[0].split() == ["id", "seed", "accuracy", "status", "code_commit"]
    assert lines[1].split() == [study.svm[0], "0", "0.981", "complete", study.code[0][:10]]
    assert lines[2].split() == [study.svm[1], "1", "abandoned", study.code[0][:10]]
    assert lines[8] == "7 runs: 4 complete, 3 abandoned; 2 commits; seeds 0 to 6"


def test_the_best_run_by_a_metric(output_of) -> None:
    words = ("E003", "seed=[1,3]", "--columns", "seed,scale,accuracy", "--sort", "-accuracy")
    assert output_of(*words, "--top", "2", "--format", "markdown") == (
        "| seed | scale | accuracy |\n| --- | --- | --- |\n"
        "| 1 | false | 0.987 |\n| 3 | false | 0.985 |\n"
    )
    assert output_of(*words, "--top", "2") == (
        "seed  scale  accuracy\n1     false  0.987\n3     false  0.985\n"
        "2 runs, all complete; 1 commit; seeds 1 and 3\n"
    )


def test_csv_and_json_have_every_value_whole(output_of, study: Study) -> None:
    words = ("E002", "C=10", "--columns", "id,model,accuracy,code_commit", "--format")
    rows = list(csv.DictReader(io.StringIO(output_of(*words, "csv"))))
    assert len(rows) == 6
    assert json.loads(rows[0]["model"]) == {"gamma": 0.1, "kernel": "rbf"}
    records = json.loads(output_of(*words, "json"))
    assert records == [json.loads(line) for line in output_of(*words, "jsonl").splitlines()]
    assert records[0]["model"] == {"gamma": 0.1, "kernel": "rbf"}
    assert {record["code_commit"] for record in records} == {study.code[0]}
    assert [r["accuracy"] is None for r in records].count(True) == 1


def test_a_retracted_run_is_said_to_be_so(output_of, study: Study) -> None:
    lines = output_of("E002", "seed=0", "C=1").splitlines()
    assert lines[0].split()[-1] == "retracted"
    assert lines[1].split()[-1] == "true"
    (record,) = json.loads(output_of("retracted=true", "--format", "json"))
    assert record["retracted"] == [study.retraction]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["E001", "sed=1"], 'no run here has "sed"; did you mean "seed"?'),
        (["E001", "seed=99"], "no run has seed=99; there is seed="),
        (["E009", "seed=1"], "no run of E009 was found; next: `aexp ledger backfill`"),
        (["E009"], "no run of E009 was found; next: `aexp ledger backfill`"),
        (["E001", "seed=0", "attempt=2"], "no run has attempt=2"),
        (["E003", "scale=true", "machine=cluster"], "but no run fits all of them"),
    ],
)
def test_where_nothing_fits_the_reason_is_given(output_of, words: list[str], said: str) -> None:
    assert said in output_of(*words, "--format", "jsonl")


def test_a_commit_is_suggested_whole(output_of, study: Study) -> None:
    said = output_of("code_commit=ffff", "--format", "jsonl")
    assert all(f"code_commit={commit}" in said for commit in study.code)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--columns", "acuracy"], 'no run here has "acuracy"; did you mean "accuracy"?'),
        (["--sort", "-sede"], 'no run here has "sede"; did you mean "seed"?'),
        (["e5"], '"e5" is not an experiment id: write E005'),
        (["svm"], '"svm" is neither an experiment id such as E003 nor a condition'),
        (["ended>soon"], '"soon" is not a time; write 2026-05-01'),
    ],
)
def test_a_slip_is_wrong_usage(output_of, words: list[str], said: str) -> None:
    assert said in output_of(*words, status=2)


def test_a_damaged_entry_is_counted(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_entry(repo, POINT)
    write(repo, f".aexp/ledger/{'0' * 32}.json", "{")
    assert main(["ledger", "list", "E001", "--format", "csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(["ledger", "list", "--format", "csv"]) == 0
    warning = "1 entry cannot be used and was left out; next: aexp ledger check"
    assert warning in capsys.readouterr().err


def test_markup_in_a_value_stays_text(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_entry(repo, {**POINT, "note": "a|b <img>\n"})
    assert main(["ledger", "list", "--columns", "note", "--format", "markdown"]) == 0
    assert capsys.readouterr().out.splitlines()[2] == r"| a\|b \<img\>\\x0a |"


EXACT = ("0.12345678901234567890123", "123456789012345678901234567890", "1e400")


def test_a_number_is_written_to_its_last_digit(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("a", "b", "c")
    metrics = dict(zip(names, EXACT, strict=True))
    text = entry_text(entry_of(POINT, metrics=dict.fromkeys(names, 7)))
    for name, digits in metrics.items():
        text = text.replace(f'"{name}": 7', f'"{name}": {digits}')
    job_id = job_id_of(POINT)
    write(repo, f".aexp/ledger/{job_id}.json", text)
    citation = f"supporting_runs: [{{type: job, id: {job_id}}}]"
    write(repo, "kb/research/findings/F001-x.md", f"---\nid: F001\n{citation}\n---\n")
    for words in (["list"], ["list", "--columns", "a,b,c"]):
        for format_name in ("table", "markdown", "csv", "json", "jsonl"):
            assert main(["ledger", *words, "--format", format_name]) == 0
            out = capsys.readouterr().out
            assert [digits for digits in EXACT if digits not in out] == []
    for words in (["ledger", "show", job_id], ["evidence", "F001"]):
        for format_name in ("json", (words[0] == "ledger" and "text") or "csv"):
            assert main([*words, "--format", format_name]) == 0
            out = capsys.readouterr().out
            assert [digits for digits in EXACT if digits not in out] == []


def test_a_nan_that_an_older_writer_left_does_not_spoil_the_json(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_entry(repo, {**POINT, "lr": float("nan")})
    for format_name in ("json", "jsonl"):
        assert main(["ledger", "list", "--format", format_name]) == 0
        assert '"lr":null' in capsys.readouterr().out.replace(" ", "")


@pytest.mark.parametrize("number", ["0", "-1", "x"])
def test_a_number_of_rows_that_is_not_one_is_refused_in_words(
    number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["ledger", "list", f"--top={number}"])
    assert f'argument --top: "{number}" is not a whole number' in capsys.readouterr().err
