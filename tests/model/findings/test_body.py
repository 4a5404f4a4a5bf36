"""What of a finding's Markdown is prose."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.model.findings.body import entry_links, prose, without_code


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a `b` c", "a     c"),
        ("a ``b ` c`` d", "a           d"),
        ("a ` b", "a ` b"),
        ("a ` b\n\nc ` d", "a ` b\n\nc ` d"),
        ("a `b\nc` d", "a   \n   d"),
        ("`` ` a `b`", "`` ` a `b`".replace("` a `", "     ").replace("b`", "b`")),
        ("a\n```\nb\n```\nc", "a\n   \n \n   \nc"),
        ("a\n~~~ x\n```\n~~~~\nc", "a\n     \n   \n    \nc"),
        ("```\nb\n``\nc", "   \n \n  \n "),
        ("``` a`b\nc", "``` a`b\nc"),
        ("- ```\n  b\n  ```\nc", "     \n   \n     \nc"),
        ("> ```\n> b\n> ```\nc", "     \n   \n     \nc"),
    ],
)
def test_code_is_blanked_and_offsets_stay(text: str, left: str) -> None:
    assert without_code(text) == left


def test_comments_are_no_prose() -> None:
    assert prose("a <!-- b\nc --> d <!-- e") == "a       \n      d       "
    assert without_code("a <!-- b -->") == "a <!-- b -->"


@given(st.text(alphabet="ab`~\n >-<!", max_size=60))
def test_every_offset_is_kept(text: str) -> None:
    for other in (without_code(text), prose(text)):
        assert len(other) == len(text)
        assert all(new in (old, " ") for new, old in zip(other, text, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["`", "` ", "`a``", "```\n", "~~~\n```\n", "<!--", "\n\n`"])
def test_hostile_markdown_takes_time_in_proportion_to_its_length(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    start = time.process_time()
    prose(text)
    assert time.process_time() - start < 8


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("before", ["[run](", "[run]:"])
def test_the_target_of_a_link_may_stand_on_the_next_line(before: str, line_end: str) -> None:
    text = f"{before}{line_end}  ../.aexp/ledger/{'d' * 32}.json)"
    assert [job_id for _, job_id in entry_links(text, 0)] == ["d" * 32]


@pytest.mark.parametrize("more", ["#<x>", "?a<b", "?from=https://x", "#a\u00a0b", f"?{'a' * 999}"])
def test_whatever_follows_the_file_a_link_is_one(more: str) -> None:
    text = f"[run](../.aexp/ledger/{'d' * 32}.json{more})"
    assert [job_id for _, job_id in entry_links(text, 0)] == ["d" * 32]


def test_a_link_to_another_site_is_no_link_to_an_entry() -> None:
    url = f"https://example.org/other/.aexp/ledger/{'d' * 32}.json"
    assert not entry_links(f"[run]({url})", 0)
