"""The documents leave out no verb, option, setting or hook, and no link leads nowhere."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from commands import options, parsers
from markdown_it import MarkdownIt
from pages import PAGES, ROOT, run_shell, sections, text_of
from ruamel.yaml import YAML

from pytest_aexp import plugin
from pytest_aexp.ground.settings.configuration import Configuration

if TYPE_CHECKING:
    from markdown_it.token import Token

pytestmark = pytest.mark.tree

PARSERS = parsers()
CLI_SECTIONS = sections("docs/cli.md")
CLI_TOP = text_of("docs/cli.md").partition("\n## ")[0]
CONFIGURATION = text_of("docs/configuration.md")
HOOKS = [hook["id"] for hook in YAML(typ="safe").load(ROOT / ".pre-commit-hooks.yaml")]
MARKDOWN = MarkdownIt()


def test_every_verb_has_its_section_and_there_is_no_other() -> None:
    groups = {typed.rpartition(" ")[0] for typed in PARSERS}
    assert set(PARSERS) - groups <= set(CLI_SECTIONS) <= set(PARSERS)


@pytest.mark.parametrize("typed", PARSERS)
def test_every_option_of_a_verb_and_each_of_its_choices_is_explained(typed: str) -> None:
    group = typed.rpartition(" ")[0]
    # What several verbs have stands at the top of the page, or with the verb of the verbs.
    text = CLI_TOP + CLI_SECTIONS.get(group, "") + CLI_SECTIONS.get(typed, "")
    for option in options(PARSERS[typed]):
        assert re.search(rf"`{option}[ `]", text), option
    for action in PARSERS[typed]._actions:
        if action.option_strings and action.choices:
            assert all(f"`{choice}`" in text for choice in action.choices)


@pytest.mark.parametrize("typed", PARSERS)
def test_no_option_is_explained_that_a_verb_does_not_have(typed: str) -> None:
    inner = [verb for verb in PARSERS if verb == typed or verb.rpartition(" ")[0] == typed]
    rows = re.findall(r"^\| (`--.+?) \|", CLI_SECTIONS.get(typed, ""), flags=re.MULTILINE)
    named = re.findall(r"`(--[\w-]+)", " ".join(rows))
    assert {*named} <= {option for verb in inner for option in options(PARSERS[verb])}


class Recorder:
    """What a plugin's pytest_addoption asks for, in pytest's words."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}
        self.inis: list[str] = []

    def getgroup(self, *_: str) -> Recorder:
        return self

    def addoption(self, name: str, **settings: Any) -> None:
        self.options[name] = settings

    def addini(self, name: str, *_: Any, **__: Any) -> None:
        self.inis.append(name)


def test_every_option_and_ini_of_pytest_is_explained() -> None:
    recorder = Recorder()
    plugin.pytest_addoption(recorder)  # type: ignore[arg-type]
    assert len(recorder.options) >= 2
    for option, settings in recorder.options.items():
        assert re.search(rf"`{option}[=`]", CONFIGURATION), option
        assert all(f"{choice}`" in CONFIGURATION for choice in settings.get("choices", ()))
    for ini in recorder.inis:
        assert re.search(rf"`{ini} = ", CONFIGURATION), ini


def test_every_setting_of_pyproject_is_explained() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", CONFIGURATION, flags=re.MULTILINE)
    assert {field.name for field in fields(Configuration)} <= set(rows)


def test_every_environment_variable_that_is_read_is_explained() -> None:
    sources = [*ROOT.glob("pytest_aexp/**/*.py"), *ROOT.glob("hooks/*.py")]
    read = {
        name
        for source in sources
        for name in re.findall(r"\b(?:AEXP_[A-Z_]+|NO_COLOR)\b", source.read_text())
    }
    assert "NO_COLOR" in read
    assert read <= set(re.findall(r"^\| `(\w+)` \|", CONFIGURATION, flags=re.MULTILINE))


@pytest.mark.parametrize("page", ["README.md", "docs/pre-commit.md"])
@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_in_the_pages_one_pastes_from(hook: str, page: str) -> None:
    assert f"- id: {hook}\n" in text_of(page)


def test_every_extra_is_told_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    every = "".join(map(text_of, PAGES))
    for extra in project["optional-dependencies"]:
        assert f"pytest-aexp[{extra}]" in every


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), ["README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page not in PAGES:
            continue
        reached.add(page)
        waiting += [path for path, _ in links(page)]
    assert set(PAGES) - reached == {"CHANGELOG.md"} - reached


def links(page: str) -> Iterator[tuple[str, str]]:
    """The files a page links to, relative to the tree, and the anchors in them."""
    for token in every_token(page):
        target = str(token.attrGet("href") or "")
        if token.type == "link_open" and not re.match(r"https?://|mailto:", target):
            path, _, anchor = target.partition("#")
            named = (ROOT / page).parent / path if path else ROOT / page
            yield named.resolve().relative_to(ROOT).as_posix(), anchor


def every_token(page: str) -> Iterator[Token]:
    for token in MARKDOWN.enable("table").parse(text_of(page)):
        yield token
        yield from token.children or ()


def anchors(page: str) -> set[str]:
    """The anchors GitHub gives a page's headings."""
    tokens = list(every_token(page))
    headings = [
        inline.content for opening, inline in pairwise(tokens) if opening.type == "heading_open"
    ]
    bare = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in bare}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for path, anchor in links(page):
        assert (ROOT / path).exists(), path
        assert not anchor or anchor in anchors(path), f"{path}#{anchor}"


@pytest.mark.parametrize("page", PAGES)
def test_what_is_mentioned_of_the_command_exists(page: str) -> None:
    for token in every_token(page):
        if token.type == "code_inline" and re.match(r"aexp [^=]", token.content):
            check_mention(token.content)


def check_mention(mention: str) -> None:
    """``aexp ledger promote <job id>``: the verbs, and the options if there are any."""
    words = [word.strip("[]") for word in mention.split()]
    typed = "aexp"
    while words[1:] and f"{typed} {words[1]}" in PARSERS:
        typed = f"{typed} {words.pop(1)}"
    has_verbs = any(other.startswith(f"{typed} ") for other in PARSERS)
    strangers = [word for word in words[1:] if has_verbs and re.fullmatch(r"[a-z][a-z-]*", word)]
    assert strangers in ([], ["bash"]), mention
    named = [word.partition("=")[0] for word in words if word.startswith("--")]
    assert set(named) <= {*options(PARSERS[typed]), "--help"}, mention


@pytest.mark.parametrize("mention", ["aexp valdate", "aexp ledger nothing ID", "aexp fix --force"])
def test_a_mention_of_what_does_not_exist_would_be_seen(mention: str) -> None:
    with pytest.raises(AssertionError, match=mention):
        check_mention(mention)


@pytest.mark.parametrize("hook", HOOKS)
def test_every_argument_of_a_hook_is_explained(hook: str, tmp_path: Path) -> None:
    section = sections("docs/pre-commit.md")[hook]
    output = run_shell(f"{hook} --help", tmp_path)
    assert output.startswith(f"usage: {hook} ")
    every = set(re.findall(r"--[a-z][a-z-]+", output)) - {"--help"}
    assert every == set(re.findall(r"^\| `(--[a-z-]+)", section, flags=re.MULTILINE))


OURS = r"(?:pytest_aexp|tests|tools|hooks|benchmarks|fuzz|schemas|docs)/[\w./-]+\w"
FLOORS = r"(?:work|model|ground|cli|plugin|report)/[\w./]+\.py"


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/reliability.md", "benchmarks/README.md"])
def test_every_file_of_the_tree_that_a_page_names_is_there(page: str) -> None:
    text = text_of(page)
    named = set(re.findall(rf"(?:`| )({OURS})", text))
    named |= {f"pytest_aexp/{path}" for path in re.findall(rf"`({FLOORS})`", text)}
    assert named
    assert {path for path in named if not (ROOT / path).exists()} == set()
