"""The report: what is gathered, how it is drawn, and what its page may do."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import sys
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repositories import add_entry, add_finding, add_jobs, batch, git, job, new_repository, write

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.problems import Policy
from pytest_aexp.report import build, chart, ledger_facts
from pytest_aexp.report.build import gather
from pytest_aexp.report.model import Report
from pytest_aexp.report.page import MISSING_JINJA, render, write_report
from pytest_aexp.report.run_facts import duration, facts_of, is_web_address, moment, parameters
from pytest_aexp.work.check.checker import Checker

NOWHERE = "deadbeef" * 4


def checker(root: Path) -> Checker:
    repository = Repository.open(root)
    configured = repository.configuration
    return Checker(repository, WorkTree(root), Policy(configured.strict_runs, configured.severity))


def gathered(root: Path) -> Report:
    return gather(checker(root))


def page(root: Path) -> str:
    return render(gathered(root))


def point(number: int, **more: object) -> dict[str, object]:
    return {"experiment_id": "E001", "seed": number, **more}


class TestFacts:
    @pytest.mark.parametrize(
        ("written", "shown", "seconds"),
        [
            ("2026-05-25T22:01:09Z", "2026-05-25 22:01", 1779746469.0),
            ("2026-05-26T00:01:09+02:00", "2026-05-25 22:01", 1779746469.0),
            ("2026-05-25T22:01:09", "2026-05-25 22:01", 1779746469.0),
            ("2026-05-25", "2026-05-25 00:00", 1779667200.0),
            ("last Monday", "last Monday", None),
            ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00", None),
            ("a\u202eb\x1b[2J", "a\\u202eb\\x1b[2J", None),
            (1779746469, "", None),
            (None, "", None),
        ],
    )
    def test_a_moment(self, written: object, shown: str, seconds: float | None) -> None:
        read = moment(written)
        assert (read.text, read.seconds) == (shown, seconds)

    @pytest.mark.parametrize(
        ("seconds", "said"),
        [
            (0, "0 s"),
            (45.24, "45.2 s"),
            (59.4, "59.4 s"),
            (60, "1 min"),
            (3540.5, "59 min"),
            (12155.2, "3 h 23 min"),
            (200_000, "2 d 7 h"),
            (-1, ""),
            (float("nan"), ""),
            (float("inf"), ""),
            (10**400, ""),
            (True, ""),
            ("12", ""),
            (None, ""),
        ],
    )
    def test_a_duration(self, seconds: object, said: str) -> None:
        assert duration(seconds) == said

    @pytest.mark.parametrize(
        "url",
        ["https://wandb.ai/lab/study/runs/3kq0d2zx", "http://mlflow.lab:5000/#/runs/1?a=b&c=d"],
    )
    def test_a_web_address_becomes_a_link(self, url: str) -> None:
        tracker = facts_of({"tracker": {"url": url, "backend": "wandb", "run_id": "3kq"}}).tracker
        assert tracker is not None
        assert (tracker.label, tracker.url) == ("wandb 3kq", url)

    @pytest.mark.parametrize(
        "url",
        [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "\tjavascript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x",
            "file:///etc/passwd",
            "//evil.example/x",
            "https:evil.example",
            "https:///path",
            "https://user:secret@example.org/",
            "https://example.org\\@evil.example/",
            "https://[::1/",
            "https://example.org/a b",
            "https://example.org/\u202egpj",
            "https://example.org/\nx",
            "https://example.org/" + "a" * 2000,
            "",
        ],
    )
    def test_nothing_else_does(self, url: str) -> None:
        assert not is_web_address(url)
        tracker = facts_of({"tracker": {"url": url, "run_id": "r1"}}).tracker
        assert tracker is not None
        assert (tracker.label, tracker.url) == ("r1", None)

    def test_parameters_are_cut_and_leave_out_what_has_its_own_column(self) -> None:
        values = {"experiment_id": "E1", "code_dirty": False, "a": "x\ny", "b": [1, None], "c": 1.5}
        assert parameters(values) == "a=x\\x0ay, b=[1, null], c=1.5"
        assert parameters({"a": "1", "b": "", "c": "null"}) == 'a="1", b="", c="null"'
        assert len(parameters({"k": "v" * 10_000, "l": 1})) == 110

    def test_an_entry_whose_values_have_any_type_is_read(self) -> None:
        for value in (None, 1, [], {}, [[]], "x", True):
            keys = "job_id statepoint status registered_machine started_at tracker run_link".split()
            facts = facts_of(dict.fromkeys([*keys, "code_commit", "code_dirty"], value))
            assert facts.dirty is (value is True)


class TestChart:
    AT = datetime(2026, 3, 2, 8, tzinfo=UTC).timestamp()

    def test_no_run_that_says_when(self) -> None:
        assert chart.chart_of([(None, "a", True), (-5.0, "a", True)]) is None

    def test_one_run(self) -> None:
        drawn = chart.chart_of([(self.AT, "laptop", True)])
        assert drawn is not None
        [lane] = drawn.lanes
        [bar] = lane.bars
        assert (bar.says, drawn.stretch) == ("laptop, 2026-03-02 08:00: 1 complete", "10 minutes")

    def test_what_is_not_complete_stands_on_what_is(self) -> None:
        points = [(self.AT + n, "a", n > 1) for n in range(6)]
        drawn = chart.chart_of(points)
        assert drawn is not None
        [bar] = drawn.lanes[0].bars
        assert bar.says.endswith(": 4 complete, 2 not")
        assert bar.other[0] + bar.other[1] == pytest.approx(bar.complete[0])

    def test_weeks_begin_on_a_monday(self) -> None:
        drawn = chart.chart_of([(self.AT, "a", True), (self.AT + 400 * 86400, "a", True)])
        assert drawn is not None
        assert drawn.stretch == "7 days"
        assert {datetime.fromisoformat(tick.text).weekday() for tick in drawn.ticks} == {0}

    def test_the_least_busy_machines_share_a_lane(self) -> None:
        points = [(self.AT, f"m{n:02}", True) for n in range(30) for _ in range(n + 1)]
        drawn = chart.chart_of(points)
        assert drawn is not None
        assert len(drawn.lanes) == chart.MOST_LANES
        assert (drawn.lanes[-1].machine, drawn.lanes[-1].runs) == ("19 others", 190)

    @given(
        st.lists(
            st.tuples(
                st.none() | st.floats(-1e12, 1e12),
                st.sampled_from("abcdefghijklmno"),
                st.booleans(),
            ),
            max_size=60,
        )
    )
    def test_every_run_is_drawn_once_or_counted_and_none_outside(
        self, points: list[chart.Point]
    ) -> None:
        drawn = chart.chart_of(points)
        dated = sum(at is not None and 0 < at < 7_258_118_400 for at, _, _ in points)
        assert (drawn is None) == (dated == 0)
        if drawn is not None:
            assert sum(lane.runs for lane in drawn.lanes) == dated == len(points) - drawn.undrawn
            for lane in drawn.lanes:
                assert len(lane.bars) <= chart.MOST_BINS
                for bar in lane.bars:
                    assert chart.LEFT <= bar.x <= chart.LEFT + chart.WIDTH - bar.width + 0.2
                    assert lane.base - chart.LANE < bar.other[0] <= lane.base


class TestGathering:
    def test_each_verdict(self, repo: Path) -> None:
        good = add_entry(repo, point(1))
        add_finding(repo, "F001-a", job(good))
        add_finding(repo, "F002-b", job(good), job(NOWHERE))
        add_finding(repo, "F003-c", job(good), extra="supporting_run: []\n")
        add_finding(repo, "F004-d")
        write(repo, "kb/research/findings/F005-e.md", "no front matter\n")
        report = gathered(repo)
        assert [(f.name, f.verdict) for f in report.findings] == [
            ("F001", "stands"),
            ("F002", "error"),
            ("F003", "warning"),
            ("F004", "nothing"),
            ("F005", "error"),
        ]
        assert [(words, count) for _, words, count in report.verdicts] == [
            ("do not stand", 2),
            ("stands, with warnings", 1),
            ("are not judged", 0),
            ("stands", 1),
            ("cites no run", 1),
        ]
        assert (report.errors, report.warnings) == (2, 1)

    def test_without_strictness_or_authority_nothing_is_judged(self, repo: Path) -> None:
        add_finding(repo, "F001-a", job(NOWHERE))
        assert gathered(repo).findings[0].verdict == "unjudged"
        assert [p.code for p in gathered(repo).around] == ["finding.no_run_store"]
        write(repo, "pyproject.toml", '[tool.aexp]\nstrict_runs = "off"\n')
        add_entry(repo, point(1))
        assert gathered(repo).findings[0].verdict == "unjudged"

    def test_a_citation_tells_of_its_run(self, repo: Path) -> None:
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
        assert report.findings[0].doubts.says == ("1 failed run", "1 run on uncommitted code")
        assert report.findings[0].doubts.brief == "1 run not complete, 1 on uncommitted code"

    def test_a_run_that_is_not_in_the_ledger_says_where_it_is(self, repo: Path) -> None:
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
        assert [(run.job_id, run.status, run.machine) for run in runs] == [
            (local, "stopped, only here", "here"),
            (unfinished, "running, only here", "here"),
            ("a" * 32, "elsewhere", "laptop"),
            ("b" * 32, "unusable entry", ""),
            (NOWHERE, "nowhere", ""),
        ]
        assert [c.verdict for c in finding.citations] == ["warning"] * 3 + ["error"] * 2
        assert finding.doubts.says == ("1 stopped run",)

    def test_of_a_batch_the_first_rows_are_those_to_know_of(
        self, repo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(build, "BATCH_ROWS", 3)
        ids = {n: add_entry(repo, point(n), code_dirty=n == 4) for n in range(8)}
        failed = add_entry(repo, point(9), status="failed")
        add_finding(repo, "F001-a", batch("E001"), batch("E001", "{seed: 99}"))
        full, empty = gathered(repo).findings[0].citations
        assert {run.job_id for run in full.runs[:2]} == {failed, ids[4]}
        assert (len(full.runs), full.more) == (3, 6)
        assert full.says == "Batch E001, every run: 9 runs (8 complete, 1 failed)"
        assert empty.says == "Batch E001, seed=99: no run"

    def test_rows_of_batches_end_somewhere(
        self, repo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(build, "MOST_BATCH_ROWS", 5)
        for n in range(4):
            add_entry(repo, point(n))
        add_finding(repo, "F001-a", batch("E001"), batch("E001"), batch("E001"))
        citations = gathered(repo).findings[0].citations
        assert [(len(c.runs), c.more) for c in citations] == [(4, 0), (1, 3), (0, 4)]

    def test_runs_that_no_finding_cites_the_latest_first(
        self, repo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ledger_facts, "MOST_UNCITED", 2)
        started = "2026-05-{:02}T00:00:00Z"
        ids = [add_entry(repo, point(n), started_at=started.format(n + 1)) for n in range(5)]
        add_finding(repo, "F001-a", job(ids[4]), batch("E001", "{seed: 2}"))
        ledger = gathered(repo).ledger
        assert [run.job_id for run in ledger.latest_uncited] == [ids[3], ids[1]]
        assert (ledger.runs, ledger.uncited) == (5, 3)
        [machine] = ledger.machines
        assert (machine.name, machine.runs, machine.cited) == ("cluster", 5, 2)
        assert machine.statuses == (5, 0, 0, 0)

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
        self, repo: Path, front_matter: str, body: str, title: str
    ) -> None:
        write(repo, "kb/research/findings/F001-x.md", f"---\n{front_matter}\n---\n\n{body}\n")
        assert [f.title for f in gathered(repo).findings] == [title]

    def test_a_title_is_the_first_heading_without_the_id(self, repo: Path) -> None:
        headings = {"F001-a": "# F001: It holds", "F002-b": "## Only this", "F003": ""}
        for name, heading in headings.items():
            text = f"---\n# not this\n---\n{heading}\n# Later\n"
            write(repo, f"kb/research/findings/{name}.md", text)
        assert [f.title for f in gathered(repo).findings] == ["It holds", "Later", "Later"]

    def test_findings_of_one_name_have_their_own_anchors(self, repo: Path) -> None:
        for name in ("F001-a", "F001-b", "sub/F001-c"):
            add_finding(repo, name)
        anchors = [finding.anchor for finding in gathered(repo).findings]
        assert anchors == ["F001", "F001--2", "F001--3"]


class Elements(HTMLParser):
    """Every element of a page with its attributes, and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


class TestPage:
    def test_it_is_the_same_each_time_and_in_each_clone(self, repo: Path, tmp_path: Path) -> None:
        ids = [add_entry(repo, point(n), started_at=f"2026-05-1{n}") for n in range(6)]
        add_finding(repo, "F001-a", job(ids[0]), job(NOWHERE))
        git(repo, "add", "-A")
        git(repo, "commit", "-qm", "all")
        git(tmp_path, "clone", "-q", str(repo), "clone")
        assert page(repo) == page(repo) == page(tmp_path / "clone")

    def test_it_says_at_which_commit_and_whether_that_is_all(self, repo: Path) -> None:
        assert gathered(repo).origin is None
        add_entry(repo, point(1))
        git(repo, "add", "-A")
        git(repo, "commit", "-qm", "all")
        write(repo, "elsewhere.txt", "x")
        origin = gathered(repo).origin
        assert origin is not None
        assert origin.commit == git(repo, "rev-parse", "HEAD").strip()
        assert not origin.changed
        assert "not committed" not in page(repo)
        add_finding(repo, "F001-a")
        assert "that are not committed" in page(repo)

    def test_the_policy_lets_nothing_in_but_the_pages_own_style_and_script(
        self, repo: Path
    ) -> None:
        text = page(repo)
        [policy] = [
            attributes["content"]
            for tag, attributes in Elements(text).found
            if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
        ]
        rules = dict(rule.strip().split(" ", 1) for rule in (policy or "").split(";"))
        assert rules.keys() == {"default-src", "style-src", "script-src", "base-uri", "form-action"}
        for element, rule in (("style", "style-src"), ("script", "script-src")):
            [content] = re.findall(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            assert rules[rule] == f"'sha256-{digest}'"
        others = {rules[each] for each in rules.keys() - {"style-src", "script-src"}}
        assert others == {"'none'"}

    def test_every_link_inside_leads_somewhere_and_ids_are_unique(self, repo: Path) -> None:
        job_id = add_entry(repo, point(1), status="failed", started_at="2026-05-01")
        add_finding(repo, "F001-a", job(job_id))
        add_finding(repo, "F001-b", job(NOWHERE))
        write(repo, ".aexp/ledger/" + "0" * 32 + ".json", "{")
        elements = Elements(page(repo)).found
        ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        links = [a["href"] or "" for tag, a in elements if tag == "a"]
        assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
        labels = [a["aria-labelledby"] or "" for _, a in elements if "aria-labelledby" in a]
        assert {name for label in labels for name in label.split()} <= set(ids)
        assert {tag for tag, _ in elements} >= {"header", "nav", "main", "footer", "caption"}
        assert all("scope" in a for tag, a in elements if tag == "th")

    def test_nothing_of_the_repositorys_becomes_markup(self, repo: Path) -> None:
        evil = "\"'><img src=x onerror=alert(1)></script><script>alert(2)</script>\u202e\x1b"
        tracker = {"backend": evil, "url": "javascript:alert(3)", "run_id": evil}
        job_id = add_entry(
            repo,
            {"experiment_id": evil, evil: evil},
            registered_machine=evil,
            started_at=evil,
            ended_at=evil,
            code_commit=evil,
            tracker=tracker,
        )
        add_finding(repo, "F001-a", job(job_id), f"{{type: job, id: {json.dumps(evil)}}}")
        write(repo, 'kb/research/findings/F2"><b onclick=x>`.md', f"---\n---\n# {evil}\n")
        elements = Elements(page(repo))
        assert not [tag for tag, _ in elements.found if tag == "img"]
        assert [tag for tag, _ in elements.found].count("script") == 1
        handlers = [name for _, a in elements.found for name in a if name.startswith("on")]
        assert handlers == []
        assert "<img src=x onerror=alert(1)>" in elements.text
        assert "\u202e" not in elements.text
        assert "\x1b" not in elements.text
        links = {a["href"] for tag, a in elements.found if tag == "a"}
        assert not [link for link in links if not (link or "").startswith("#")]

    def test_long_lists_are_cut_and_counted(
        self, repo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(build, "MOST_PROBLEMS", 2)
        for n in range(5):
            write(repo, f".aexp/ledger/{n:032}.json", "{")
        text = Elements(page(repo)).text
        assert "and 3 more problems: run aexp validate." in " ".join(text.split())

    def test_a_missing_jinja2_is_said_in_words(
        self, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "jinja2", None)
        with pytest.raises(UsageError, match=re.escape(MISSING_JINJA)):
            write_report(checker(repo), tmp_path / "out.html")
        assert "pip install 'pytest-aexp[report]'" in MISSING_JINJA
        assert not (tmp_path / "out.html").exists()

    def test_it_is_written_with_its_folders_and_over_what_was_there(self, repo: Path) -> None:
        target = repo / "out" / "deep" / "report.html"
        write_report(checker(repo), target)
        first = target.read_bytes()
        add_finding(repo, "F001-a")
        write_report(checker(repo), target)
        assert target.read_bytes() != first
        assert [each.name for each in target.parent.iterdir()] == ["report.html"]
        with pytest.raises(UsageError, match="is a folder"):
            write_report(checker(repo), target.parent)

    def test_an_empty_repository_has_a_page(self, repo: Path) -> None:
        shutil.rmtree(new_repository(repo) / ".git")
        (repo / ".aexp").mkdir()
        write(repo, ".aexp/installed.json", "{}")
        text = Elements(page(repo)).text
        assert "There are no findings." in text
        assert "No run of the ledger says when it was." in text
