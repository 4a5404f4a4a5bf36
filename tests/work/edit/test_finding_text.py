"""An edit keeps every other byte, and is refused if it would not say what was meant."""

from __future__ import annotations

import pytest

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.yaml.nodes import Mapping, Scalar
from pytest_aexp.model.findings.front_matter import READ_LIMIT, FrontMatter
from pytest_aexp.work.edit.finding_text import (
    children,
    comes_from_elsewhere,
    edited,
    open_for_edit,
    replacing,
    value_of,
)

TEXT = "\ufeff---\r\nid: F001  # kept\r\nnote: old\r\n---\r\n\r\n# Text  \r\n"


def opened(text: str) -> FrontMatter:
    return open_for_edit("F001-x.md", text.encode())


def value(front_matter: FrontMatter, key: str) -> Scalar:
    pair = value_of(front_matter.root, key)
    assert pair is not None
    assert isinstance(pair[1], Scalar)
    return pair[1]


def meant_by(text: str) -> Mapping:
    root = opened(text).root
    assert root is not None
    return root


def test_an_edit_changes_its_own_characters_and_no_others() -> None:
    front_matter = opened(TEXT)
    edit = replacing(front_matter, value(front_matter, "note"), "new")
    wanted = TEXT.replace("old", "new")
    assert edited(front_matter, [edit], meant_by(wanted)) == wanted


def test_an_edit_that_says_something_else_is_refused() -> None:
    front_matter = opened(TEXT)
    edit = replacing(front_matter, value(front_matter, "note"), "new")
    assert edited(front_matter, [edit], meant_by(TEXT)) is None


def test_an_edit_that_breaks_the_yaml_is_refused() -> None:
    front_matter = opened(TEXT)
    edit = replacing(front_matter, value(front_matter, "note"), "'new")
    assert edited(front_matter, [edit], meant_by(TEXT)) is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (Unreadable("cannot be read: Permission denied"), "Permission denied"),
        (b"no front matter", "cannot be edited"),
        (b"---\na: [\n---\n", "cannot be edited"),
        (b"---\na: 1\n---\n" + b"x" * READ_LIMIT, "too large"),
    ],
)
def test_a_finding_that_cannot_be_read_whole_is_not_edited(
    data: bytes | Unreadable, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        open_for_edit("F001-x.md", data)


@pytest.mark.parametrize(
    ("yaml", "elsewhere"),
    [
        ("supporting_runs: []", False),
        ("a: &a []\nsupporting_runs: *a", True),
        ("supporting_runs: &a []\nb: *a", False),
        ("a: &a {supporting_runs: []}\n<<: *a", True),
        ("id: F001", False),
    ],
)
def test_citations_that_stand_elsewhere_are_told_from_those_that_stand_here(
    yaml: str, elsewhere: bool
) -> None:
    assert comes_from_elsewhere(opened(f"---\n{yaml}\n---\n")) is elsewhere


def test_the_children_of_a_mapping_are_its_keys_and_values_in_turn() -> None:
    texts = [
        node.text
        for node in children(meant_by("---\na: 1\nb: 2\n---\n"))
        if isinstance(node, Scalar)
    ]
    assert texts == ["a", "1", "b", "2"]
