"""The two files that git obeys get their block; what git would not read is left alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repositories import write

from pytest_aexp.work.install.control_files import (
    GITATTRIBUTES_BODY,
    GITIGNORE_BODY,
    block_merge_gitignore,
    planned_files,
    whole_folder_rules,
)
from pytest_aexp.work.install.managed_block import BEGIN, END
from pytest_aexp.work.install.plan import InstallAction, InstallRefused, carry_out

IGNORE = BEGIN + b"\n" + GITIGNORE_BODY + END + b"\n"
ATTRIBUTES = BEGIN + b"\n" + GITATTRIBUTES_BODY + END + b"\n"
OTHER_WORDS = (
    b"# agentic-experiments:begin\n# caf\xc3\xa9\n.aexp/*\n# ...but:\n"
    b"!.aexp/runs-index/\n!.aexp/ledger/\n# agentic-experiments:end\n"
)


def install(root: Path, *, force: bool = False) -> tuple[InstallAction, InstallAction]:
    """What was done to .gitignore, and to .gitattributes."""
    files = planned_files(root, force=force)
    steps = [file.step for file in files.values()]
    carry_out(steps)
    for name, file in files.items():
        if file.data is not None:
            assert (root / name).read_bytes() == file.data
    return steps[0].action, steps[1].action


def test_both_files_are_made(tmp_path: Path) -> None:
    ignore, attributes = install(tmp_path)
    assert (ignore.kind, ignore.path) == ("merged_gitignore", ".gitignore")
    assert (attributes.kind, attributes.path) == ("merged_gitattributes", ".gitattributes")
    assert (tmp_path / ".gitignore").read_bytes() == IGNORE
    assert (tmp_path / ".gitattributes").read_bytes() == ATTRIBUTES


def test_the_block_holds_these_rules_and_no_other() -> None:
    def said(body: bytes) -> list[bytes]:
        return [line for line in body.splitlines() if not line.startswith(b"#")]

    assert said(GITIGNORE_BODY) == [b".aexp/*", b"!.aexp/runs-index/", b"!.aexp/ledger/"]
    assert said(GITATTRIBUTES_BODY) == [
        b".aexp/ledger/*.json merge=aexp-ledger",
        b".aexp/ledger/*.json linguist-generated -diff",
        b".aexp/ledger/packs/** linguist-generated -diff",
    ]


def test_again_changes_nothing(tmp_path: Path) -> None:
    install(tmp_path)
    before = [path.stat().st_mtime_ns for path in sorted(tmp_path.iterdir())]
    assert [action.kind for action in install(tmp_path)] == ["skipped_identical"] * 2
    assert [path.stat().st_mtime_ns for path in sorted(tmp_path.iterdir())] == before


def test_a_block_with_other_words_will_do_unless_forced(tmp_path: Path) -> None:
    path = write(tmp_path, ".gitignore", b"a\n\n" + OTHER_WORDS + b"b\n")
    assert install(tmp_path)[0].kind == "skipped_identical"
    assert path.read_bytes() == b"a\n\n" + OTHER_WORDS + b"b\n"
    assert install(tmp_path, force=True)[0].kind == "merged_gitignore"
    assert path.read_bytes() == b"a\n\n" + IGNORE + b"b\n"
    assert install(tmp_path, force=True)[0].kind == "skipped_identical"


def test_an_older_block_is_renewed_where_it_stands(tmp_path: Path) -> None:
    old = OTHER_WORDS.replace(b"!.aexp/ledger/\n", b"")
    path = write(tmp_path, ".gitignore", b"a\n" + old + b"b\n")
    assert "renewed" in install(tmp_path)[0].detail
    assert path.read_bytes() == b"a\n" + IGNORE + b"b\n"


def test_a_block_that_was_removed_comes_back(tmp_path: Path) -> None:
    install(tmp_path)
    write(tmp_path, ".gitignore", "mine/\n")
    assert "added" in install(tmp_path)[0].detail
    assert (tmp_path / ".gitignore").read_bytes() == b"mine/\n\n" + IGNORE


def test_a_rule_that_was_written_into_the_block_is_kept_below_it(tmp_path: Path) -> None:
    path = write(tmp_path, ".gitignore", IGNORE.replace(b".aexp/*", b".aexp/*\nmine/"))
    install(tmp_path)
    assert path.read_bytes() == IGNORE + b"mine/\n"


def test_bytes_line_ends_and_mode_survive(tmp_path: Path) -> None:
    path = write(tmp_path, ".gitignore", b"# caf\xe9 \xff\r\n*.pyc\r\n")
    path.chmod(0o640)
    install(tmp_path)
    assert path.read_bytes() == (
        b"# caf\xe9 \xff\r\n*.pyc\r\n\r\n" + IGNORE.replace(b"\n", b"\r\n")
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("name", [".gitignore", ".gitattributes"])
def test_a_link_is_not_written_through(tmp_path: Path, name: str, inside: bool) -> None:
    root = tmp_path / "root"
    target = write(root if inside else tmp_path, "elsewhere", "mine\n")
    root.mkdir(exist_ok=True)
    os.symlink(target, root / name)
    action = next(action for action in install(root) if action.path == name)
    assert action.is_warning
    assert "is a link" in action.detail
    assert target.read_text() == "mine\n"
    assert (root / name).is_symlink()


def test_a_dangling_link_is_a_link(tmp_path: Path) -> None:
    os.symlink(tmp_path / "gone", tmp_path / ".gitignore")
    assert install(tmp_path)[0].is_warning
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_left_alone(tmp_path: Path, encoding: str) -> None:
    text = "\ufeff*.pyc\n".encode(encoding)
    write(tmp_path, ".gitignore", text)
    action, _ = install(tmp_path)
    assert action.is_warning
    assert "UTF-16" in action.detail
    assert (tmp_path / ".gitignore").read_bytes() == text


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").mkdir()
    with pytest.raises(InstallRefused, match=r"^\.gitignore is a folder"):
        install(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".gitignore"]


@pytest.mark.parametrize(
    ("rule", "whole"),
    [
        (".aexp/", True),
        (".aexp", True),
        ("/.aexp/", True),
        ("/.aexp", True),
        ("**/.aexp", True),
        ("**/.aexp/", True),
        (".aexp/  ", True),
        ("#.aexp/", False),
        ("!.aexp/", False),
        (".aexp/*", False),
        (".aexp2/", False),
        ("x.aexp", False),
        ("a/.aexp", False),
    ],
)
def test_a_rule_that_ignores_the_whole_folder_is_known(rule: str, whole: bool) -> None:
    text = b"a\r\n" + IGNORE + rule.encode() + b"\r\n"
    line = IGNORE.count(b"\n") + 2
    assert whole_folder_rules(text) == ({line: rule.rstrip()} if whole else {})
    inside = IGNORE.replace(b".aexp/*", b".aexp/*\n" + rule.encode())
    assert whole_folder_rules(inside) == {}


BODY = ".aexp/*\n!.aexp/ledger/\n"
BEGIN_LINE = "# agentic-experiments:begin"
END_LINE = "# agentic-experiments:end"


@pytest.mark.parametrize(
    ("existing", "merged"),
    [
        ("", f"{BEGIN_LINE}\n{BODY}{END_LINE}\n"),
        ("\ud800\udc00", f"\ud800\udc00\n\n{BEGIN_LINE}\n{BODY}{END_LINE}\n"),
        ("é\n", f"é\n\n{BEGIN_LINE}\n{BODY}{END_LINE}\n"),
        (f"a\n{BEGIN_LINE}\nOLD\n{END_LINE}\nb\n", f"a\n{BEGIN_LINE}\n{BODY}{END_LINE}\nb\n"),
        (
            f"a\r\n{BEGIN_LINE}\r\n*.pyc",
            f"a\n{BEGIN_LINE}\n{BODY}{END_LINE}\n".replace("\n", "\r\n") + "*.pyc",
        ),
    ],
)
def test_the_public_function_merges_text(existing: str, merged: str) -> None:
    assert block_merge_gitignore(existing, BODY) == merged
    assert block_merge_gitignore(existing, BODY.rstrip()) == merged
    assert block_merge_gitignore(merged, BODY) == merged


@given(st.text(st.characters(), max_size=30), st.text(st.characters(), max_size=30))
def test_any_text_comes_back(above: str, below: str) -> None:
    block = f"{BEGIN_LINE}\n{BODY}{END_LINE}\n"
    merged = block_merge_gitignore(f"{above}\n{block}{below}", BODY)
    assert block in merged or block.replace("\n", "\r\n") in merged
    assert merged.startswith(f"{above}\n{BEGIN_LINE}")
    assert merged.endswith(below)
