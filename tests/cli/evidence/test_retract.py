"""``aexp retract`` as it is typed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from repositories import add_entry, add_jobs, entry_of, job_id_of, write

from pytest_aexp.cli import main
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.retractions import Retractions

FINDINGS = "kb/research/findings"
BATCH = "{type: batch, experiment_id: E005, selector: {condition: full}, as: full}"


def point(seed: int) -> dict[str, Any]:
    return {"experiment_id": "E005", "condition": "full", "seed": seed}


RUN, OTHER = (entry_of(point(seed))["job_id"] for seed in (1, 2))


@pytest.fixture
def study(repo: Path) -> Path:
    """Five runs, a finding that cites them, and one that builds on it."""
    for seed in range(1, 6):
        add_entry(repo, point(seed))
    write(repo, f"{FINDINGS}/F002-x.md", f"---\nid: F002\nsupporting_runs:\n  - {BATCH}\n---\n")
    body = f"---\nid: F004\nbuilds_on: [F002]\nsupporting_runs: [{{type: job, id: {OTHER}}}]\n---\n"
    write(repo, f"{FINDINGS}/F004-y.md", body)
    return repo


def records(repo: Path) -> Retractions:
    found = Retractions.of(WorkTree(repo))
    assert found.faults == ()
    return found


def codes(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    capsys.readouterr()
    main(["validate", "--format", "json"])
    problems = json.loads(capsys.readouterr().out)["problems"]
    return [(problem["severity"], problem["code"]) for problem in problems]


def test_a_run_is_retracted_and_what_that_reaches_is_said(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--reason", "the validation split leaked", "--replaced-by", OTHER[:6]]
    assert main(["retract", RUN[:6], *words]) == 0
    out = capsys.readouterr().out
    retraction = records(study).get(RUN)
    assert retraction is not None
    (record,) = retraction.records
    assert record.reason == "the validation split leaked"
    assert retraction.replacements == (OTHER,)
    assert out.splitlines() == [
        f"retracted: run {RUN} (E005: condition=full, seed=1), record {record.record_id}",
        "  F002 cites it in a batch of 5",
        "  F004 builds on F002: at risk",
        "next: git add .aexp/ledger/retractions, commit; then for each finding:",
        f"      `aexp cite F002 --except {RUN[:8]}`, or `aexp retract F002 --reason …`",
    ]
    assert codes(capsys) == [("error", "finding.retracted_run"), ("warning", "finding.at_risk")]


def test_a_run_does_not_replace_itself(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["retract", RUN, "--reason", "leaked", "--replaced-by", RUN[:8]]) == 2
    assert "a run cannot replace itself" in capsys.readouterr().err
    assert not records(study).records


def test_mark_lands_it_green_where_findings_belong_to_others(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (study / FINDINGS / "F002-x.md").read_text()
    assert main(["retract", RUN, "--reason", "leaked", "--mark"]) == 0
    out = capsys.readouterr().out
    (record_id,) = records(study).records
    assert f"F002 cites it in a batch of 5: marked `accept: [{record_id}]`" in out
    assert f"git add .aexp/ledger/retractions {FINDINGS}, commit" in out
    after = (study / FINDINGS / "F002-x.md").read_text()
    assert after == before.replace("as: full}", f"as: full, accept: [{record_id}]}}")
    assert codes(capsys) == [("warning", "finding.retracted_run"), ("warning", "finding.at_risk")]


def test_a_finding_that_cannot_be_marked_is_named_and_the_others_are(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    merged = f"base: &base\n  supporting_runs: [{{type: job, id: {RUN}}}]\n<<: *base\n"
    write(study, f"{FINDINGS}/F001-z.md", f"---\n{merged}---\n")
    assert main(["retract", RUN, "--reason", "leaked", "--mark"]) == 0
    out, err = capsys.readouterr()
    assert f"{FINDINGS}/F001-z.md: supporting_runs is written so" in err
    assert "F002 cites it in a batch of 5: marked" in out


def test_a_run_that_is_retracted_already_is_said_to_be(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["retract", RUN, "--reason", "leaked"])
    capsys.readouterr()
    assert main(["retract", RUN, "--reason", "leaked"]) == 0
    assert "already retracted for that reason" in capsys.readouterr().out
    assert len(records(study).records) == 1
    main(["retract", RUN, "--reason", "wrong tokenizer"])
    assert len(records(study).records) == 2


def test_a_batch_is_one_record(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_jobs(study, [{"statepoint": point(9), "doc": {"status": "complete"}}])
    assert main(["retract", "--reason", "leaked", "--batch", "E005", "condition=full"]) == 0
    assert "retracted: 6 runs, record " in capsys.readouterr().out
    assert len(records(study).records) == 1
    assert len(records(study).job_ids) == 6


def test_a_batch_is_asked_for_in_the_words_of_a_list(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_jobs(study, [{"statepoint": point(s), "doc": {"status": "failed"}} for s in (9, 10)])
    words = ["seed>8", "status=failed", "seed!=[10,11]"]
    assert main(["retract", "--reason", "leaked", "--batch", "E005", *words]) == 0
    assert records(study).job_ids == {job_id_of(point(9))}
    assert main(["retract", "--reason", "leaked", "--batch", "E005", "sed=9"]) == 2
    assert 'no run here has "sed"; did you mean "seed"?' in capsys.readouterr().err


def test_what_the_ledger_redacts_is_neither_matched_nor_shown(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = {**point(9), "api_key": "x9-Secret"}
    add_jobs(study, [{"statepoint": secret, "doc": {"status": "complete"}}])
    batch = ["--reason", "leaked", "--batch", "E005"]
    for value in ("y", "x9-Secret"):
        assert main(["retract", *batch, f"api_key={value}"]) == 2
        assert "x9-Secret" not in capsys.readouterr().err.replace(f"has api_key={value}", "")


def test_what_a_batch_leaves_out_since_it_is_damaged_is_named(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = study / f".aexp/ledger/{OTHER}.json"
    path.write_text(path.read_text("utf-8").replace('"complete"', '"done"'), "utf-8")
    assert main(["retract", "--reason", "leaked", "--batch", "E005", "condition=full"]) == 0
    captured = capsys.readouterr()
    assert "retracted: 4 runs, record " in captured.out
    assert f"damaged, and not looked at: {OTHER} of E005; to retract one, name it" in captured.err
    assert main(["retract", OTHER, "--reason", "leaked"]) == 0
    assert OTHER in records(study).job_ids


def test_lifting_a_run_retracts_the_others_of_its_record_anew(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["retract", RUN, OTHER, "--reason", "leaked"])
    assert main(["retract", "--lift", RUN[:8], "--reason", "it was another split"]) == 0
    assert "1 run still retracted" in capsys.readouterr().out
    assert records(study).job_ids == {OTHER}
    (record_id,) = records(study).get(OTHER).record_ids  # type: ignore[union-attr]
    assert main(["retract", "--lift", record_id, "--reason", "so was this"]) == 0
    assert records(study).job_ids == frozenset()


def test_the_advice_leaves_out_every_retracted_run(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["retract", RUN, "--reason", "leaked"])
    capsys.readouterr()
    main(["retract", OTHER, "--reason", "leaked"])
    command = capsys.readouterr().out.splitlines()[-1].split("`")[1]
    assert sorted(command.split()[4::2]) == sorted([RUN[:8], OTHER[:8]])
    assert main(command.split()[1:]) == 0
    main(["retract", "--batch", "E005", "--reason", "all of it"])
    assert "--except" not in capsys.readouterr().out.splitlines()[-1]


def test_what_is_lifted_is_not_lifted_again(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["retract", RUN, "--reason", "leaked"])
    (retraction,) = records(study).records
    main(["retract", "--lift", retraction, "--reason", "it did not"])
    (lifting,) = records(study).records.keys() - {retraction}
    capsys.readouterr()
    for record_id, why in ((retraction, "is lifted already"), (lifting, "lifts a retraction")):
        assert main(["retract", "--lift", record_id, "--reason", "x"]) == 2
        assert f"record {record_id} {why}" in capsys.readouterr().err
    assert len(records(study).records) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--reason", "x", "f" * 32], "there is no run"),
        (["--reason", "x"], "name runs, a batch or a finding"),
        (["--reason", " -- ", RUN], "is not a reason"),
        (["--reason", "x", "--lift", RUN], "nothing retracts"),
        (["--reason", "x", "--lift", "0" * 16], "nothing retracts"),
        (["--reason", "x", "--lift", "F002"], "F002 is a finding: it stands again without"),
        (["--reason", "x", "--batch", "E006"], "no run of E006 was found"),
        (["--reason", "x", "--batch", "E6"], "is not an experiment id"),
        (["--reason", "in /home/ada/x", RUN], "an absolute path"),
        (["--reason", "x" * 2001, RUN], "text of 1 to 2,000 characters"),
        (["--reason", "x", "F007"], '"F007" is not a finding'),
        (["--reason", "x", "F002", "F004"], "one finding by itself"),
        (["--reason", "x", "--lift", RUN, "--mark"], "--lift goes with --reason alone"),
        (
            ["--reason", "x", "F002", "--replaced-by", "F004", "--replaced-by", "F005"],
            "give --repl",
        ),
    ],
)
def test_what_is_refused_records_nothing(
    words: list[str], message: str, study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["retract", *words]) == 2
    assert message in capsys.readouterr().err
    assert records(study).records == {}


def test_nothing_is_written_through_a_link(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (study / ".aexp/ledger/retractions").symlink_to(outside)
    assert main(["retract", RUN, "--reason", "leaked"]) == 2
    assert "is a link" in capsys.readouterr().err
    assert list(outside.iterdir()) == []


def test_the_reason_is_required(study: Path) -> None:
    with pytest.raises(SystemExit) as left:
        main(["retract", RUN])
    assert left.value.code == 2


def test_a_finding_is_withdrawn_by_a_key_of_its_own(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (study / FINDINGS / "F002-x.md").read_text()
    words = ["--reason", "does not hold: n = 3", "--replaced-by", "F004"]
    assert main(["retract", "F002", *words]) == 0
    out = capsys.readouterr().out
    assert f"withdrawn: {FINDINGS}/F002-x.md" in out
    assert "F004 builds on F002: an error" in out
    after = (study / FINDINGS / "F002-x.md").read_text()
    added = re.search(r"retracted: \{.*\}\n", after)
    assert added is not None
    assert after.replace(added[0], "") == before
    assert 'reason: "does not hold: n = 3", replaced_by: F004, on: ' in added[0]
    assert codes(capsys) == [("error", "finding.retracted_premise")]
    assert main(["retract", "F002", *words]) == 0
    assert "withdrawn already" in capsys.readouterr().out


def test_what_builds_on_a_dependent_of_it_is_at_risk(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(study, f"{FINDINGS}/F005-z.md", "---\nbuilds_on: F004\n---\n")
    assert main(["retract", "F002", "--reason", "does not hold"]) == 0
    assert "  F005 builds on F004: at risk\n" in capsys.readouterr().out


def test_a_front_matter_in_braces_is_left_to_its_author(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(study, f"{FINDINGS}/F006-z.md", "---\n{id: F006}\n---\n")
    before = path.read_text()
    assert main(["retract", "F006", "--reason", "does not hold"]) == 2
    assert "add `retracted: does not hold` to it by hand" in capsys.readouterr().err
    assert path.read_text() == before
