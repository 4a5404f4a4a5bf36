"""YAML text becomes nodes that know where they stand, with either parser, within bounds."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pytest_aexp.ground.yaml.nodes import (
    DEPTH_LIMIT,
    Mapping,
    Node,
    Scalar,
    Sequence,
    YamlFault,
    parse,
)

HAS_C_PARSER = importlib.util.find_spec("_ruamel_yaml") is not None


@pytest.fixture(params=["c", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each test runs with the C parser, and as on a Python for which it has no wheel."""
    if request.param == "pure":
        monkeypatch.setitem(sys.modules, "_ruamel_yaml", None)
    elif not HAS_C_PARSER:
        pytest.skip("no wheel of the C parser for this Python")
    return str(request.param)


def tree(node: Node | None, above: tuple[Node, ...] = ()) -> Any:
    """A tree as plain values: text for a plain scalar, else what sets the scalar apart."""
    if node is None:
        return None
    if isinstance(node, Scalar):
        return node.text if node.plain else ("text", node.text, node.tag)
    if any(node is known for known in above):
        return "itself"
    above = (*above, node)
    if isinstance(node, Sequence):
        return [tree(item, above) for item in node.items]
    return {"pairs": [(tree(key, above), tree(inner, above)) for key, inner in node.pairs]}


def nodes(node: Node | None, found: list[Node] | None = None) -> list[Node]:
    """Every node from one on, each once."""
    found = [] if found is None else found
    if node is None or any(node is known for known in found):
        return found
    found.append(node)
    if isinstance(node, Sequence):
        for item in node.items:
            nodes(item, found)
    elif isinstance(node, Mapping):
        for pair in node.pairs:
            for part in pair:
                nodes(part, found)
    return found


def scalars(node: Node | None) -> list[Scalar]:
    return [each for each in nodes(node) if isinstance(each, Scalar)]


TAG = "tag:yaml.org,2002:"
TREES: dict[str, tuple[str, Any]] = {
    "nothing": ("", None),
    "only a comment": ("# nothing\n", None),
    "an id like a number": ("1e31", "1e31"),
    "a block mapping": ("a: 1\nb:\n  - x\n  - y\n", {"pairs": [("a", "1"), ("b", ["x", "y"])]}),
    "a flow mapping": ("{a: 1, 'b': [x]}", {"pairs": [("a", "1"), (("text", "b", None), ["x"])]}),
    "quotes": ("[ 'it''s', \"a\\tb\\u00e9\" ]", [("text", "it's", None), ("text", "a\tbé", None)]),
    "a literal block": ("a: |\n  x\n  y\n", {"pairs": [("a", ("text", "x\ny\n", None))]}),
    "a folded block": ("a: >-\n  x\n  y\n", {"pairs": [("a", ("text", "x y", None))]}),
    "a tag": ("[!!str 5, !!int '6', ! 7]", [
        ("text", "5", TAG + "str"), ("text", "6", TAG + "int"), ("text", "7", TAG + "str"),
    ]),
    "an anchor": ("a: &x 1\nb: *x\n", {"pairs": [("a", "1"), ("b", "1")]}),
    "CRLF": ("a: 1\r\nb:\r\n- x\r\n", {"pairs": [("a", "1"), ("b", ["x"])]}),
    "a comment": ("a: b # c\n# d\ne: f#g\n", {"pairs": [("a", "b"), ("e", "f#g")]}),
    "nothing after a colon": ("a:\nb:", {"pairs": [("a", ""), ("b", "")]}),
    "a document that says so": ("--- a\n...\n", "a"),
    "a merge key is a key": ("<<: x", {"pairs": [("<<", "x")]}),
    "a list as a key": ("[a]: b", {"pairs": [(["a"], "b")]}),
    "a URL in a flow list": ("[http://a.b/c, x:y]", ["http://a.b/c", "x:y"]),
    "a dot in an anchor": ("[&a.b x, *a.b]", ["x", "x"]),
    "an accent in an anchor": ("[&é x, *é]", ["x", "x"]),
    "a tab after a value": ("a: b\t\nc: d\t# e\n", {"pairs": [("a", "b"), ("c", "d")]}),
    "a tab before a value": ("a:\tb\nc: [d,\te]\n", {"pairs": [("a", "b"), ("c", ["d", "e"])]}),
    "a tab after a dash": ("-\ta\n- b\n", ["a", "b"]),
    "a tab alone": ("a: b\n\t\n \t\nc: 'd'\n \t\ne: f", {
        "pairs": [("a", "b"), ("c", ("text", "d", None)), ("e", "f")],
    }),
    "non-ASCII": ("ключ: 結果 🎉", {"pairs": [("ключ", "結果 🎉")]}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TREES.values(), ids=TREES)
def test_text_becomes_a_tree(parser: str, text: str, expected: Any) -> None:
    assert tree(parse(text)) == expected


OFFSETS = {
    "block": ("a: 1\nlong: [x, 'y']\n", {"a": 0, "1": 3, "long": 5, "x": 12, "y": 15}),
    "past the basic plane": ("🎉: é\nb: c", {"🎉": 0, "é": 3, "b": 5, "c": 8}),
    "CRLF": ("a: 1\r\nb: c\r\n", {"a": 0, "1": 3, "b": 6, "c": 9}),
    "after an anchor and a tag": ("a: &x !!str b", {"a": 0, "b": 3}),
    "after tabs": ("a:\t b\t\n\t\nc:\t\td", {"a": 0, "b": 4, "c": 9, "d": 13}),
}


@pytest.mark.parametrize(("text", "offsets"), OFFSETS.values(), ids=OFFSETS)
def test_a_scalar_knows_where_it_stands(parser: str, text: str, offsets: dict[str, int]) -> None:
    assert {scalar.text: scalar.offset for scalar in scalars(parse(text))} == offsets


def test_an_alias_is_the_node_it_names(parser: str) -> None:
    root = parse("a: &x [1]\nb: *x\nc: &x [2]\nd: *x\n")
    assert isinstance(root, Mapping)
    a, b, c, d = (inner for _, inner in root.pairs)
    assert a is b
    assert c is d
    assert a is not c


FAULTS = {
    "a key twice": ("a: 1\nb: 2\na: 3\n", 'the key "a" is there twice', 10),
    "a key twice below": ("x:\n  a: 1\n  'a': 2\n", 'the key "a" is there twice', 12),
    "a key twice in a flow": ("{a: 1, a: 2}", 'the key "a" is there twice', 7),
    "a merge key twice": ("<<: {}\n<<: {}\n", 'the key "<<" is there twice', 7),
    "an alias of nothing": ("a: *nope\n", "a text that begins with * needs quotes", 3),
    "an alias before its anchor": ("a: *x\nb: &x 1\n", "a text that begins with * needs quotes", 3),
    "a second document": ("a: 1\n--- b\n", "a second document starts here", 5),
    "a directive": ("# x\n\n%YAML 1.2\n--- a\n", "a directive (%) is not allowed here", 5),
    "a list never closed": ("a: [1, 2\n", "", None),
    "a quote never closed": ("a: 'x\n", "", None),
    "a tab for indentation": ("a:\n\tb: c\n", "", 3),
    "two colons": ("a: b: c\n", "", None),
    "an at sign": ("a: @b\n", "", 3),
    "a control character": ("a: b\x07c\n", "", 4),
    "NUL": ("a: \x00\n", "", 3),
    "no such character": ('a: "\\UFFFFFFFF"\n', "", None),
    "no such escape": ('a: "\\q"\n', "", None),
    "no indentation": ("a:\n  b: 1\n c: 2\n", "", None),
}


@pytest.mark.parametrize(("text", "message", "offset"), FAULTS.values(), ids=FAULTS)
def test_what_is_not_usable_is_a_fault(
    parser: str, text: str, message: str, offset: int | None
) -> None:
    with pytest.raises(YamlFault) as caught:
        parse(text)
    assert message in caught.value.message
    assert caught.value.message
    assert "\n" not in caught.value.message
    assert 0 <= caught.value.offset <= len(text)
    if offset is not None:
        assert caught.value.offset == offset


NESTS: dict[str, Callable[[int], str]] = {
    "flow lists": lambda depth: "[" * depth + "]" * depth,
    "flow mappings": lambda depth: "{a: " * depth + "}" * depth,
    "block lists": lambda depth: "- " * depth,
    "block mappings": lambda depth: "".join(" " * i + "a:\n" for i in range(depth)),
}


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85"])
@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("title: loss@falls\nid: F001\n", "title", "loss@falls"),
        ("title: 'loss @ falls'\n", "title", "loss @ falls"),
        ("title: |\n  loss@falls\n", "title", "loss@falls\n"),
        ("a@b: 1\n", "a@b", "1"),
        ("x: [c@d]\n", "x", None),
        ("x: 1 # a@b: 2\n", "x", "1"),
        ("# a@b: 2\nx: \ue000\n", "x", "\ue000"),
        ("x: &a@b 1\n", "x", "1"),
    ],
)
def test_what_only_old_yaml_takes_for_the_end_of_a_line(
    parser: str, text: str, key: str, value: str | None, end: str
) -> None:
    root = parse(text.replace("@", end))
    assert isinstance(root, Mapping)
    name, node = root.pairs[0]
    assert name.text == key.replace("@", end)  # type: ignore[union-attr]
    inner = node.items[0] if isinstance(node, Sequence) else node
    assert inner.text == (value or "c@d").replace("@", end)  # type: ignore[union-attr]


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85"])
def test_places_count_it_as_one_character(parser: str, end: str) -> None:
    with pytest.raises(YamlFault) as caught:
        parse(f"title: 'a{end}b'\nx: *nowhere\n")
    assert caught.value.offset == 16


@pytest.mark.parametrize("nest", NESTS.values(), ids=NESTS)
def test_nesting_is_bounded(parser: str, nest: Callable[[int], str]) -> None:
    parse(nest(DEPTH_LIMIT))
    with pytest.raises(YamlFault, match=f"^nested more than {DEPTH_LIMIT} deep$"):
        parse(nest(DEPTH_LIMIT + 1))


def test_nesting_that_would_crash_the_c_parser_is_a_fault(parser: str) -> None:
    with pytest.raises(YamlFault, match="nested more than"):
        parse("[" * (25_000 if parser == "c" else 2_000))


def test_an_alias_bomb_costs_nothing(parser: str) -> None:
    lines = ["a0: &a0 [z, z, z, z, z, z, z, z, z, z]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    root = parse("\n".join(lines))
    assert isinstance(root, Mapping)
    assert len(root.pairs) == 30


@pytest.mark.parametrize(
    "text",
    [
        "\t" * 60_000 + "x: [",
        " " * 60_000 + "x: [",
        "#\n" * 30_000 + "x: [",
        "\n" * 60_000 + "x: [",
        "[" + "a: b, " * 10_000,
        "a: |\n" + " x\n" * 20_000 + "]",
        '"' + "\\x41" * 15_000,
        "{" + ", ".join(f"k{i}: {i}" for i in range(5_000)) + "}",
        "\n".join(f"k{i}: &a{i} [{i}]" for i in range(3_000)) + "\n]",
    ],
    ids=lambda text: repr(text[:8]),
)
def test_64_kib_of_any_shape_take_less_than_a_second(text: str) -> None:
    if not HAS_C_PARSER:
        pytest.skip("the promise is the C parser's")
    start = time.process_time()
    with suppress(YamlFault):
        parse(text)
    assert time.process_time() - start < 5  # the bound for any one file


# The two parsers

SAME = [
    *(text for text, _ in TREES.values()),
    *(text for text, _ in OFFSETS.values()),
    "a:\n- b\n- c\nd: e",
    "- a\n-\n  - b\n- - c\n",
    "? a\n: b\n? [c]\n: d\n",
    "{a: b, ? c : d, e}",
    "[a: b, c, {d: e}]",
    "{a:1}",
    '{"a":1}',
    "a: -\n",
    "a: - b\n",
    "a: http://x/#y\n",
    "a: [b#c, d] # e\n",
    "a: >+\n\n b\n\n  c\n\n\n",
    "a: |2\n    b\n   c\n",
    "a: | # c\n  b\n",
    "a: |\n  b\n # c\nd: e\n",
    'a: "x\n  y"\n',
    "a: 'x\r\n  y'\r\n",
    "a: x\n  y\n",
    "a: x\n\n  y\nb: c\n",
    'a: "\\x41\\u0041\\U00000041\\e\\N\\_\\/"\n',
    'a: "b\\\n  c"\n',
    "a: 1_000\nb: 0b1\nc: 12:30\nd: .5\ne: 2001-01-01\n",
    "a: !!binary aGk=\nb: !!set {x, y}\nc: !<tag:yaml.org,2002:int> 5\n",
    "&x a: *x\n",
    "x: &x a\n*x : y\n",
    "a: &x\nb: *x\n",
    "a: &x [*x]\n",
    "'" + "a" * 1100 + "': b\n",
    "? " + "a" * 1100 + "\n: b\n",
    "a" * 1100 + ": b\n",
    "a: b\n c: d\n",
    "  a: b\nc: d\n",
    "}\n",
    "a: |0\n",
    "a: |x\n  b\n",
    "a\n...\nb",
    "a: *x b\n",
    "&x *x\n",
    "a: &x &y b\n",
    "a: %x\n",
    "a: ,\n",
    "a: ]\n",
    "-a: -b",
    "?a: b",
    "a?: [b?, c]",
    ":a: b",
]


def outcome(text: str) -> Any:
    """Everything a parse tells: the nodes with their offsets, or that there is a fault."""
    try:
        root = parse(text)
    except YamlFault:
        return "fault"
    # Where nothing stands, the parsers differ in where that is. A tab in text may become a space.
    offsets = [s.offset for s in scalars(root) if s.text]
    return repr(tree(root)).replace("\\t", " "), offsets


def outcomes(text: str) -> tuple[Any, Any]:
    """With the C parser, and without."""
    with pytest.MonkeyPatch.context() as patch:
        fast = outcome(text)
        patch.setitem(sys.modules, "_ruamel_yaml", None)
        return fast, outcome(text)


needs_both = pytest.mark.skipif(not HAS_C_PARSER, reason="no C parser to compare with")


@needs_both
@pytest.mark.parametrize("text", SAME, ids=lambda text: repr(text[:40]))
def test_both_parsers_say_the_same(text: str) -> None:
    fast, pure = outcomes(text)
    assert fast == pure


WORDS = st.sampled_from(
    [
        "a",
        "id",
        "1e31",
        "0x1",
        "~",
        "no",
        "x y",
        "é",
        "🎉",
        "http://a/b",
        "a:b",
        "'q'",
        '"q"',
        "12:30",
    ]
)
FLOW: st.SearchStrategy[str] = st.recursive(
    WORDS | WORDS.map("&x {}".format) | st.just("*x"),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")
        | st.lists(st.tuples(WORDS, inner), max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{k}: {v}" for k, v in pairs) + "}"
        )
    ),
    max_leaves=8,
)
LINES = st.lists(
    st.tuples(
        st.sampled_from(["", "  ", "- ", "  - ", "\t", "a: ", "  b: ", "'k': "]),
        FLOW | st.sampled_from(["", "|", ">-", "# c", "c: d"]),
        st.sampled_from(["\n", "\r\n", " \n", "\t\n", " # c\n", "\n\n"]),
    ),
    max_size=6,
).map(lambda lines: "id: F001\n" + "".join("".join(line) for line in lines))


@needs_both
@settings(suppress_health_check=[HealthCheck.too_slow])
@example("a: b\n \t\n'k': c\n")
@given(LINES)
def test_both_parsers_say_the_same_of_any_lines(text: str) -> None:
    fast, pure = outcomes(text)
    assert fast == pure


SCRAPS = st.lists(
    st.sampled_from(
        [
            *(
                "a",
                "b: ",
                "- ",
                "\n",
                "  ",
                " ",
                "{",
                "}",
                "[",
                "]",
                ",",
                ":",
                "'",
                '"',
                "&x ",
                "*x",
            ),
            *(
                "!!int ",
                "!t ",
                "|",
                ">",
                "#",
                "? ",
                "<<",
                "\t",
                "\r\n",
                "\r",
                "\u2028",
                "\x85",
                "é",
            ),
            *(
                "🎉",
                "%",
                "@",
                "`",
                "--- ",
                "...",
                "\\x41",
                "\\UFFFFFFFF",
                "\\",
                "%YAML 1.2\n",
                "\ufeff",
            ),
            *(
                "\x00",
                "\x07",
                "-",
                "!",
                "!<tag:yaml.org,2002:str> ",
                "|2\n",
                ">-\n",
                "&",
                "*",
                "k: v\n",
            ),
        ]
    ),
    max_size=14,
).map("".join)


@settings(suppress_health_check=[HealthCheck.too_slow])
@example("%YAML 1.1\n--- a\n")
@example("a: 1\n...\n%YAML 1.1\n--- b\n")
@example('"\\UFFFFFFFF"')
@given(SCRAPS | st.text(max_size=40))
def test_any_text_is_a_tree_or_a_fault(text: str) -> None:
    for result in outcomes(text):
        if result == "fault":
            continue
        assert all(0 <= offset <= len(text) for offset in result[1])
