"""What a parser refuses is named as its writer would, at the place that is to be mended."""

from __future__ import annotations

import time

import pytest

from pytest_aexp.ground.yaml.mistakes import mistake_in
from pytest_aexp.ground.yaml.nodes import YamlSyntax, parse

QUOTES = "a text that begins with {} needs quotes"
NEVER = "the list that begins with `[` here never ends"
COMMA = "a comma is missing before this"
INDENT = "the line is indented neither like the one above nor as a part of it"
MISTAKES = {
    "a list without its end": ("a: [1, 2\nb: 3\n", NEVER, "`]` at its end", "["),
    "a list without its end, last": ("b: 3\na: [1, 2\n", NEVER, "`]` at its end", "["),
    "a mapping without its end": (
        "a: [{b: 1]\n",
        "a mapping that begins with `{` ends with `}`",
        "write `}` before the `]`",
        "]",
    ),
    "a list with a bracket and dashes": (
        "a: [\n  - {b: 1}\n  - {b: 2}\n",
        NEVER,
        "remove it: the dashes below make the list",
        "[",
    ),
    "a list without its end, around a mapping": ("a: {b: [1,\n 2}\n", NEVER, "`]` at its", "["),
    "mappings without a comma": ("a: [{b: 1} {c: 2}]\n", COMMA, "put a comma", "{c"),
    "texts without a comma": ("a: ['x' 'y']\n", COMMA, "put a comma", "'y"),
    "pairs without a comma": ("a: {type: job id: x}\n", COMMA, "put a comma", "id"),
    "a bracket too many": ("a: [{b: 1}]]\n", "this `]` closes nothing", "remove it", "]\n"),
    "text after a list": ("a: [x] y\n", "there is more text after the list", "quotes", " y"),
    "a quote without its end": (
        'a: "x\nb: 1\n',
        'the text that begins with " here never ends',
        'write " at its end',
        '"',
    ),
    "an apostrophe in single quotes": (
        "a: 'it's here'\n",
        "there is more text after the closing '",
        "put all of the text in quotes",
        "s here",
    ),
    "a backslash": (
        'a: "a\\qb"\n',
        "a backslash between double quotes has a meaning of its own",
        "use single quotes",
        "",
    ),
    "no space after a colon": (
        "title:x\nb: 1\n",
        "a space is missing after the colon",
        "write `key: value`",
        "title",
    ),
    "no space after a dash": (
        "a:\n  -{b: 1, c: 2}\n",
        "a space is missing after the dash",
        "write `- item`",
        "-{",
    ),
    "no space after the dash above": (
        "a:\n  -b: 1\n    c: 2\n",
        "a space is missing after the dash",
        "write `- item`",
        "-b",
    ),
    "no colon": ("a = 1\nb: 1\n", "there is no colon in this line", "write `key: value`", "a ="),
    "a key too far right": (
        "a: x\n  b: []\n",
        "the line is indented further than the one above",
        "indent both alike",
        "  b",
    ),
    "an item too far left": ("a:\n  - {b: 1}\n - {c: 1}\n", INDENT, "indent it like", ""),
    "a key between": ("a:\n  - b: 1\n   c: 2\n", INDENT, "indent it like", ""),
    "a colon in a text": (
        "a: b: c\n",
        "a text with a colon in it needs quotes",
        "put quotes around the text",
        "",
    ),
    "a tab": ("a:\n\t- b\n", "the line is indented with a tab", "indent with spaces", ""),
    "@": ("a: @x\n", QUOTES.format("@"), "put quotes", "@"),
    "|": ("a: | x\n", QUOTES.format("|"), "put quotes", "|"),
    "a bracket": ("a: }\n", QUOTES.format("}"), "put quotes", "}"),
    "after a text of lines": ("a: |\n  [ it's\nb: [\n", NEVER, "write `]`", "[\n"),
    "an end in a comment": (
        "a:\n  - {b: 1 # x}\n  - {c: 2}\n",
        "what follows # is a comment, so the mapping before it never ends",
        "write `}` before the #",
        "# x",
    ),
    "after a comment": ("# [ it's\nb: [\n", NEVER, "write `]`", "[\n"),
    "anything else": ("? - x\n  -- y\n: [\n\n", NEVER, "write `]`", "["),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_where_it_is(name: str) -> None:
    text, message, fix, place = MISTAKES[name]
    with pytest.raises(YamlSyntax) as refused:
        parse(text)
    mistake = mistake_in(text, refused.value.offset, refused.value.message)
    assert mistake.message == message
    assert fix in mistake.fix
    assert not place or text[mistake.offset :].startswith(place)


@pytest.mark.parametrize("piece", ["a[", "[]", "a: |\n", "'x' ", "[", "{a: ", "a: [b]\n", "- "])
def test_a_long_text_takes_no_longer_for_each_of_its_mistakes(piece: str) -> None:
    start = time.process_time()
    mistake_in(piece * (65_000 // len(piece)), 0, "")
    assert time.process_time() - start < 1
