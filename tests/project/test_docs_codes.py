"""Every code has its section, which says what the program says and shows what it reports."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pages import FULL, ONE_RUN, sections, unstaged_evidence
from repositories import (
    add_entry,
    add_finding,
    add_jobs,
    add_record,
    entry_of,
    entry_text,
    git,
    job,
    write,
)

from pytest_aexp.cli import main
from pytest_aexp.ground.settings.configuration import CONFIG
from pytest_aexp.model.codes import CODES

pytestmark = pytest.mark.tree

CODE_SECTIONS = sections("docs/codes.md")


def test_every_code_and_nothing_else_has_its_section_in_the_order_of_the_table() -> None:
    assert list(CODE_SECTIONS) == list(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_section_says_of_a_code_what_the_program_says(code: str) -> None:
    section = " ".join(CODE_SECTIONS[code].split())
    assert f"**{CODES[code].title}.**" in section
    assert CODES[code].meaning in section
    assert f"**What to do.** {CODES[code].fix}" in section


def fenced(code: str) -> str:
    found = re.search(r"^```\w+\n(.*?)^```", CODE_SECTIONS[code], re.MULTILINE | re.DOTALL)
    assert found, f"{code} has no example"
    return found.group(1)


def cites(repo: Path, code: str) -> None:
    write(repo, "kb/research/findings/F004-x.md", f"---\nid: F004\n{fenced(code)}---\n")


def index_of(*entries: dict[str, Any]) -> str:
    head = {"schema_version": 1, "machine": "cluster", "exported_at": "2026-05-26T01:23:45Z"}
    return json.dumps({**head, "entries": list(entries)})


def running_here(repo: Path, code: str) -> None:
    add_jobs(repo, [{"statepoint": ONE_RUN, "doc": {"status": "running"}}])
    cites(repo, code)


def finished_here(repo: Path, code: str) -> None:
    add_jobs(repo, [{"statepoint": ONE_RUN, "doc": {"status": "complete"}}])
    cites(repo, code)


def indexed(repo: Path, code: str) -> None:
    entries = [
        {
            "job_id": entry_of(point)["job_id"],
            "experiment_id": point["experiment_id"],
            "condition": point["condition"],
            "status": "complete",
        }
        for point in (ONE_RUN, FULL[0])
    ]
    write(repo, ".aexp/runs-index/cluster.json", index_of(*entries))
    cites(repo, code)


def in_the_ledger(repo: Path, code: str) -> None:
    add_entry(repo, ONE_RUN)
    add_entry(repo, FULL[0])
    cites(repo, code)


def unreadable(repo: Path, code: str) -> None:
    write(repo, "kb/research/findings/F004-x.md", fenced(code))


def beside_the_findings(repo: Path, code: str) -> None:
    in_the_ledger(repo, "finding.suspicious_key")
    found = re.search(r"`(kb/\S+)`", CODE_SECTIONS[code])
    assert found
    (repo / "kb/research/findings/F004-x.md").rename(repo / found[1])
    write(repo, found[1], f"---\n{fenced(code)}---\n")


def without_evidence(repo: Path, code: str) -> None:
    path = fenced(code).split()[0]
    add_finding(repo, Path(path).stem, job(entry_of(ONE_RUN)["job_id"]))


def conflict(repo: Path, code: str) -> None:
    job_id = add_entry(repo, ONE_RUN)
    path = repo / f".aexp/ledger/{job_id}.json"
    text = path.read_text()
    old = '  "status": "complete"\n'
    assert old in text
    path.write_text(text.replace(old, fenced(code)))


def edited(repo: Path, code: str) -> None:
    entry = entry_of(ONE_RUN)
    changes = json.loads(fenced(code))
    entry["statepoint"] = {**ONE_RUN, **changes.pop("statepoint", {})}
    if "job_id" not in changes:
        changes["job_id"] = entry_of(entry["statepoint"])["job_id"]
    entry |= changes
    write(repo, f".aexp/ledger/{entry['job_id']}.json", entry_text(entry))


def cut_off(repo: Path, code: str) -> None:
    path, content = re.split(r" +# ", fenced(code).strip())
    if path.startswith(".runs"):
        add_jobs(repo, [{"statepoint": ONE_RUN, "doc": {"status": "running"}}])
        add_finding(repo, "F004-x", job(entry_of(ONE_RUN)["job_id"]))
    write(repo, path, content)


def edited_record(repo: Path, code: str) -> None:
    record = add_record(repo, retracts=[entry_of(ONE_RUN)["job_id"]])
    write(repo, f".aexp/ledger/retractions/{record}.json", fenced(code))


def with_number(repo: Path, code: str) -> None:
    for seed, accuracy in enumerate((0.9349, 0.9312, 0.9288, 0.9331, 0.9345)):
        add_entry(repo, {"experiment_id": "E005", "seed": seed}, metrics={"accuracy": accuracy})
    head = "---\nid: F004\nsupporting_runs:\n  - {type: batch, experiment_id: E005}\n---\n"
    write(repo, "kb/research/findings/F004-x.md", f"{head}\n{fenced(code)}")


def of_a_run(**fields: Any) -> Callable[[Path, str], None]:
    def situation(repo: Path, code: str) -> None:
        write(repo, CONFIG, f'[tool.aexp.severity]\n"{code}" = "warning"\n')
        add_entry(repo, ONE_RUN, **fields)
        cites(repo, code)

    return situation


def of_a_redacted_run(repo: Path, code: str) -> None:
    write(repo, CONFIG, f'[tool.aexp.severity]\n"{code}" = "warning"\n')
    add_entry(repo, ONE_RUN, **json.loads(fenced(code)))


def two_runs(repo: Path, code: str) -> None:
    for commit in ("1" * 40, "2" * 40):
        add_entry(repo, {**FULL[0], "code_commit": commit})
    cites(repo, code)
    if code == "finding.grown_batch":
        write(repo, CONFIG, '[tool.aexp.severity]\nevidence = "off"\n')


def retracted(repo: Path, code: str) -> None:
    in_the_ledger(repo, code)
    add_record(repo, retracts=[entry_of(ONE_RUN)["job_id"]])


def on_a_premise(repo: Path, code: str) -> None:
    cites(repo, code)
    if code == "finding.retracted_premise":
        write(repo, "kb/research/findings/F001-x.md", "---\nretracted: it leaked\n---\n")
    elif code == "finding.at_risk":
        add_finding(repo, "F001-x", job(add_entry(repo, ONE_RUN)))
        add_record(repo, retracts=[entry_of(ONE_RUN)["job_id"]])


def changed_policy(repo: Path, text: str) -> None:
    git(repo, "commit", "-q", "--allow-empty", "-m", "before")
    write(repo, CONFIG, text)


def staged_store(repo: Path) -> None:
    add_jobs(repo, [{"statepoint": ONE_RUN, "doc": {"status": "complete"}}])
    git(repo, "add", "-f", ".runs/workspace")


PLACES = {
    "finding.unstaged_ledger_entry": ["--at", "index"],
    "policy.weakened": ["--policy-from", "HEAD"],
}
SITUATIONS: dict[str, Callable[[Path, str], None]] = {
    "finding.unpromoted_run_citation": finished_here,
    "finding.unfinished_run_citation": running_here,
    "finding.absent_run_citation": indexed,
    "finding.absent_batch_runs": indexed,
    "finding.broken_run_citation": in_the_ledger,
    "finding.empty_batch": in_the_ledger,
    "finding.unreadable": unreadable,
    "finding.suspicious_key": in_the_ledger,
    "finding.not_collected": beside_the_findings,
    "finding.wrong_number": with_number,
    "finding.malformed_number": with_number,
    "finding.unchecked_number": with_number,
    "finding.no_run_store": without_evidence,
    "finding.none_collected": lambda repo, code: write(repo, CONFIG, fenced(code)),
    "finding.unstaged_ledger_entry": lambda repo, _: unstaged_evidence(repo),
    "finding.changed_evidence": in_the_ledger,
    "finding.grown_batch": two_runs,
    "finding.retracted_run": retracted,
    "finding.retracted_premise": on_a_premise,
    "finding.at_risk": on_a_premise,
    "finding.broken_premise": on_a_premise,
    "evidence.failed_run": of_a_run(status="failed"),
    "evidence.repeated_run": two_runs,
    "evidence.stopped_run": of_a_run(status="stopped"),
    "evidence.dirty_code": of_a_run(code_dirty=True),
    "evidence.foreign_experiment": of_a_run(),
    "evidence.unknown_commit": of_a_run(),
    "ledger.invalid_entry": conflict,
    "ledger.identity_mismatch": edited,
    "ledger.unverified_identity": of_a_redacted_run,
    "ledger.unknown_field": edited,
    "ledger.leak": edited,
    "ledger.invalid_retraction": edited_record,
    "ledger.merge_driver": lambda repo, code: write(
        repo, ".git/config", (repo / ".git/config").read_text() + fenced(code)
    ),
    "policy.weakened": lambda repo, code: changed_policy(repo, fenced(code)),
    "runs.damaged": cut_off,
    "runs.tracked": lambda repo, _: staged_store(repo),
    "runs_index.damaged": cut_off,
}


ALSO = {
    "finding.none_collected": (),
    "finding.at_risk": ("finding.retracted_run",),
    "runs.damaged": ("finding.unfinished_run_citation",),
}


@pytest.mark.parametrize("code", CODES)
def test_the_example_of_a_code_is_reported_under_it(
    code: str, repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    SITUATIONS[code](repo, code)
    main(["validate", "--format", "json", *PLACES.get(code, [])])
    problems = json.loads(capsys.readouterr().out)["problems"]
    also = ALSO.get(code, ("finding.none_collected",))
    reported = [problem["code"] for problem in problems if problem["code"] not in also]
    citations = len(re.findall(r"type: (?:job|batch)", CODE_SECTIONS[code]))
    assert reported == [code] * (citations if code == "finding.broken_run_citation" else 1)
