"""Simple YAML is read as the parsers read it, to the last offset, and all else is left to them."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pytest_aexp.ground.yaml.nodes import Node, Scalar, Sequence, YamlFault, parse
from pytest_aexp.ground.yaml.simple import read_simple

needs_c_parser = pytest.mark.skipif(
    importlib.util.find_spec("_ruamel_yaml") is None,
    # The other one has no one place for a value that is not there.
    reason="no wheel of the C parser for this Python",
)
CASES = Path(__file__).parents[2] / "data"


def everything(node: Node | None) -> Any:
    """All that a node knows, and its own nodes."""
    if node is None:
        return None
    if isinstance(node, Scalar):
        return node.text, node.offset, node.plain, node.tag, node.end
    inner = node.items if isinstance(node, Sequence) else [n for pair in node.pairs for n in pair]
    own = type(node), node.offset, node.flow, node.end, node.inner_end, node.tag
    return own, [everything(one) for one in inner]


def parsed(text: str) -> Any:
    try:
        return everything(parse(text))
    except YamlFault as fault:
        return str(fault)


FINDING = """\
# A finding
id: F001
title: What it's about; nothing, "really" – much
seen: 2026-05-14T19:22:01Z   # in UTC

tags: [a, b c, -1, 'x: y', {d: [e]}]
note: ''
supporting_runs:
  - {type: job, id: 4076a08a2393f617db96cb1a0d5569d6}

  - type: batch
    experiment_id: E046
    selector: {condition: no_context , lr: 1e-3}
    # why not
    except:
    - 4076a08a
  - plain
none: []
deeper:
   one:
      two: three
"""

READ = {
    "a finding": FINDING,
    "a value at the end": "a: b # c\n#d\n\n",
    "lists side by side": "a:\n- b\n- c\nd:\n  - e: f\n    g:\n    - h\ni: j\n",
    "accents": "a: é – “x” 結果\nb: [é, 'ü']\n",
    "empty brackets": "a: []\nb: {c: {}}\n",
    "items without a space": "a:\n- b: {c: [d]}\n",
    "indented": "  a: b\n  c: d\n",
}


@pytest.mark.parametrize("reader", [pytest.param("c", marks=needs_c_parser), "pure"])
@pytest.mark.parametrize("text", READ.values(), ids=READ)
def test_what_is_simple_is_read_as_the_parsers_read_it(
    monkeypatch: pytest.MonkeyPatch, reader: str, text: str
) -> None:
    if reader == "pure":
        monkeypatch.setitem(sys.modules, "_ruamel_yaml", None)
    read = everything(read_simple(text))
    assert read is not None
    assert read == parsed(text)


LEFT = {
    "nothing": "",
    "a list": "-  a: b\n",
    "no end of the line": "a: b",
    "a key twice": "a: b\na: c\n",
    "a key twice in brackets": "a: {b: c, b: d}\n",
    "two lines of text": "a: b\n  c\n",
    "a block of text": "a: |\n  b\n",
    "a colon in text": "a: b: c\n",
    "a colon at its end": "a: b:\n",
    "text behind quotes": 'a: "b" c\n',
    "an escape": 'a: "b\\n"\n',
    "a quote twice": "a: 'b''c'\n",
    "an anchor": "a: &b c\n",
    "a tag": "a: !b c\n",
    "a merge key": "<<: {a: b}\n",
    "a tab": "a: b\tc\n",
    "CRLF": "a: b\r\n",
    "a line end of old": "a: b\u2028c\n",
    "a bracket that never ends": "a: [b\n",
    "the wrong bracket": "a: [b}\n",
    "a comma at the end": "a: [b,]\n",
    "a pair in a list": "a: [b: c]\n",
    "a word in a mapping": "a: {b}\n",
    "an indent of its own": "a:\n    b: c\n  d: e\n",
    "a list below a value": "a: b\n- c\n",
    "a list in a list": "a:\n- - b\n",
    "an empty item": "a:\n- \n",
    "a second document": "a: b\n--- c\n",
    "deep brackets": f"a: {'[' * 20}b{']' * 20}\n",
    "deep indents": "".join(f"{' ' * depth}a:\n" for depth in range(20)),
}


@pytest.mark.parametrize("text", LEFT.values(), ids=LEFT)
def test_what_is_not_simple_is_left_to_the_parser(text: str) -> None:
    assert read_simple(text) is None


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    for inner in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from texts_in(inner)


@needs_c_parser
@pytest.mark.parametrize("name", ["cases.json", "more_cases.json", "evidence_cases.json"])
def test_the_findings_of_all_cases_are_read_as_the_parser_reads_them(name: str) -> None:
    every = texts_in(json.loads((CASES / name).read_text("utf-8")))
    texts = {text.split("---\n")[1] for text in every if text.count("---\n") > 1}
    read = {text: node for text in texts if (node := read_simple(text)) is not None}
    assert 2 * len(read) > len(texts)
    for text, node in read.items():
        assert everything(node) == parsed(text)


PARTS = (
    *(
        "a",
        "b: ",
        "c:",
        "\n",
        "\n  ",
        "\n    ",
        "- ",
        "  ",
        " ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        ",",
        "'x'",
    ),
    *('"y"', "#", " # z\n", "1e-3", "-", ":", "é", "'", '"', "&", "*", "!", "|", "? ", "%", "."),
)
WORDS = st.lists(st.sampled_from(PARTS), max_size=25).map("".join)
PAIRS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "- a", "- b"]), st.sampled_from(["", " "]), WORDS)
).map(lambda pairs: "".join(f"{key}:{blank}{value}\n" for key, blank, value in pairs))


@needs_c_parser
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.one_of(WORDS, PAIRS))
@example("a:\nb:  \n")
def test_whatever_is_read_is_as_the_parser_reads_it(text: str) -> None:
    read = read_simple(f"{text}\n")
    if read is not None:
        assert everything(read) == parsed(f"{text}\n")
