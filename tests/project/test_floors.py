"""import-linter, with this project's floors, sees what must not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from floors import check, lay_out

pytestmark = pytest.mark.tree

FORBIDDEN = [
    # to a floor above
    ("ground/errors", "pytest_aexp.model.findings.finding"),
    ("ground/text", "pytest_aexp.validate"),
    ("model/findings/finding", "pytest_aexp.work.check.resolve"),
    ("work/check/resolve", "pytest_aexp.rendering"),
    ("work/check/checker", "pytest_aexp.validate"),
    ("validate", "pytest_aexp.cli"),
    ("rendering", "pytest_aexp.cli"),
    ("cli/__init__", "pytest_aexp.plugin"),
    ("plugin/summary", "pytest_aexp.hooks"),
    ("cli/output", "pytest_aexp.hooks"),
    # of a library that one other module speaks
    ("model/findings/citation", "ruamel.yaml"),
    ("model/entry", "jsonschema"),
    ("runs_index", "pytest"),
    ("model/job_id", "signac"),
    ("report/build", "jinja2"),
    ("cli/evidence/validate", "shtab"),
]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return lay_out(tmp_path)


def append(package: Path, module: str, line: str) -> None:
    with (package / f"{module}.py").open("r+", encoding="utf-8") as file:
        file.read()
        file.write(f"\n{line}\n")


def test_the_package_keeps_to_its_floors(package: Path) -> None:
    result = check(package.parent)
    assert result.returncode == 0, result.stdout


def test_every_import_that_a_floor_or_a_library_forbids_is_reported(package: Path) -> None:
    for module, forbidden in FORBIDDEN:
        append(package, module, f"import {forbidden}")
    result = check(package.parent)
    assert result.returncode == 1, result.stdout
    reported = result.stdout.replace("\n", " ")
    missing = [
        (module, forbidden)
        for module, forbidden in FORBIDDEN
        if f"{dotted(module)} -> {imported_name(forbidden)} " not in reported
        and f"{dotted(module)} -> {imported_name(forbidden)}:" not in reported
    ]
    assert missing == [], result.stdout


def dotted(module: str) -> str:
    return "pytest_aexp." + module.replace("/", ".").removesuffix(".__init__")


def imported_name(forbidden: str) -> str:
    """A library is named by its top package alone."""
    return forbidden if forbidden.startswith("pytest_aexp") else forbidden.partition(".")[0]


def test_modules_that_import_each_other_are_reported(package: Path) -> None:
    circles = [("ground", "files", "text"), ("work.check", "hints", "messages")]
    for folder, one, other in circles:
        append(package, f"{folder.replace('.', '/')}/{one}", f"import pytest_aexp.{folder}.{other}")
        append(package, f"{folder.replace('.', '/')}/{other}", f"import pytest_aexp.{folder}.{one}")
    result = check(package.parent)
    assert result.returncode == 1, result.stdout
    assert "circle BROKEN" in result.stdout
    for folder, _, _ in circles:
        assert f"No cycles are allowed in pytest_aexp.{folder}." in result.stdout


def test_a_module_on_no_floor_is_reported(package: Path) -> None:
    (package / "misplaced.py").write_text("", encoding="utf-8")
    result = check(package.parent)
    assert result.returncode == 1, result.stdout
    assert "pytest_aexp.misplaced" in result.stdout
