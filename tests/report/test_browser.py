"""The report's page in a real browser: it loads, filters, prints, and runs nobody else's script."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from repositories import add_entry, add_finding, batch, entry_of, job, new_repository, write
from tree import ROOT

from pytest_aexp.cli import main

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.tree]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ALONE = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
NOWHERE = "deadbeef" * 4
NARROW, WIDE = {"width": 390, "height": 800}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        missing = "there is no chromium: `apt-get install --no-install-recommends chromium`"
        if os.environ.get("CI") == "true":
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
    # Here, since only these tests need it, and the tests on the wheel do without.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ALONE)
        yield launched
        launched.close()


class Opened:
    """A page that was opened, and everything it said or asked for."""

    def __init__(self, browser: Browser, file: Path, **context: Any) -> None:
        self.context = browser.new_context(**context)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(120_000)  # beside other tests a browser is slow
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", self._dialog)
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())
        self.asked.remove(file.as_uri())

    def _dialog(self, dialog: Any) -> None:
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    @property
    def visible(self) -> list[str]:
        """The names of the findings that are shown."""
        return [name.inner_text() for name in self.page.locator("article:visible .name").all()]

    def search(self, text: str) -> list[str]:
        self.page.fill("#text", text)
        self.page.wait_for_timeout(150)
        return self.visible


@pytest.fixture
def opening(browser: Browser) -> Iterator[Any]:
    opened: list[Opened] = []

    def open_page(file: Path, **context: Any) -> Opened:
        opened.append(Opened(browser, file, **context))
        return opened[-1]

    yield open_page
    for each in opened:
        each.context.close()


def report(repo: Path) -> Path:
    assert main(["report", "--html", "report.html"]) == 0
    return repo / "report.html"


def point(number: int) -> dict[str, Any]:
    return {"experiment_id": "E001", "condition": "full" if number % 2 else "half", "seed": number}


@pytest.fixture
def file(repo: Path) -> Path:
    """The page of a small repository with a bit of everything."""
    ids = [
        add_entry(
            repo,
            point(n),
            registered_machine="cluster" if n < 4 else "laptop",
            status="failed" if n == 5 else "complete",
            started_at=f"2026-05-{n + 10}T10:00:00Z",
            code_commit="9fceb02d0ae598e95dc970b74767f19372d61af8",
            code_dirty=n == 3,
            tracker={"backend": "wandb", "run_id": f"r{n}", "url": f"https://wandb.ai/l/s/r{n}"},
        )
        for n in range(8)
    ]
    add_finding(repo, "F001-a", job(ids[0]), job(ids[1]))
    add_finding(repo, "F002-b", job(ids[5]), job(NOWHERE))
    add_finding(repo, "F003-c", batch("E001", "{seed: 3}"), extra="supporting_run: 1\n")
    add_finding(repo, "F004-d")
    write(repo, f".aexp/ledger/{'0' * 32}.json", "{")
    return report(repo)


def test_it_loads_without_an_error_and_asks_for_nothing(file: Path, opening) -> None:
    opened = opening(file)
    assert (opened.said, opened.asked) == ([], [])
    assert opened.visible == ORDER
    counts = opened.page.locator(".counts dd").all_inner_texts()
    words = opened.page.locator(".counts dt").all_inner_texts()
    assert dict(zip(words, counts, strict=True)) == {
        "failed": "1",
        "ok, with warnings": "1",
        "ok": "1",
        "cites no run": "1",
    }
    assert opened.page.locator("svg rect").count() == 8


ORDER = ["F002", "F003", "F001", "F004"]
"""What does not stand is on top."""


def test_a_whole_batch_is_sorted_searched_and_copied(repo: Path, opening) -> None:
    for n in range(30):
        metrics = {"f1": (7 * n) % 30}
        add_entry(repo, point(n), status="failed" if n == 4 else "complete", metrics=metrics)
    add_finding(repo, "F001-a", batch("E001"))
    opened = opening(report(repo))
    page = opened.page
    rows = page.locator("table.runs").first.locator("tbody tr:visible:not(.batch, .more, .told)")
    assert rows.count() == 30
    assert "failed" in rows.first.inner_text()
    page.locator("thead button", has_text="Status").first.click()
    assert "failed" in rows.last.inner_text()
    page.locator("thead button", has_text="Status").first.click()
    assert "failed" in rows.first.inner_text()
    page.locator("select.by").focus()
    for chosen, first in (("seed ↓", "seed=29"), ("f1 ↑", "f1 0"), ("seed ↑", "seed=0")):
        page.select_option("select.by", label=chosen)
        assert first in rows.first.inner_text()
    page.fill(".rows", "seed=17")
    assert rows.count() == 1
    assert "f1 29" in rows.first.inner_text()
    rows.first.locator("td.run").hover()
    assert rows.first.locator("button.copy").is_visible()
    assert opened.said == []


def test_commands_can_be_copied_and_nothing_else(file: Path, opening) -> None:
    copies = "[...document.querySelectorAll('.copy')].map((b) => b.previousSibling.textContent)"
    commands = opening(file).page.evaluate(copies)
    assert commands
    assert all(command.startswith(("aexp ", "git ")) for command in commands)


def test_a_click_on_a_count_filters_the_findings(file: Path, opening) -> None:
    opened = opening(file)
    opened.page.locator(".counts .error a").click()
    assert opened.visible == ["F002"]
    assert opened.page.locator("#verdict").input_value() == "error"


def test_links_lead_to_the_tracker_and_give_nothing_away(file: Path, opening) -> None:
    links = opening(file).page.locator("td a[href^=http]")
    assert links.first.get_attribute("href") == "https://wandb.ai/l/s/r5"
    assert {each.get_attribute("rel") for each in links.all()} == {"noopener noreferrer"}


def test_search_and_filters_narrow_the_findings(file: Path, opening) -> None:
    opened = opening(file)
    page = opened.page
    assert opened.search("f002") == ["F002"]
    assert opened.search("FOUND deadbeef") == ["F002"]
    assert opened.search("no such words") == []
    assert page.locator("#nothing").is_visible()
    page.click("button[type=reset]")
    page.wait_for_timeout(100)
    assert len(opened.visible) == 4
    page.select_option("#verdict", label="failed")
    assert opened.visible == ["F002"]
    page.select_option("#verdict", label="in doubt")
    assert opened.visible == ["F002", "F003"]
    page.select_option("#verdict", "")
    page.select_option("#machine", label="cluster")
    assert opened.visible == ["F003", "F001"]
    page.select_option("#machine", "")
    page.select_option("#status", label="failed")
    assert opened.visible == ["F002"]
    assert page.locator("#shown").inner_text() == "1 of 4 shown"
    page.select_option("#machine", label="cluster")
    assert opened.visible == []
    assert opened.said == []


def test_the_keyboard_is_enough(file: Path, opening) -> None:
    page = opening(file).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "findings"
    page.keyboard.press("/")
    page.keyboard.type("f001")
    page.wait_for_timeout(150)
    assert page.locator("article:visible").count() == 1
    details = page.locator("article:visible details")
    assert details.get_attribute("open") is not None
    details.locator("summary").focus()
    page.keyboard.press("Enter")
    assert details.get_attribute("open") is None
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"


def test_a_link_to_a_finding_opens_it_though_a_filter_hides_it(file: Path, opening) -> None:
    opened = opening(file)
    page = opened.page
    page.click("#toggle")
    assert page.locator("article details[open]").count() == 0
    opened.search("f001")
    page.click("#doubts ~ table a[href='#F003']")
    page.wait_for_timeout(150)
    assert page.locator("#F003 details").get_attribute("open") is not None
    assert page.locator("#F003").is_visible()


CONTRASTS = """() => {
  const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const found = numbers(getComputedStyle(e).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
  };
  return [...document.querySelectorAll("body *")].filter(
    (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && e.checkVisibility()
  ).map((e) => {
    const style = getComputedStyle(e);
    const text = numbers(e.closest("svg") ? style.fill : style.color);
    const [a, b] = [light(text), light(behind(e))];
    return [e.tagName + "." + e.className, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_in_both_themes(file: Path, opening, scheme: str) -> None:
    page = opening(file, color_scheme=scheme).page
    found = page.evaluate(CONTRASTS)
    assert len(found) > 100
    assert [each for each in found if each[1] < 4.5] == []


def test_the_theme_follows_the_system_until_it_is_chosen(file: Path, opening) -> None:
    page = opening(file, color_scheme="dark").page
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.emulate_media(color_scheme="light")
    light = page.evaluate(paper)
    assert dark != light
    page.click("#theme")
    assert page.evaluate(paper) == dark
    page.emulate_media(media="print")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
def test_the_page_fits_the_width_of_the_window(file: Path, opening, size: dict[str, int]) -> None:
    page = opening(file, viewport=size).page
    page.click("#uncited ~ details summary")
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_on_a_narrow_page_no_word_of_the_numbers_is_broken(repo: Path, opening) -> None:
    for n in range(8):
        add_entry(repo, point(n), metrics={"accuracy": 0.5})
    path = add_finding(repo, "F001-a", batch("E001"))
    number = "0.5<!-- = mean(accuracy) -->"
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{number}\n", encoding="utf-8")
    cell = opening(report(repo), viewport=NARROW).page.locator(".claims td").last
    assert "and 3 more runs" in cell.inner_text()
    assert cell.evaluate("e => e.scrollWidth") > NARROW["width"] / 2


def test_on_paper_every_finding_is_open(file: Path, opening) -> None:
    page = opening(file).page
    page.click("#toggle")
    opened = "document.querySelectorAll('article details[open]').length"
    listed = "document.querySelector('#uncited ~ details').open"
    page.evaluate(
        f"addEventListener('beforeprint', () => {{ window.printed = [{opened}, {listed}]; }})"
    )
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF-")
    assert page.evaluate("window.printed") == [4, True]
    assert page.evaluate(f"[{opened}, {listed}]") == [0, False]


def test_without_javascript_everything_is_there(file: Path, opening) -> None:
    opened = opening(file, java_script_enabled=False)
    assert opened.visible == ORDER
    assert not opened.page.locator("#filter").is_visible()
    assert not opened.page.locator("#theme").is_visible()


PAYLOADS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "\"><iframe srcdoc='<script>parent.alert(1)</script>'>",
    "' onmouseover='alert(1)' x='",
    "javascript:alert(1)",
    "<link rel=stylesheet href=http://evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=http://evil.example/'>",
    "<base href=http://evil.example/>",
    "</title></textarea></noscript><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}${alert(1)}",
    "<!--><script>alert(1)</script>-->",
    "\u202egnp.exe\u2066\u2067",
    "\x1b]0;x\x07\x9b2J\r\n\x0b",
    "\ud800 &lt;b&gt; &#x3c;b&#x3e;",
)


def test_a_hostile_repository_runs_no_script_and_sends_nothing(repo: Path, opening) -> None:
    for number, evil in enumerate(PAYLOADS):
        job_id = add_hostile_entry(repo, number, evil)
        cited = json.dumps({"type": "job", "id": evil})
        chosen = json.dumps({"type": "batch", "experiment_id": "E001", "selector": {evil: evil}})
        path = add_finding(repo, f"F{number:03d}-x", job(job_id), cited, chosen)
        heading = evil.encode("utf-8", "replace").decode().replace("\r\n", " ")
        path.write_text(f"{path.read_text(encoding='utf-8')}\n# {heading}\n", encoding="utf-8")
    for name in ('F100"><img src=x onerror=alert(1)>', "F101'-alert(1)-'", "F102\u202e\x1b[2J"):
        write(repo, f"kb/research/findings/{name}.md", "---\nsupporting_runs: [x]\n---\n")
    index = {"schema_version": 1, "machine_label": PAYLOADS[0], "entries": [{"job_id": NOWHERE}]}
    write(repo, ".aexp/runs-index/x.json", json.dumps(index))
    add_finding(repo, "F200-elsewhere", job(NOWHERE))
    opened = opening(report(repo))
    page = opened.page
    page.click("#toggle")
    for label in page.locator("summary").all()[:5]:
        label.hover()
    opened.search("alert(1)")
    page.pdf()
    page.wait_for_timeout(300)
    assert (opened.said, opened.asked) == ([], [])
    assert page.evaluate("document.scripts.length") == 1
    text = page.evaluate("document.body.textContent")
    assert "<script>alert(1)</script>" in text
    assert not [character for character in "\u202e\u2066\x1b\x9b\x07" if character in text]
    links = page.evaluate("[...document.links].map((each) => each.protocol)")
    assert set(links) == {"file:"}


def add_hostile_entry(repo: Path, number: int, evil: str) -> str:
    """An entry as a program that escapes all but ASCII would write it, lone surrogates too."""
    entry = entry_of(
        {"experiment_id": evil, evil: [evil], "seed": number},
        registered_machine=evil,
        started_at=evil,
        ended_at=evil,
        code_commit=evil,
        tracker={"backend": evil, "run_id": evil, "url": f"javascript:{evil}"},
    )
    write(repo, f".aexp/ledger/{entry['job_id']}.json", json.dumps(entry))
    return str(entry["job_id"])


def test_the_policy_alone_would_stop_a_script_that_got_in(file: Path, opening) -> None:
    text = file.read_text(encoding="utf-8")
    evil = "<script>document.title = 'run'</script><img src='http://127.0.0.1:9/x'>"
    file.write_text(text.replace("<main>", f"<main>{evil}", 1), encoding="utf-8")
    opened = opening(file)
    assert opened.page.title() != "run"
    assert len(opened.said) == 2
    assert all("Content Security Policy" in each for each in opened.said)


def test_a_thousand_findings_and_ten_thousand_runs_stay_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opening
) -> None:
    repo = tmp_path / "large"
    generate().build(repo, 10_000, 1_000, store=False)
    monkeypatch.chdir(repo)
    file = report(repo)
    assert file.stat().st_size < 10 << 20
    start = time.monotonic()
    opened = opening(file, viewport=WIDE)
    assert time.monotonic() - start < 30
    page = opened.page
    assert page.locator("article").count() == 1000
    assert page.locator("#uncited ~ details tbody tr").count() == 100
    took = page.evaluate(
        """() => new Promise((done) => {
          const start = performance.now();
          const text = document.getElementById("text");
          text.value = "f077";
          new MutationObserver(() => requestAnimationFrame(() => done(performance.now() - start)))
            .observe(document.getElementById("shown"), { childList: true });
          text.dispatchEvent(new Event("input"));
        })"""
    )
    assert took < 5000
    assert page.locator("#shown").inner_text() in ("1 of 1,000 shown", "3 of 1,000 shown")
    assert (opened.said, opened.asked) == ([], [])


def generate() -> Any:
    """The maker of large repositories that the benchmarks use."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "benchmarks/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_empty_repository_has_a_quiet_page(tmp_path: Path, monkeypatch, opening) -> None:
    repo = new_repository(tmp_path / "empty")
    monkeypatch.chdir(repo)
    opened = opening(report(repo))
    assert (opened.said, opened.visible) == ([], [])
    assert not opened.page.locator("#filter").is_visible()
