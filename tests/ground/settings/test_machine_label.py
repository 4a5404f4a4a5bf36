"""A machine label is the name of a file, on every system."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.ground.settings.machine_label import LABEL_LIMIT, is_safe_label, safe_label


@pytest.mark.parametrize(
    "label", ["cluster", "gpu-box_1", "node.01", "A", "_x", "x" * LABEL_LIMIT, "console", "com10"]
)
def test_a_safe_label_stays_as_it_is(label: str) -> None:
    assert is_safe_label(label)
    assert safe_label(label) == label


@pytest.mark.parametrize(
    ("label", "safe"),
    [
        ("", "unknown"),
        (".", "unknown"),
        ("..", "unknown"),
        ("../../etc/passwd", "etc-passwd"),
        ("a/b", "a-b"),
        ("a\\b:c", "a-b-c"),
        ("my cluster", "my-cluster"),
        (" cluster ", "cluster"),
        ("cluster\n", "cluster"),
        ("--force", "force"),
        (".hidden", "hidden"),
        ("dot.", "dot"),
        ("büro", "buro"),
        ("計算機", "unknown"),
        ("CON", "machine-CON"),
        ("nul.txt", "machine-nul.txt"),
        ("a\0b\x1b[31m", "a-b-31m"),
        ("x" * 200, "x" * LABEL_LIMIT),
        ("x" * 63 + "-yy", "x" * 63),
        ("con." + "x" * 60, ("machine-con." + "x" * 60)[:LABEL_LIMIT]),
    ],
)
def test_an_unsafe_label_is_known_and_made_safe(label: str, safe: str) -> None:
    assert not is_safe_label(label)
    assert safe_label(label) == safe


@given(st.text())
def test_whatever_is_made_safe_is_safe_and_stays_so(text: str) -> None:
    label = safe_label(text)
    assert is_safe_label(label)
    assert safe_label(label) == label
    assert Path(f"{label}.json").name == f"{label}.json"
    assert "/" not in label
    assert not label.startswith((".", "-"))
