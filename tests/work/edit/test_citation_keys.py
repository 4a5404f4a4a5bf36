"""Keys of a citation are set and removed, and every other byte stays."""

from __future__ import annotations

import pytest

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.work.edit.citation_keys import with_keys
from pytest_aexp.work.edit.finding_text import open_for_edit

A, B = "a" * 32, "b" * 32
PATH = "kb/F001.md"
JOB = f"type: job, id: {A}"

CASES = {
    "added in braces": (f"- {{{JOB}}} # c\n", {"as": "x"}, f"- {{{JOB}, as: x}} # c\n"),
    "replaced in braces": (f"- {{as: y, {JOB}}}\n", {"as": "x"}, f"- {{as: x, {JOB}}}\n"),
    "first removed": (f"- {{as: y, {JOB}}}\n", {"as": None}, f"- {{{JOB}}}\n"),
    "last removed": (f"- {{{JOB}, as: y }}\n", {"as": None}, f"- {{{JOB} }}\n"),
    "two removed": (
        f"- {{{JOB}, as: y, note: z}}\n",
        {"as": None, "note": None},
        f"- {{{JOB}}}\n",
    ),
    "removed that is not there": (f"- {{{JOB}}}\n", {"as": None}, f"- {{{JOB}}}\n"),
    "added to lines": (
        f"- type: job\n    id: {A} # c\n\n# d\n",
        {"as": "x", "note": "'y'"},
        f"- type: job\n    id: {A} # c\n    as: x\n    note: 'y'\n\n# d\n",
    ),
    "replaced in lines": (
        f"- type: job\n    as:  y  # c\n    id: {A}\n",
        {"as": "x"},
        f"- type: job\n    as:  x  # c\n    id: {A}\n",
    ),
    "first line removed": (f"- as: y\n    type: job\n    id: {A}\n", {"as": None}, None),
    "lines removed": (
        f"- type: job\n    as: y\n    note: z # c\n    id: {A}\n",
        {"as": None, "note": None},
        f"- type: job\n    id: {A}\n",
    ),
    "last line removed": (
        f"- type: job\n    id: {A}\n    as: y\n",
        {"as": None},
        f"- type: job\n    id: {A}\n",
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(("item", "keys", "after"), CASES.values(), ids=CASES)
def test_only_the_keys_change(
    item: str, keys: dict[str, str | None], after: str | None, newline: str
) -> None:
    def whole(item: str) -> str:
        other = f"  - {{type: job, id: {B}}}\n"
        text = f"---\nid: F001\nsupporting_runs:\n{other}  {item}title: t\n---\nbody\n"
        return text.replace("\n", newline)

    front = open_for_edit(PATH, whole(item).encode())
    after = f"- type: job\n    id: {A}\n" if after is None else after
    assert with_keys(front, {1: keys}) == whole(after)


def test_one_mapping_is_the_first_citation() -> None:
    text = f"---\nsupporting_runs:\n  type: job\n  id: {A}\n---\n"
    front = open_for_edit(PATH, text.encode())
    assert with_keys(front, {0: {"as": "x"}}) == text.replace("---\n", "  as: x\n---\n").replace(
        "  as: x\n---\nsupp", "---\nsupp", 1
    )


@pytest.mark.parametrize(
    "text",
    [
        f"---\nx: &x {{{JOB}}}\nsupporting_runs: [*x]\n---\n",
        f"---\nx: &x [{{{JOB}}}]\nsupporting_runs: *x\n---\n",
    ],
)
def test_what_stands_elsewhere_is_left_to_the_author(text: str) -> None:
    with pytest.raises(UsageError, match="write as: x by hand"):
        with_keys(open_for_edit(PATH, text.encode()), {0: {"as": "x"}})
