"""One managed block, whatever a file held before; every line of the user's as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.work.install.managed_block import (
    BEGIN,
    END,
    holds_block,
    merge_block,
    rules_outside,
)

BODY = b"# why\n.aexp/*\n!.aexp/ledger/\n"
BLOCK = BEGIN + b"\n" + BODY + END + b"\n"

EXAMPLES = {
    "an empty file": (b"", BLOCK),
    "after a blank line, at the end": (b"*.pyc\n", b"*.pyc\n\n" + BLOCK),
    "one blank line is enough": (b"*.pyc\n\n", b"*.pyc\n\n" + BLOCK),
    "a last line without an end gets one": (b"*.pyc", b"*.pyc\n\n" + BLOCK),
    "the block stays where it is": (b"a\n" + BLOCK + b"b\n", b"a\n" + BLOCK + b"b\n"),
    "what is below it keeps its blanks": (BLOCK + b"\n\n  b", BLOCK + b"\n\n  b"),
    "an old body is replaced": (
        b"a\n" + BEGIN + b"\nold/\n" + END + b"\nb\n",
        b"a\n" + BLOCK + b"b\n",
    ),
    "a begin without an end": (b"a\n" + BEGIN + b"\n*.pyc\nb\n", b"a\n" + BLOCK + b"*.pyc\nb\n"),
    "a begin that lost its end keeps no rule of its own": (
        BEGIN + b"\n.aexp/*\n*.pyc\n",
        BLOCK + b"*.pyc\n",
    ),
    "an end without a begin": (b"a\n.aexp/*\n" + END + b"\nb\n", b"a\n" + BLOCK + b"b\n"),
    "the wrong way round": (END + b"\na\n" + BEGIN, BLOCK + b"a\n"),
    "a begin, then a whole block": (
        BEGIN + b"\n*.pyc\n" + BLOCK + b"b\n",
        b"*.pyc\n" + BLOCK + b"b\n",
    ),
    "the block twice": (BLOCK + b"between\n" + BLOCK, BLOCK + b"between\n"),
    "the block thrice and two halves": (
        END + b"\na\n" + BLOCK + b"b\n" + BLOCK * 2 + BEGIN + b"\nc",
        b"a\n" + BLOCK + b"b\nc",
    ),
    "markers with blanks around": (b"  " + BEGIN + b" \t\nold\n" + END + b"  \n", BLOCK),
    "a comment that begins like a marker is the user's": (
        BEGIN + b" here\nx\n",
        BEGIN + b" here\nx\n\n" + BLOCK,
    ),
    "CRLF": (b"a\r\nb\r\n", b"a\r\nb\r\n\r\n" + BLOCK.replace(b"\n", b"\r\n")),
    "CRLF in an old block": (
        b"a\r\n" + BEGIN + b"\r\nold\r\n" + END + b"\r\n",
        b"a\r\n" + BLOCK.replace(b"\n", b"\r\n"),
    ),
    "CRLF, and nothing but an old block": (
        BEGIN + b"\r\nold\r\n" + END + b"\r\n",
        BLOCK.replace(b"\n", b"\r\n"),
    ),
    "most lines say which end": (b"a\r\nb\nc\n", b"a\r\nb\nc\n\n" + BLOCK),
    "Latin-1": (b"# caf\xe9\n", b"# caf\xe9\n\n" + BLOCK),
    "a byte order mark stays first": (b"\xef\xbb\xbf" + BEGIN + b"\n", b"\xef\xbb\xbf" + BLOCK),
    "a lone carriage return ends no line": (b"a\rb\x0c", b"a\rb\x0c\n\n" + BLOCK),
}


@pytest.mark.parametrize(("before", "after"), EXAMPLES.values(), ids=EXAMPLES)
def test_a_block_is_merged_once_and_then_stays(before: bytes, after: bytes) -> None:
    assert merge_block(before, BODY) == after
    assert merge_block(after, BODY) == after


def test_the_line_ends_of_the_body_do_not_matter() -> None:
    assert merge_block(b"a\n", BODY.replace(b"\n", b"\r\n")) == b"a\n\n" + BLOCK


RESCUES = {
    "a rule that somebody wrote into the block": (
        BEGIN + b"\n.aexp/*\nmine/\n" + END + b"\nb\n",
        BLOCK + b"mine/\nb\n",
    ),
    "with the comments beside it": (
        BEGIN + b"\n# my scratch\nmine/\r\n\n.aexp/*\n" + END + b"\n",
        BLOCK + b"# my scratch\nmine/\r\n\n",
    ),
    "from a second block, where it stands": (
        BLOCK + b"a\n" + BEGIN + b"\nmine/\n" + END + b"\nb\n",
        BLOCK + b"a\nmine/\nb\n",
    ),
    "comments alone are the block's": (
        BEGIN + b"\n# other words\n.aexp/*\n" + END + b"\n",
        BLOCK,
    ),
    "blanks before a rule make it another rule": (
        BEGIN + b"\n .aexp/*\n" + END + b"\n",
        BLOCK + b" .aexp/*\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), RESCUES.values(), ids=RESCUES)
def test_a_stranger_in_the_block_is_rescued(before: bytes, after: bytes) -> None:
    assert merge_block(before, BODY, rescue=True) == after
    assert merge_block(after, BODY, rescue=True) == after


@pytest.mark.parametrize(
    ("text", "held"),
    [
        (BLOCK, True),
        (b"a\n" + BLOCK + b"b", True),
        (b"\xef\xbb\xbf" + BLOCK, True),
        (BLOCK.replace(b"\n", b"\r\n"), True),
        (BLOCK.replace(b"# why", b"# other words\n\n#"), True),
        (BLOCK.replace(b".aexp/*", b".aexp/*  "), True),
        (b"", False),
        (BODY, False),
        (BLOCK * 2, False),
        (BLOCK + BEGIN, False),
        (END + b"\n" + BLOCK, False),
        (BEGIN + b"\n" + BODY, False),
        (BLOCK.replace(b"!.aexp/ledger/\n", b""), False),
        (BLOCK.replace(b".aexp/*", b".aexp/*\nmore"), False),
        (BLOCK.replace(b".aexp/*", b" .aexp/*"), False),
        (BEGIN + b"\n!.aexp/ledger/\n.aexp/*\n" + END, False),
    ],
)
def test_a_block_with_the_same_rules_is_known(text: bytes, held: bool) -> None:
    assert holds_block(text, BODY) is held


def test_the_rules_outside_are_numbered_as_an_editor_numbers_them() -> None:
    text = b"\xef\xbb\xbfa\r\n# b\n\n" + BLOCK + b" c \n" + BEGIN + b"\nd"
    assert list(rules_outside(text)) == [(1, b"a"), (9, b" c"), (11, b"d")]


END_OF_LINE = st.sampled_from([b"\n", b"\r\n"])
USERS_LINE = st.one_of(
    st.sampled_from(
        [b"", b" ", b"*.pyc", b"# caf\xe9", b"\xef\xbb\xbfx", b"a\rb", b"/\x00\xff", b"!x"]
    ),
    st.binary(max_size=6).filter(lambda line: b"\n" not in line),
).filter(lambda line: line.strip() not in {*BODY.splitlines(), BEGIN, END})
MARKER = st.sampled_from([BEGIN, END])
OWN_LINE = st.sampled_from(BODY.splitlines())


@st.composite
def mixtures(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """A text of users' lines, markers and whole blocks in any order; and the users' lines.

    A user's line never stands between a begin and the next end: such a line is in a block.
    """
    text, kept, begun, last = b"", [], False, ""
    for kind in draw(st.lists(st.sampled_from(["user", "begin", "end", "block", "own"]))):
        newline = draw(END_OF_LINE)
        if kind == "user":
            line = draw(USERS_LINE) + newline
            kept.append(line)
            text += line
        elif kind == "begin":
            text += BEGIN + newline
            begun = True
        elif kind == "own" and last == "begin":
            text += b".aexp/*" + newline
        elif kind == "end" and not begun:
            text += END + newline
        elif kind == "block":
            text += BEGIN + newline + b".aexp/*" + newline + END + newline
            begun = False
        last = kind
    if last == "user" and draw(st.booleans()):
        kept[-1] = kept[-1].removesuffix(newline)
        text = text.removesuffix(newline)
    return text, kept


@given(mixtures(), st.booleans())
def test_every_line_of_the_users_is_kept_in_order_and_again_changes_nothing(
    mixture: tuple[bytes, list[bytes]], rescue: bool
) -> None:
    text, kept = mixture
    merged = merge_block(text, BODY, rescue=rescue)
    assert merge_block(merged, BODY, rescue=rescue) == merged
    assert merge_block(merged, BODY, rescue=not rescue) == merged
    assert holds_block(merged, BODY)
    begin, end = merged.index(BEGIN), merged.index(END)
    rest = merged[end + len(END) :].removeprefix(b"\r").removeprefix(b"\n")
    outside, ours = merged[:begin] + rest, b"".join(kept)
    assert outside.startswith(ours)
    # Before a block that is added at the end: what ends the last line, and a blank one.
    assert outside[len(ours) :] in (b"", b"\n", b"\r\n", b"\n\n", b"\r\n\r\n")
    assert outside == ours or not rest


@given(st.lists(st.one_of(USERS_LINE, MARKER, OWN_LINE)), st.sampled_from([b"\n", b"\r\n"]))
def test_no_rule_is_ever_lost(lines: list[bytes], newline: bytes) -> None:
    text = newline.join(lines)
    before = [line.rstrip(b" \r") for line in text.split(b"\n")]
    merged = merge_block(text, BODY, rescue=True)
    after = [line.rstrip(b" \r") for line in merged.split(b"\n")]
    own = {*BODY.splitlines(), BEGIN, END}
    rules = [r for r in before if r.strip() and not r.startswith(b"#") and r.strip() not in own]
    assert rules == [
        r for r in after if r.strip() and not r.startswith(b"#") and r.strip() not in own
    ]
    assert merge_block(merged, BODY, rescue=True) == merged
    assert holds_block(merged, BODY)


@given(st.lists(END_OF_LINE, min_size=1), st.booleans())
def test_the_block_ends_its_lines_as_most_of_the_file_does(ends: list[bytes], there: bool) -> None:
    text = (BLOCK if there else b"") + b"".join(b"x" + end for end in ends)
    expected = b"\r\n" if ends.count(b"\r\n") * 2 > len(ends) else b"\n"
    assert BLOCK.replace(b"\n", expected) in merge_block(text, BODY)
