"""The marker is extended; nothing that it says is lost."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from repositories import write

from pytest_aexp.ground.repository import Marker
from pytest_aexp.work.install.marker import dumped, planned_marker, renewed
from pytest_aexp.work.install.plan import InstallAction, InstallRefused, carry_out

MARKER = ".aexp/installed.json"
FOREIGN = {
    "version": "0.6.1",
    "installed_at": "2026-01-02T03:04:05+00:00",
    "run_store_path": "data/runs",
    "scaffold_sha": "e192",
    "python_exe": "/opt/env/bin/python",
    "conda_env_name": "ae",
    "jupyter_enabled": True,
    "machine_label": "cluster",
    "unknown": {"deep": [1, None, "é"]},
}


def install(
    root: Path, *, label: str | None = None, run_store: str | None = None, force: bool = False
) -> list[InstallAction]:
    _, steps = planned_marker(root, ".runs", label=label, run_store=run_store, force=force)
    carry_out(steps)
    return [step.action for step in steps]


def kinds(actions: list[InstallAction]) -> list[str]:
    return [action.kind for action in actions]


def marker(root: Path) -> Any:
    return json.loads((root / MARKER).read_bytes())


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "gpu 7.cluster.example.org")


@pytest.mark.usefixtures("host")
def test_a_new_marker_says_who_and_where_and_when(tmp_path: Path) -> None:
    assert kinds(install(tmp_path)) == ["wrote_marker"]
    found = marker(tmp_path)
    assert found.pop("installed_at").endswith("+00:00")
    assert found == {"machine_label": "gpu-7", "run_store_path": ".runs"}


def test_what_another_install_wrote_is_kept_to_the_byte(tmp_path: Path) -> None:
    # As no JSON writer of ours would write it
    text = json.dumps(FOREIGN, indent=7, ensure_ascii=False).encode() + b"\n\n"
    path = write(tmp_path, MARKER, text)
    before = path.stat().st_mtime_ns
    assert kinds(install(tmp_path)) == ["already_installed"]
    assert path.read_bytes() == text
    assert path.stat().st_mtime_ns == before


def test_force_rewrites_the_text_and_keeps_the_values(tmp_path: Path) -> None:
    write(tmp_path, MARKER, json.dumps(FOREIGN))
    assert kinds(install(tmp_path, force=True)) == ["wrote_marker"]
    assert marker(tmp_path) == FOREIGN
    assert (tmp_path / MARKER).read_bytes() == dumped(FOREIGN)
    assert kinds(install(tmp_path, force=True)) == ["already_installed"]


@pytest.mark.parametrize(
    ("arguments", "changed", "said"),
    [
        ({"label": "laptop"}, {"machine_label": "laptop"}, 'machine_label "cluster" -> "laptop"'),
        ({"run_store": "r"}, {"run_store_path": "r"}, 'run_store_path "data/runs" -> "r"'),
    ],
)
def test_what_is_given_replaces_what_is_known_and_nothing_else(
    tmp_path: Path, arguments: dict[str, Any], changed: dict[str, Any], said: str
) -> None:
    write(tmp_path, MARKER, json.dumps(FOREIGN))
    (action,) = install(tmp_path, **arguments)
    assert (action.kind, action.detail) == ("wrote_marker", said)
    assert marker(tmp_path) == FOREIGN | changed
    assert list(marker(tmp_path)) == list(FOREIGN)
    assert kinds(install(tmp_path)) == ["already_installed"]


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize("useless", [None, 5, "", "  ", [], {}])
@pytest.mark.parametrize(
    ("key", "value"), [("machine_label", "gpu-7"), ("run_store_path", ".runs")]
)
def test_a_value_that_says_nothing_is_filled_in(
    tmp_path: Path, key: str, value: str, useless: object
) -> None:
    write(tmp_path, MARKER, json.dumps({**FOREIGN, key: useless}))
    assert kinds(install(tmp_path)) == ["wrote_marker"]
    assert marker(tmp_path) == {**FOREIGN, key: value}


@pytest.mark.parametrize(
    "damaged", [b"", b'{"machine_label": "clus', b"[1]", b"null", b"\xff\xfe{}", b"[" * 100_000]
)
def test_a_damaged_marker_is_kept_aside_before_it_is_replaced(
    tmp_path: Path, damaged: bytes
) -> None:
    write(tmp_path, MARKER, damaged)
    actions = install(tmp_path, label="cluster")
    assert kinds(actions) == ["marker_warning", "wrote_marker"]
    assert "kept as installed.json.damaged " in actions[0].detail
    assert (tmp_path / ".aexp/installed.json.damaged").read_bytes() == damaged
    assert marker(tmp_path)["machine_label"] == "cluster"
    assert kinds(install(tmp_path)) == ["already_installed"]


def test_what_was_kept_aside_is_never_overwritten(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path, MARKER, f"damage {number}")
        install(tmp_path)
    kept = sorted(path.read_text() for path in tmp_path.glob(".aexp/*.damaged*"))
    assert kept == ["damage 0", "damage 1", "damage 2"]


def test_a_label_that_cannot_name_a_file_stays_and_is_warned_of(tmp_path: Path) -> None:
    write(tmp_path, MARKER, json.dumps({**FOREIGN, "machine_label": "../up"}))
    actions = install(tmp_path)
    assert kinds(actions) == ["already_installed", "marker_warning"]
    assert "run `aexp install --machine-label up`" in actions[1].detail
    assert marker(tmp_path)["machine_label"] == "../up"
    assert kinds(install(tmp_path, label="up")) == ["wrote_marker"]


def test_a_marker_that_cannot_be_read_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / MARKER).mkdir(parents=True)
    with pytest.raises(InstallRefused, match=r"^\.aexp/installed\.json is a folder, not a file"):
        install(tmp_path)
    (tmp_path / MARKER).rmdir()
    write(tmp_path, MARKER, b" " * (1 << 20) + b"{}")
    with pytest.raises(InstallRefused, match="larger than 1 MiB"):
        install(tmp_path)
    assert (tmp_path / MARKER).stat().st_size == (1 << 20) + 2


def test_a_link_is_read_but_never_written_through(tmp_path: Path) -> None:
    elsewhere = write(tmp_path, "elsewhere.json", json.dumps(FOREIGN))
    root = tmp_path / "root"
    (root / ".aexp").mkdir(parents=True)
    os.symlink(elsewhere, root / MARKER)
    assert kinds(install(root)) == ["already_installed"]
    with pytest.raises(InstallRefused, match="is a link"):
        install(root, label="laptop")
    assert elsewhere.read_text() == json.dumps(FOREIGN)
    assert (root / MARKER).is_symlink()


def test_the_text_is_ascii_whatever_the_values() -> None:
    values = renewed(Marker({"odd": "\ud800", "é": "\x00"}), ".runs", label="a")
    assert json.loads(dumped(values)) == values
    assert dumped(values).isascii()
