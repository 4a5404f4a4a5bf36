"""import-linter, with this project's floors, sees what must not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from floors import check, unpack

pytestmark = [pytest.mark.tree]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    unpack(tmp_path)
    return tmp_path / "pytest_aexp"


def test_the_package_keeps_to_its_floors(package: Path) -> None:
    result = check(package.parent)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("ground/errors", "pytest_aexp.model.findings.finding"),
        ("ground/text", "pytest_aexp.validate"),
        ("model/findings", "pytest_aexp.work.check.resolve"),
        ("work/resolution", "pytest_aexp.rendering"),
        ("work/checker", "pytest_aexp.validate"),
        ("validate", "pytest_aexp.cli"),
        ("rendering", "pytest_aexp.cli"),
        ("cli/__init__", "pytest_aexp.plugin"),
        ("plugin", "pytest_aexp.hooks"),
        ("cli/__init__", "pytest_aexp.hooks"),
        ("model/findings", "ruamel.yaml"),
        ("model/entries", "jsonschema"),
        ("validate", "pytest"),
        ("model/entries", "signac"),
        ("report/gathering", "jinja2"),
    ],
)
def test_an_import_from_a_floor_above_is_found(package: Path, module: str, forbidden: str) -> None:
    file = package / f"{module}.py"
    with file.open("a", encoding="utf-8") as opened:
        opened.write(f"\nimport {forbidden}\n")
    result = check(package.parent)
    assert result.returncode == 1, result.stdout
    library = not forbidden.startswith("pytest_aexp")
    assert (forbidden.partition(".")[0] if library else forbidden) in result.stdout
    assert "BROKEN" in result.stdout


def test_a_circle_on_one_floor_is_found(package: Path) -> None:
    for module, imported in (("files", "text"), ("text", "files")):
        with (package / f"ground/{module}.py").open("a", encoding="utf-8") as opened:
            opened.write(f"\nimport pytest_aexp.ground.{imported}\n")
    result = check(package.parent)
    assert result.returncode == 1, result.stdout
    assert "circle BROKEN" in result.stdout


def test_the_lower_floors_hold_no_circle_either(package: Path) -> None:
    for module, imported in (("work/hints", "verdicts"), ("work/verdicts", "hints")):
        with (package / f"{module}.py").open("a", encoding="utf-8") as opened:
            opened.write(f"\nimport pytest_aexp.work.{imported}\n")
    result = check(package.parent)
    assert result.returncode == 1, result.stdout
    assert "circle BROKEN" in result.stdout


def test_a_module_on_no_floor_is_found(package: Path) -> None:
    (package / "misplaced.py").write_text("", encoding="utf-8")
    result = check(package.parent)
    assert result.returncode == 1, result.stdout
    assert "pytest_aexp.misplaced" in result.stdout
