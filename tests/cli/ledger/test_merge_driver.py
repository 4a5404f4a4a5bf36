"""``aexp ledger merge-driver`` as git calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from repositories import entry_text, job_id_of, write
from sides import COMPLETE, E1, E2, FAILED, entry

from pytest_aexp.cli import main
from pytest_aexp.model.entry import entry_path

RUN = job_id_of({"seed": 3})

PATH = entry_path(RUN)

EDITED = entry_text(json.loads(entry(FAILED)) | {"statepoint": {"seed": 4}}).encode()


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of three files, as git passes them: base (empty), ours (failed), theirs."""
    monkeypatch.chdir(tmp_path)
    names = [".merge_file_O", ".merge_file_A", ".merge_file_B"]
    for name, content in zip(names, (b"", entry(FAILED), entry(COMPLETE)), strict=True):
        write(tmp_path, name, content)
    return names


def drive(files: list[str]) -> int:
    return main(["ledger", "merge-driver", *files])


def test_the_driver_writes_over_ours(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert drive(files) == 0
    assert Path(files[1]).read_bytes() == entry(COMPLETE)
    assert Path(files[2]).read_bytes() == entry(COMPLETE)
    assert sorted(path.name for path in Path().iterdir()) == sorted(files)
    assert capsys.readouterr() == ("", "")


def test_the_driver_leaves_ours_alone_where_it_is_right(files: list[str]) -> None:
    Path(files[1]).write_bytes(entry(COMPLETE))
    Path(files[2]).write_bytes(entry(FAILED))
    before = Path(files[1]).stat()
    assert drive(files) == 0
    after = Path(files[1]).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("base", [b"", b"{", None, entry(FAILED)])
def test_the_driver_needs_no_common_version(files: list[str], base: bytes | None) -> None:
    Path(files[0]).unlink()
    if base is not None:
        Path(files[0]).write_bytes(base)
    assert drive(files) == 0
    assert Path(files[1]).read_bytes() == entry(COMPLETE)


def test_the_driver_uses_the_common_version(files: list[str]) -> None:
    Path(files[0]).write_bytes(entry(FAILED, run_link=E1))
    Path(files[1]).write_bytes(entry(FAILED, run_link=E2))
    Path(files[2]).write_bytes(entry(COMPLETE, run_link=E1))
    assert drive(files) == 0
    assert Path(files[1]).read_bytes() == entry(COMPLETE, run_link=E2)


@pytest.mark.parametrize(
    ("theirs", "reason"),
    [
        (EDITED, "the two versions have different statepoints under one id; the one in ours is"),
        (b"{", "neither version can be used: in ours, the ledger entry's started_at must be"),
    ],
    ids=["another run", "damaged"],
)
def test_what_the_driver_refuses_is_left_to_the_user(
    files: list[str], theirs: bytes, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = entry(COMPLETE) if theirs == EDITED else entry(COMPLETE, started_at=5)
    Path(files[1]).write_bytes(ours)
    Path(files[2]).write_bytes(theirs)
    assert drive(files) == 1
    assert Path(files[1]).read_bytes() == ours
    output, wrong = capsys.readouterr()
    assert output == ""
    assert wrong.startswith(f"aexp: ledger entry {RUN}: {reason}")
    assert wrong.endswith(f"then `git add {PATH}`\n")
    assert wrong.count("\n") == 1


def test_two_versions_that_say_nothing_are_refused(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path(files[1]).write_bytes(b"[]")
    Path(files[2]).write_bytes(b"{}")
    assert drive(files) == 1
    assert capsys.readouterr().err.startswith("aexp: ledger entry: neither version can be used: ")


@pytest.mark.parametrize("gone", [1, 2])
def test_a_side_that_does_not_exist_is_wrong_usage(
    files: list[str], gone: int, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(files[gone]).unlink()
    assert drive(files) == 2
    assert capsys.readouterr().err.startswith(f"aexp: {files[gone]} does not exist")
