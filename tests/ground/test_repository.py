"""Where the repository's root is, what its marker says, where its run store lies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from repositories import write

from pytest_aexp.ground.errors import ConfigurationError, RepositoryNotFound
from pytest_aexp.ground.repository import (
    Repository,
    find_repo_root,
    read_machine_label,
    read_marker,
)

# The install marker

MARKERS: dict[str, tuple[str | bytes, str | None]] = {
    "an object": ('{"machine_label": "box"}', None),
    "a BOM": ('\ufeff{"machine_label": "box"}', None),
    "half": ('{"machine', "is not valid JSON"),
    "nothing": ("", "is not valid JSON"),
    "a list": ("[]", "is not a JSON object"),
    "Latin-1": (b'{"x": "\xe9"}', "is not valid JSON"),
    "nested": ("[" * 100_000, "is not valid JSON"),
    "long": (" " * (1 << 20) + "{}", "is larger than 1 MiB"),
}


@pytest.mark.parametrize(("content", "fault"), MARKERS.values(), ids=MARKERS)
def test_a_damaged_marker_is_a_fault_and_gives_no_label(
    repo: Path, content: str | bytes, fault: str | None
) -> None:
    write(repo, ".aexp/installed.json", content)
    found = read_marker(repo)
    assert found.fault == fault
    assert found.text("machine_label") == (None if fault else "box")


def test_no_marker_is_no_fault(repo: Path) -> None:
    assert read_marker(repo).fault is None
    assert dict(read_marker(repo).values) == {}


@pytest.mark.parametrize("value", [None, 5, "", " ", [], {}, True])
def test_a_label_that_says_nothing_is_the_host_name(
    repo: Path, monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "box.lab.example.org")
    write(repo, ".aexp/installed.json", json.dumps({"machine_label": value}))
    assert read_machine_label(repo) == "box"
    assert Repository.open().machine_label == "box"
    monkeypatch.setattr("socket.gethostname", lambda: "")
    assert read_machine_label(str(repo)) == "unknown"


def test_the_machine_label_is_read_without_its_spaces(repo: Path) -> None:
    write(repo, ".aexp/installed.json", '{"machine_label": " far "}')
    assert read_machine_label(repo) == "far"


# Root and run store


def test_the_root_is_found_from_below_and_through_links(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo / "a/b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(repo / "a")
    monkeypatch.chdir(repo / "a/b")
    assert find_repo_root() == repo
    monkeypatch.chdir(tmp_path / "link" / "b")
    assert find_repo_root() == repo
    assert Repository.open().root == repo
    assert Repository.open(repo / "a").root == repo / "a"


def test_outside_a_repository_the_message_names_git_init(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RepositoryNotFound, match=r"no repository at .* or above it") as caught:
        find_repo_root()
    assert "git init" in str(caught.value)


STORES: list[tuple[str | None, Any, str]] = [
    (None, None, ".runs"),
    (None, {}, ".runs"),
    (None, {"run_store_path": "data/runs"}, "data/runs"),
    (None, {"run_store_path": " data/runs/ "}, "data/runs"),
    (None, {"run_store_path": ""}, ".runs"),
    (None, {"run_store_path": 5}, ".runs"),
    (None, {"run_store_path": "/abs/runs"}, "/abs/runs"),
    (None, {"run_store_path": "~no-such-user-here/x"}, "~no-such-user-here/x"),
    (None, {"run_store_path": "a\0b"}, "a\0b"),
    ("conf/runs", {"run_store_path": "data/runs"}, "conf/runs"),
    ("~/runs", None, "/home/me/runs"),
    ("../outside", None, "../outside"),
]


@pytest.mark.parametrize(("setting", "marker", "expected"), STORES)
def test_where_the_run_store_lies(
    repo: Path, monkeypatch: pytest.MonkeyPatch, setting: str | None, marker: Any, expected: str
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    if marker is not None:
        write(repo, ".aexp/installed.json", json.dumps(marker))
    if setting is not None:
        write(repo, "pyproject.toml", f"[tool.aexp]\nrun_store = {json.dumps(setting)}\n")
    assert Repository.open().run_store == repo / expected


@pytest.mark.parametrize("target", ["../elsewhere.toml", "nowhere", "pyproject.toml"])
def test_a_configuration_behind_a_link_that_leaves_the_repository_is_refused(
    repo: Path, target: str
) -> None:
    write(repo.parent, "elsewhere.toml", '[tool.aexp]\nstrict_runs = "off"\n')
    (repo / "pyproject.toml").symlink_to(target)
    with pytest.raises(ConfigurationError, match="is a link"):
        Repository.open(repo)


def test_a_configuration_behind_a_link_inside_is_read(repo: Path) -> None:
    write(repo, "conf/p.toml", '[tool.aexp]\nstrict_runs = "warn"\n')
    (repo / "pyproject.toml").symlink_to("conf/p.toml")
    assert Repository.open(repo).configuration.strict_runs == "warn"
