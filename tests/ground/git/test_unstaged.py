"""The working tree without what the index or a commit has to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import git, write

from pytest_aexp.ground.git.unstaged import Unstaged
from pytest_aexp.ground.git.view import INDEX, GitView


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_only_what_differs_is_listed(tmp_path: Path, object_format: str) -> None:
    git(tmp_path, "init", "-q", f"--object-format={object_format}")
    for name in ("changed", "gone", "hidden", "same"):
        write(tmp_path, f"a/{name}", name)
    git(tmp_path, "add", ".")
    git(tmp_path, "update-index", "--assume-unchanged", "a/hidden")
    (tmp_path / "a/gone").unlink()
    for name in ("changed", "hidden", "new"):
        write(tmp_path, f"a/{name}", "otherwise")
    with GitView.at(tmp_path, INDEX) as view:
        tree = Unstaged(tmp_path, view)
        assert tree.names("a") == ("changed", "hidden", "new")
        assert tree.has_file("a/same")
        assert tree.names("b") == ()
