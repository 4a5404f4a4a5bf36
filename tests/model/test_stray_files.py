"""What lies in the ledger folder and nobody reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import write

from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.stray_files import stray_at, strays_in

RUN = "4076a08a2393f617db96cb1a0d5569d6"


@pytest.mark.parametrize(
    ("below", "reported"),
    [
        ("notes.json", "notes.json"),
        (f"{RUN}.json", f"{RUN}.json"),
        (f"{RUN.upper()}.JSON", f"{RUN.upper()}.JSON"),
        (f"2026/{RUN}.Json", f"2026/{RUN}.Json"),
        (f".{RUN}.tmp", f".{RUN}.tmp"),
        (f"{RUN}.json/deep/README", f"{RUN}.json"),
        (f"2026/{RUN}.json", f"2026/{RUN}.json"),
        ("box/2026-05-001.jsonl", "box/2026-05-001.jsonl"),
        ("packs/2026-05-001.jsonl", "packs/2026-05-001.jsonl"),
        ("packs/box/2026-05-001.jsonl", None),
        ("packs", "packs"),
        ("packs/box", "packs/box"),
        ("packs/README.md", None),
        ("2026-05-001.jsonl", None),
        ("README.md", None),
        ("retractions/9c1e55d0a7b34f21.json", None),
        ("2026/README.md", None),
    ],
)
def test_a_file_that_is_no_entry(below: str, reported: str | None) -> None:
    assert stray_at(below) == (reported and f".aexp/ledger/{reported}")


def test_what_there_is_in_a_folder(repo: Path) -> None:
    names = (
        "notes.json",
        f"2026/{RUN}.json",
        f"{RUN}.json/x",
        "packs/odd.json",
        f"{RUN}.JSON",
        f".trash/{RUN}.json",
        "packs/laptop",
    )
    for name in (
        *names,
        "packs/box/2026-05-001.jsonl",
        "retractions/x.json",
        "2026/README.md",
    ):
        write(repo, f".aexp/ledger/{name}", "")
    view = WorkTree(repo)
    found = strays_in(view, view.names(".aexp/ledger"))
    reported = [*names[:2], f"{RUN}.json", *names[3:]]
    assert sorted(found) == sorted(f".aexp/ledger/{name}" for name in reported)
