"""The page: what it says, what it may do, and how it is written."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from reports import NOWHERE, checker, page, point
from repositories import add_entry, add_finding, git, job, new_repository, write

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.report import build
from pytest_aexp.report.page import MISSING_JINJA, with_commands, write_report


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


def test_the_page_is_the_same_each_time_and_in_each_clone(repo: Path, tmp_path: Path) -> None:
    ids = [add_entry(repo, point(n), started_at=f"2026-05-1{n}") for n in range(6)]
    add_finding(repo, "F001-a", job(ids[0]), job(NOWHERE))
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "all")
    git(tmp_path, "clone", "-q", str(repo), "clone")
    assert page(repo) == page(repo) == page(tmp_path / "clone")


def test_the_policy_lets_nothing_in_but_the_pages_own_style_and_script(repo: Path) -> None:
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


def test_every_link_inside_leads_somewhere_and_ids_are_unique(repo: Path) -> None:
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


def test_nothing_of_the_repositorys_becomes_markup(repo: Path) -> None:
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


def test_long_lists_are_cut_and_counted(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "MOST_PROBLEMS", 2)
    for n in range(5):
        write(repo, f".aexp/ledger/{n:032}.json", "{")
    text = Elements(page(repo)).text
    assert "and 3 more problems: run aexp validate." in " ".join(text.split())


def test_without_jinja2_the_message_says_what_to_install(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(UsageError, match=re.escape(MISSING_JINJA)):
        write_report(checker(repo), tmp_path / "out.html")
    assert "pip install 'pytest-aexp[report]'" in MISSING_JINJA
    assert not (tmp_path / "out.html").exists()


def test_writing_makes_folders_and_replaces_an_older_page(repo: Path) -> None:
    target = repo / "out" / "deep" / "report.html"
    write_report(checker(repo), target)
    first = target.read_bytes()
    add_finding(repo, "F001-a")
    write_report(checker(repo), target)
    assert target.read_bytes() != first
    assert [each.name for each in target.parent.iterdir()] == ["report.html"]
    with pytest.raises(UsageError, match="is a folder"):
        write_report(checker(repo), target.parent)


def test_an_empty_repository_has_a_page(repo: Path) -> None:
    shutil.rmtree(new_repository(repo) / ".git")
    (repo / ".aexp").mkdir()
    write(repo, ".aexp/installed.json", "{}")
    text = Elements(page(repo)).text
    assert "There are no findings yet." in text
    assert 'aexp finding new "What was found"' in text


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("run `aexp fix` <now>", "run <code>aexp fix</code> &lt;now&gt;"),
        (f"write {'a' * 32}, not {'a' * 33}", f"write <code>{'a' * 32}</code>, not {'a' * 33}"),
        (f"`cite {'a' * 32}`", f"<code>cite {'a' * 32}</code>"),
        (f"one ` alone {'a' * 32}", f"one ` alone <code>{'a' * 32}</code>"),
        ("`<b>`", "<code>&lt;b&gt;</code>"),
    ],
)
def test_commands_and_ids_are_set_as_code(text: str, html: str) -> None:
    assert str(with_commands(text)) == html
