"""What may not leave the machine is found, and what may stay is kept."""

from __future__ import annotations

import copy
import json
import random
import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lanes import a_few
from tree import DATA

from pytest_aexp.model.redaction.redact import REDACTED, Leak, leaks, may_leak, redact
from pytest_aexp.model.redaction.secret_keys import secrecy_of

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = json.loads((DATA / "redaction.json").read_text("utf-8"))
HARMFUL = [example for example in EXAMPLES if example["leaks"]]
HARMLESS = [example for example in EXAMPLES if not example["leaks"]]


class Change(NamedTuple):
    """A key or a value that redaction replaced, and where that stands in the redacted document."""

    pointer: str
    original: Any
    is_key: bool


def changes(before: Any, after: Any, pointer: str = "") -> Iterator[Change]:
    """What redaction changed: it may replace keys and leaves, and nothing else."""
    if isinstance(before, dict):
        assert len(before) == len(after)
        for (old, value), (new, kept) in zip(before.items(), after.items(), strict=True):
            where = f"{pointer}/{new.replace('~', '~0').replace('/', '~1')}"
            if old != new:
                yield Change(where, old, is_key=True)
            yield from changes(value, kept, where)
    elif isinstance(before, list):
        assert len(before) == len(after)
        for index, (value, kept) in enumerate(zip(before, after, strict=True)):
            yield from changes(value, kept, f"{pointer}/{index}")
    elif before != after or type(before) is not type(after):
        assert after == REDACTED
        yield Change(pointer, before, is_key=False)


def resolve(document: Any, pointer: str) -> Any:
    """The value at an RFC 6901 pointer; KeyError or IndexError when there is none."""
    for step in pointer.split("/")[1:]:
        token = step.replace("~1", "/").replace("~0", "~")
        document = document[int(token)] if isinstance(document, list) else document[token]
    return document


def named(examples: list[dict[str, Any]]) -> list[Any]:
    return [
        pytest.param(each, id=f"{ascii(each['value'])[:40]}-{each['why']}") for each in examples
    ]


def is_document(example: dict[str, Any]) -> bool:
    """Whether it has a list of what was redacted, which counts only in a whole document."""
    return isinstance(example["value"], dict) and "redacted" in example["value"]


def test_the_labelled_list_is_long_and_even() -> None:
    assert len(EXAMPLES) >= 700
    assert abs(len(HARMFUL) - len(HARMLESS)) < len(EXAMPLES) / 10
    assert all(example["why"] for example in EXAMPLES)
    assert len({json.dumps(example["value"]) for example in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize("example", named(HARMFUL))
def test_what_leaks_is_replaced_and_named(example: dict[str, Any]) -> None:
    value = example["value"]
    before = copy.deepcopy(value)
    redacted, pointers = redact(value)

    assert value == before, "the original is left alone"
    assert list(pointers) == example["leaks"]
    assert sorted({leak.pointer for leak in leaks(value)}) == example["leaks"]
    found = list(changes(value, redacted))
    assert sorted({change.pointer for change in found}) == example["leaks"]
    for change in found:
        assert change.is_key or resolve(redacted, change.pointer) == REDACTED
        assert str(change.original) not in json.dumps(redacted, ensure_ascii=False)
    assert may_leak(json.dumps(value))


def test_what_was_redacted_leaks_no_more() -> None:
    for example in HARMFUL:
        redacted, _ = redact(example["value"])
        assert leaks(redacted) == (), example
        assert redact(redacted) == (redacted, ())


@pytest.mark.parametrize("example", named(HARMLESS))
def test_what_is_harmless_stays(example: dict[str, Any]) -> None:
    value = example["value"]
    redacted, pointers = redact(value)
    assert (json.dumps(redacted), pointers) == (json.dumps(value), ())
    assert leaks(value) == ()


def test_the_surroundings_do_not_matter() -> None:
    """In a list, in a mapping under a plain key, and beside other things."""
    for example in (each for each in EXAMPLES if not is_document(each)):
        value = {"statepoint": [1, {"x/~y": example["value"]}, "z"]}
        inside = [f"/statepoint/1/x~1~0y{each}" for each in example["leaks"]]
        assert list(redact(value)[1]) == inside, example


def test_the_kind_is_told_in_words() -> None:
    value = {"data": "/home/joe", "hf_token": "a1", "/scratch/me": ["https://joe:pw@example.org"]}
    assert leaks(value, "/statepoint") == (
        Leak("/statepoint/<redacted>", "an absolute path"),
        Leak("/statepoint/<redacted>/0", "a credential"),
        Leak("/statepoint/data", "an absolute path"),
        Leak("/statepoint/hf_token", "a credential"),
    )


def test_a_key_that_leaks_explains_nothing() -> None:
    """Else a second redaction, which no longer sees the key, would find more."""
    redacted, pointers = redact({"/home/joe/formula": "~age/sex"})
    assert pointers == ("/<redacted>",)
    assert redacted == {REDACTED: REDACTED}
    assert leaks(redacted) == ()


def test_the_pointer_given_starts_every_pointer() -> None:
    assert redact("/home/joe", "/tracker/url") == (REDACTED, ("/tracker/url",))
    assert redact({"a": ["~/x"]}, "/statepoint")[1] == ("/statepoint/a/0",)


def test_redacted_keys_do_not_depend_on_the_order_they_came_in() -> None:
    forwards = {"/b": 1, "/a": 2, "<redacted 2>": 3}
    backwards = dict(reversed(forwards.items()))
    expected = {REDACTED: 2, "<redacted 2>": 3, "<redacted 3>": 1}
    assert redact(forwards)[0] == expected
    assert redact(backwards)[0] == expected


def test_the_list_of_redactions_is_believed_only_where_it_is_true() -> None:
    document = {"statepoint": {"data": REDACTED}, "redacted": ["/statepoint/data"]}
    assert leaks(document) == ()
    document["list"] = [REDACTED]
    document["redacted"] = [
        "/statepoint/date",
        "/home/joe",
        "/list/" + "9" * 5000,
        7,
        "/redacted/0",
    ]
    assert [leak.pointer for leak in leaks(document)] == [
        f"/redacted/{index}" for index in (0, 1, 2, 4)
    ]
    assert leaks(document["redacted"], "/redacted") == leaks(document)
    document = {"redacted": ["/~1home~1joe"], "/home/joe": REDACTED}
    assert [leak.pointer for leak in leaks(document)] == ["/<redacted>", "/redacted/0"]
    part = {"redacted": ["/data"], "data": REDACTED, "0": "/home/joe"}
    assert [leak.pointer for leak in leaks(part, "/redacted")] == [
        "/redacted/0",
        "/redacted/redacted/0",
    ]


@pytest.mark.parametrize("depth", [500, 20_000])
def test_depth_costs_no_recursion(depth: int) -> None:
    value: Any = "/home/joe"
    for level in range(depth):
        value = [value] if level % 2 else {"": value}
    redacted, pointers = redact(value)
    assert len(pointers) == 1
    for _ in range(depth):
        redacted = redacted[0] if isinstance(redacted, list) else redacted[""]
    assert redacted == REDACTED


# Each kept from a leak by one character or less, so that the search runs to the very end.
HOSTILE = [
    *("/", "a/", "//a", "\\", "\\a", "\\\\aa\\", "C:", "C:/", "~", "~a", ":", "a:", "file:", "</a"),
    *(
        "<a>/",
        "<a",
        "(/",
        "[/A",
        "{/a",
        "1/",
        " /1",
        "/.",
        "%",
        "%2F",
        "@",
        "://",
        "://@",
        "a://b:",
    ),
    *("://a:b/", "=", "a=", "a=b=", "token=", "token=5 ", "max_token=x ", "key1=1 ", "--a ", "-"),
    *(
        "?key=",
        "?key=a",
        "&sig=",
        "token: a ",
        "--max-tokens 5 ",
        "--password - ",
        "a",
        "aA",
        "A",
        "_",
    ),
    *(
        "passwordx",
        "pwd_",
        "apikey",
        "sk-",
        "sk-aaaa",
        "hf_a",
        "hf_A1",
        "eyJaaaaaaaaaa",
        "Bearer a",
    ),
    *("-----BEGIN ", "AKIA", "login a password ", "login ", "Basic aaaaaaa ", "xoxb-", "{a", '\\"'),
    *("gsk_a", "npm_1", "hvs.a", "SG.aaaaaaaa.", "1:AA", "hooks.slack.com/", "pypi-", "rk_live_"),
    *(
        "curl -u a ",
        "login a ",
        "set key a ",
        "docker login -p ",
        "mysql -p ",
        "a:b@",
        "a:1a1a1a1a@",
    ),
    *(
        "a:!",
        ":///a",
        "s3:///a",
        "s3+",
        "C(/C=",
        ",C(/=",
        "C=(/",
        "C(\\C)=",
        "D:\\w",
        "\\/",
        "/+",
        "/(a)/",
    ),
    *("/(a)/aa/", "\U0001f917/a", " /no", "x_token=a b ", "token: [a "),
    *(" ", "\n", "\x00", "\ud800", "é", "\u093c", "~\u0905", "$", "'"),
]


@pytest.mark.parametrize("piece", a_few(HOSTILE, 12))
def test_a_hostile_text_takes_time_in_proportion_to_its_length(piece: str) -> None:
    """The bound is ten times what it takes; going back over the same steps would take minutes."""
    text = piece * ((1 << 16) // len(piece))
    started = time.process_time()
    leaks([text, f"token {text}", f"{text}\\"])
    leaks({text: {"api_key": text}})
    assert time.process_time() - started < 3


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["/", "%"])
def test_a_megabyte_is_no_matter(piece: str) -> None:
    text = "token " + piece * ((1 << 20) // len(piece))
    started = time.process_time()
    may_leak(text)
    leaks(text)
    assert time.process_time() - started < 4


# --- generated ---

LEAKING = st.sampled_from(
    [
        *("/home/joe-q7", "~/joe-q7", "~ann/joe-q7", "C:\\joe-q7", "d:/joe-q7", "\\\\srv\\joe-q7"),
        *(
            "//srv/joe-q7",
            "file:///joe-q7",
            "https://joe:joe-q7@example.org/x",
            "hf_joeq7EXAMPLE0000",
        ),
        *(
            "AKIAIOSFODNN7EXAMPLE",
            "https://x.org/?token=joe-q7",
            "--password joe-q7",
            "db_pwd=joe-q7",
        ),
        *(
            "aim:///joe-q7",
            "curl -u me:joe-q7 x",
            "docker login -u me -p joe-q7",
            "me:joe-q7@a.org",
        ),
        *("mysql -pjoe-q7", "setenv HF_TOKEN joe-q7", "/(tmp)/joe-q7/x", "https:\\/\\/me:joe-q7@a"),
        *("ghp_EXAMPLEexample0000", "sk-EXAMPLEexample0000", "glpat-EXAMPLE-0000", "Bearer joe-q7"),
    ]
)
AROUND = st.sampled_from(
    [
        *(
            ("", ""),
            ("train.py --out ", " --lr 0.1"),
            ("x=", ""),
            ("a: ", ";b"),
            ('"', '"'),
            ("('", "')"),
        ),
        *(
            ("[", "]"),
            ("a,", ",b"),
            ("\n", "\n"),
            ("<", ">"),
            ("`", "`"),
            ("{'a': '", "'}"),
            ("|", "|"),
        ),
    ]
)
# A name of a credential makes one of what follows it in a pair.
PLAIN_TEXT = st.sampled_from(
    [e["value"] for e in HARMLESS if isinstance(e["value"], str) and not secrecy_of(e["value"])]
)
PLAIN_KEY = st.sampled_from(
    ["lr", "seed", "use_cls_token", "tokenizer", "", "a/b~c", "E001", "author"]
)
PLAIN = st.recursive(
    st.one_of(PLAIN_TEXT, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(PLAIN_KEY, inner, max_size=4)
    ),
    max_leaves=12,
)
SECRET_KEY = st.sampled_from(
    "token secret password passwd api_key apikey access_key auth credentials private_key".split()
)


@st.composite
def spellings(draw: st.DrawFn) -> str:
    """The name of a credential as someone might write it."""
    words = draw(st.sampled_from(["", "wandb_", "HF ", "my_own_"])) + draw(SECRET_KEY)
    words = draw(st.sampled_from(["", "db_"])) + words
    parts = words.replace(" ", "_").split("_")
    style = draw(st.sampled_from(["snake", "kebab", "camel", "Pascal", "UPPER", "dots", "words"]))
    if style in ("camel", "Pascal"):
        joined = "".join(part.capitalize() for part in parts)
        return joined if style == "Pascal" else joined[0].lower() + joined[1:]
    joined = {"kebab": "-", "dots": ".", "words": " "}.get(style, "_").join(parts)
    return joined.upper() if style == "UPPER" else joined


@st.composite
def planted(draw: st.DrawFn) -> tuple[Any, str]:
    """A plain value with one leak in it, and what must not survive."""
    secret = draw(LEAKING)
    before, after = draw(AROUND)
    how = draw(st.sampled_from(["value", "key", "under a key"]))
    value: Any = before + secret + after
    if how == "key":
        value = {"x": 1, value: draw(PLAIN)}
    elif how == "under a key":
        secret = "joe-q7"
        value = {draw(spellings()): draw(st.sampled_from([secret, [secret], [None, [secret]]]))}
    for _ in range(draw(st.integers(0, 4))):
        if draw(st.booleans()):
            value = [draw(PLAIN), value, draw(PLAIN)]
        else:
            value = {"a": draw(PLAIN), "value/~": value, "z": draw(PLAIN)}
    return value, secret


@given(planted())
def test_one_leak_is_found_wherever_it_stands(case: tuple[Any, str]) -> None:
    value, secret = case
    redacted, pointers = redact(value)
    assert len(pointers) == 1
    text = json.dumps(redacted, ensure_ascii=False)
    assert json.dumps(secret)[1:-1] not in text
    assert "joe-q7" not in text
    assert leaks(redacted) == ()
    resolve(redacted, pointers[0])
    assert {change.pointer for change in changes(value, redacted)} == set(pointers)


@given(PLAIN)
def test_plain_values_stay_as_they_are(value: Any) -> None:
    assert redact(value) == (value, ())


PIECES = sorted(
    {
        piece
        for example in EXAMPLES
        for text in (
            example["value"],
            *(example["value"] if isinstance(example["value"], dict) else ()),
        )
        if isinstance(text, str)
        for piece in (text, text[: len(text) // 2], text[len(text) // 2 :])
    }
)
CONTAINERS = [e["value"] for e in EXAMPLES if not isinstance(e["value"], str) and e["value"]]
ANY_TEXT = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=3).map(
    "".join
)
ANY_JSON = st.recursive(
    st.one_of(ANY_TEXT, st.integers(), st.none(), st.sampled_from(CONTAINERS)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(ANY_TEXT, spellings()), inner, max_size=3),
    ),
    max_leaves=5,
)


def escaped(text: str, rng: random.Random) -> str:
    """The same JSON with some characters inside its strings written as escapes."""

    def character(found: re.Match[str]) -> str:
        char = found[0]
        if len(char) > 1 or ord(char) > 0xFFFF or rng.random() > 0.2:
            return char
        return "\\/" if char == "/" and rng.random() < 0.5 else f"\\u{ord(char):04x}"

    def string(found: re.Match[str]) -> str:
        return '"' + re.sub(r"(?s)\\u....|\\.|.", character, found[0][1:-1]) + '"'

    return re.sub(r'"(?:[^"\\]|\\.)*"', string, text)


@given(ANY_JSON, st.booleans(), st.booleans(), st.integers(0, 1 << 32))
def test_text_that_may_not_leak_does_not(
    value: Any, ascii_only: bool, escapes: bool, seed: int
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=2)
    text = escaped(text, random.Random(seed)) if escapes else text
    assert json.loads(text) == value
    assert may_leak(text) or leaks(value) == ()


@given(ANY_JSON)
def test_the_quick_look_hides_nothing_from_the_search(value: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        found = leaks(value)
        patch.setattr("pytest_aexp.model.redaction.redact.may_leak", lambda _text: True)
        assert leaks(value) == found


@given(ANY_JSON)
def test_redaction_is_complete_on_any_value(value: Any) -> None:
    redacted, pointers = redact(value)
    assert leaks(redacted) == ()
    assert redact(redacted) == (redacted, ())
    assert {change.pointer for change in changes(value, redacted)} == set(pointers)


def test_a_text_that_is_repeated_costs_little() -> None:
    texts = ["a/b:c@d=e~f\\g%2f" * 20] * 50_000
    started = time.process_time()
    leaks({"x": texts})
    assert time.process_time() - started < 3
