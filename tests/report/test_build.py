"""The report that is built of a repository: verdicts, runs, titles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from reports import NOWHERE, gathered, point
from repositories import add_entry, add_finding, add_jobs, add_record, batch, job, write
from study import retract, reviewed_study

from pytest_aexp.report import build
from pytest_aexp.report.build import NumberPart
from pytest_aexp.report.page import render
from pytest_aexp.report.run_facts import PARAMETERS_SHOWN


def test_a_finding_gets_the_gravest_verdict_of_its_citations(repo: Path) -> None:
    good = add_entry(repo, point(1))
    add_finding(repo, "F001-a", job(good))
    add_finding(repo, "F002-b", job(good), job(NOWHERE))
    add_finding(repo, "F003-c", job(good), extra="supporting_run: []\n")
    add_finding(repo, "F004-d")
    write(repo, "kb/research/findings/F005-e.md", "no front matter\n")
    report = gathered(repo)
    assert [(f.name, f.verdict) for f in report.findings] == [
        ("F002", "error"),
        ("F005", "error"),
        ("F003", "warning"),
        ("F001", "stands"),
        ("F004", "nothing"),
    ]
    assert [(words, count) for _, words, count in report.verdicts] == [
        ("failed", 2),
        ("ok, with warnings", 1),
        ("not checked", 0),
        ("ok", 1),
        ("cites no run", 1),
    ]
    assert (report.errors, report.warnings) == (2, 1)


def test_without_strictness_or_authority_nothing_is_judged(repo: Path) -> None:
    add_finding(repo, "F001-a", job(NOWHERE))
    assert gathered(repo).findings[0].verdict == "unjudged"
    assert [p.code for p in gathered(repo).around] == ["finding.no_run_store"]
    write(repo, "pyproject.toml", '[tool.aexp]\nstrict_runs = "off"\n')
    add_entry(repo, point(1))
    assert gathered(repo).findings[0].verdict == "unjudged"


def test_a_citation_shows_the_facts_of_its_run(repo: Path) -> None:
    job_id = add_entry(
        repo,
        point(1, condition="full"),
        status="failed",
        started_at="2026-05-14T18:23:01Z",
        ended_at="2026-05-14T19:22:01Z",
        wallclock_s=3540.5,
        code_commit="9fceb02d0ae598e95dc970b74767f19372d61af8",
        code_dirty=True,
    )
    add_finding(repo, "F001-a", job(job_id))
    report = gathered(repo)
    [run] = report.findings[0].citations[0].runs
    assert (run.job_id, run.status, run.machine) == (job_id, "failed", "cluster")
    assert (run.started.text, run.ended.text) == ("2026-05-14 18:23", "2026-05-14 19:22")
    assert (run.took, run.parameters) == ("59 min", "condition=full, seed=1")
    assert run.commit.startswith("9fceb02")
    assert run.dirty
    assert report.doubtful == report.findings
    assert report.findings[0].doubts == ("1 failed run", "1 run on uncommitted code")


def test_a_run_that_is_not_in_the_ledger_says_where_it_is(repo: Path) -> None:
    [local, unfinished] = add_jobs(
        repo,
        [
            {"statepoint": point(1), "doc": {"status": "stopped"}},
            {"statepoint": point(2), "doc": {"status": "running"}},
        ],
    )
    index = {"schema_version": 1, "machine_label": "laptop", "entries": [{"job_id": "a" * 32}]}
    write(repo, ".aexp/runs-index/laptop.json", json.dumps(index))
    write(repo, f".aexp/ledger/{'b' * 32}.json", "{")
    write(repo, ".aexp/installed.json", '{"machine_label": "here"}')
    ids = (local, unfinished, "a" * 32, "b" * 32, NOWHERE)
    add_finding(repo, "F001-a", *map(job, ids))
    [finding] = gathered(repo).findings
    runs = [run for citation in finding.citations for run in citation.runs]
    assert [(run.job_id, run.shown_status, run.machine) for run in runs] == [
        (local, "stopped, only here", "here"),
        (unfinished, "running, only here", "here"),
        ("a" * 32, "elsewhere", "laptop"),
        ("b" * 32, "unusable entry", ""),
        (NOWHERE, "not found", ""),
    ]
    assert [c.verdict for c in finding.citations] == ["warning"] * 3 + ["error"] * 2
    assert finding.doubts == ("1 stopped run",)


def test_failed_and_uncommitted_runs_come_first_in_a_batch(repo: Path) -> None:
    ids = {n: add_entry(repo, point(n), code_dirty=n == 4) for n in range(8)}
    failed = add_entry(repo, point(9), status="failed")
    add_finding(repo, "F001-a", batch("E001"), batch("E001", "{seed: 99}"))
    full, empty = gathered(repo).findings[0].citations
    assert {run.job_id for run in full.runs[:2]} == {failed, ids[4]}
    assert (len(full.runs), full.more) == (9, 0)
    assert full.summary == "Batch E001, every run: 9 runs (8 complete, 1 failed)"
    assert empty.summary == "Batch E001, seed=99: no run"


def test_the_number_of_rows_is_limited_over_all_batches(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "MOST_BATCH_ROWS", 5)
    for n in range(4):
        add_entry(repo, point(n))
    add_finding(repo, "F001-a", batch("E001"), batch("E001"), batch("E001"))
    citations = gathered(repo).findings[0].citations
    assert [(len(c.runs), c.more) for c in citations] == [(4, 0), (1, 3), (0, 4)]


@pytest.mark.parametrize(
    ("front_matter", "body", "title"),
    [
        ("title: It holds", "text", "It holds"),
        ("title: 'F001: it holds'", "## not so high", "it holds"),
        ("title: It holds", "# It holds, and how", "It holds, and how"),
        ("title: 42", "text", "42"),
        ("title: |\n  It\u202e\n  holds", "", "It\\u202e holds"),
        ("title:", "text", ""),
        ("title: [a]", "text", ""),
        ("- title: a", "text", ""),
        ("title: 'a", "text", ""),
        ("a: 1", "text", ""),
    ],
)
def test_without_a_heading_the_title_is_what_the_front_matter_says(
    repo: Path, front_matter: str, body: str, title: str
) -> None:
    write(repo, "kb/research/findings/F001-x.md", f"---\n{front_matter}\n---\n\n{body}\n")
    assert [f.title for f in gathered(repo).findings] == [title]


def test_a_title_is_the_first_heading_without_the_id(repo: Path) -> None:
    headings = {"F001-a": "# F001: It holds", "F002-b": "## Only this", "F003": ""}
    for name, heading in headings.items():
        text = f"---\n# not this\n---\n{heading}\n# Later\n"
        write(repo, f"kb/research/findings/{name}.md", text)
    assert [f.title for f in gathered(repo).findings] == ["It holds", "Later", "Later"]


def test_findings_of_one_name_have_their_own_anchors(repo: Path) -> None:
    for name in ("F001-a", "F001-b", "sub/F001-c"):
        add_finding(repo, name)
    anchors = [finding.anchor for finding in gathered(repo).findings]
    assert anchors == ["F001", "F001--2", "F001--3"]


def test_what_differs_in_a_batch_is_shown_and_the_rest_once(repo: Path) -> None:
    for seed in range(2):
        add_entry(repo, {"experiment_id": "E001", "seed": seed, "model": {"C": 1, "kernel": "rbf"}})
    add_finding(repo, "F001-a", batch("E001"))
    (citation,) = gathered(repo).findings[0].citations
    assert {run.parameters for run in citation.runs} == {"seed=0", "seed=1"}
    assert citation.summary.endswith("2 runs, all complete; all with model.C=1, model.kernel=rbf")


def test_what_differs_in_a_finding_is_the_first_that_its_single_runs_show(repo: Path) -> None:
    """Long parameters are cut: what is alike in all runs of the finding is what is left out."""
    model = {"C": 1, "kernel": "x" * PARAMETERS_SHOWN}
    ids = [
        add_entry(repo, {"experiment_id": "E001", "model": model, "seed": seed})
        for seed in range(2)
    ]
    add_finding(repo, "F001-a", *map(job, ids))
    runs = [citation.runs[0] for citation in gathered(repo).findings[0].citations]
    assert [run.parameters[:19] for run in runs] == ["seed=0, model.C=1, ", "seed=1, model.C=1, "]
    assert runs[0].all_parameters.endswith("x" * PARAMETERS_SHOWN)


def test_a_retracted_run_is_marked_and_comes_first(repo: Path) -> None:
    ids = [add_entry(repo, point(n), metrics={"f1": n}) for n in range(3)]
    retract(repo, [ids[2]], "wrong split")
    add_finding(repo, "F001-a", batch("E001"))
    (citation,) = gathered(repo).findings[0].citations
    assert [run.retracted for run in citation.runs] == ["wrong split", "", ""]
    assert citation.runs[0].job_id == ids[2]
    assert citation.runs[0].metrics == "f1 2"


def test_commits_lead_to_where_the_settings_say(repo: Path) -> None:
    setting = 'commit_url = "https://forge.example/p/commit/{commit}"'
    write(repo, "pyproject.toml", f"[tool.aexp]\n{setting}\n")
    report = gathered(repo)
    assert report.commit_link("a" * 40) == f"https://forge.example/p/commit/{'a' * 40}"
    assert report.commit_link("not a commit") is None


def test_what_has_changed_since_the_pin_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = reviewed_study(tmp_path / "study")
    monkeypatch.chdir(study.root)
    by_name = {finding.name: finding for finding in gathered(study.root).findings}
    (citation,) = by_name["F003"].citations
    assert citation.changes[0].startswith("since it was pinned in ")
    assert len(citation.changes) == 6
    assert any("accuracy 0.987 -> 0.9" in line for line in citation.changes)


FINDING = "kb/research/findings/F001-a.md"
BATCH = "{type: batch, experiment_id: E001, count: 2+}"


def study(repo: Path, text: str, extra: str = "") -> list[str]:
    runs = [
        add_entry(repo, {"experiment_id": "E001", "seed": seed}, metrics={"x": seed / 10})
        for seed in range(3)
    ]
    body = f"---\nid: F001\n{extra}supporting_runs:\n  - {BATCH}\n---\n\n{text}\n"
    write(repo, FINDING, body)
    return runs


def test_each_number_has_its_value_its_expression_and_its_runs(repo: Path) -> None:
    text = "0.1<!-- = mean(x) --> and\n9<!-- = n() -->, 1<!-- = mean(y) -->, 2<!-- = ( -->"
    runs = study(repo, text)
    [finding] = gathered(repo).findings
    ids = ", ".join(sorted(job_id[:8] for job_id in runs))
    assert finding.numbers == (
        NumberPart(7, "0.1", "mean(x)", "0.1", ids, "stands"),
        NumberPart(8, "9", "n()", "3", ids, "error"),
        NumberPart(8, "1", "mean(y)", "", ids, "unjudged"),
    )
    codes = [problem.code for problem in finding.problems]
    names = ("wrong_number", "malformed_number", "unchecked_number")
    assert codes == [f"finding.{name}" for name in names]
    assert finding.verdict == "error"


def test_many_runs_are_counted(repo: Path) -> None:
    for seed in range(8):
        add_entry(repo, {"experiment_id": "E001", "seed": seed}, metrics={"x": 1})
    study(repo, "8<!-- = n() -->")
    assert gathered(repo).findings[0].numbers[0].runs.endswith(", and 3 more runs")


def test_pins_withdrawals_and_what_is_at_risk_are_shown(repo: Path) -> None:
    study(repo, "", "retracted: it leaked\n")
    write(repo, FINDING.replace("F001", "F002"), "---\nid: F002\nbuilds_on: [F001]\n---\n")
    by_name = {finding.name: finding for finding in gathered(repo).findings}
    first, second = by_name["F001"], by_name["F002"]
    assert first.withdrawn == "it leaked"
    assert first.citations[0].pin == "Pinned to at least 2 runs"
    assert second.at_risk
    assert not first.at_risk


def test_the_page_shows_numbers_pins_and_withdrawals(repo: Path) -> None:
    (run, *_) = study(repo, "0.1<!-- = mean(x) -->", "builds_on: [F002]\n")
    write(repo, FINDING.replace("F001", "F002"), "---\nid: F002\nretracted: <b>leaked</b>\n---\n")
    add_record(repo, retracts=[run], reason="the validation split leaked")
    page = render(gathered(repo))
    assert "<code>mean(x)</code>" in page
    assert "withdrawn: &lt;b&gt;leaked" in page
    assert "at risk" in page
    assert "Pinned to at least 2 runs" in page
    assert "the validation split leaked" in page
