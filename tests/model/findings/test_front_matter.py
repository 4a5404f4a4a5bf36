"""The front matter stands at the top of a file, is read once, and keeps its places."""

from __future__ import annotations

import pytest

from pytest_aexp.ground.files import MISSING
from pytest_aexp.model.findings.front_matter import UnreadableFinding, read_front_matter

PATH = "kb/F001-x.md"


def test_nodes_keep_their_place_and_what_is_written() -> None:
    text = "\ufeff\r\n---\r\nid: F001\r\ntitle: 'a b'\r\n---\r\nbody\r\n"
    front_matter = read_front_matter(PATH, text.encode())
    assert front_matter.text == text
    assert front_matter.text[front_matter.end :].startswith("---\r\nbody")
    title = front_matter.get("title")
    assert title is not None
    assert front_matter.source(title) == "'a b'"
    assert (front_matter.position(title.offset).line, front_matter.newline) == (4, "\r\n")


@pytest.mark.parametrize(
    ("value", "text"), [("T", "T"), ("5", "5"), ("", None), ("~", None), ("[a]", None)]
)
def test_only_a_key_with_text_has_text(value: str, text: str | None) -> None:
    front_matter = read_front_matter(PATH, f"---\ntitle: {value}\n---\n".encode())
    assert front_matter.text_of("title") == text
    assert front_matter.text_of("other") is None


def test_a_merge_key_brings_keys_in() -> None:
    text = "---\nx: &x {title: T}\n<<: *x\n---\n"
    assert read_front_matter(PATH, text.encode()).text_of("title") == "T"


def test_what_cannot_be_read_says_why() -> None:
    with pytest.raises(UnreadableFinding) as caught:
        read_front_matter(PATH, MISSING)
    assert caught.value.fault.message == "the finding does not exist"
