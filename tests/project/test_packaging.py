"""What a release holds, what it says of itself, and how the source tree is laid out."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from tree import ROOT

import pytest_aexp
from artifacts import artifacts, build_here, copy_tree, tree_files
from environments import SPEED_UPS, minimums

SUITE = os.environ.get("AEXP_SUITE", "tree")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCES = {
    "pytest_aexp": "pytest_aexp",
    "pytest_aexp/hooks": "hooks",
    "pytest_aexp/schemas": "schemas",
}
IMPORT_NAMES = {
    "ruamel.yaml.clib": "_ruamel_yaml",
    "jsonschema-rs": "jsonschema_rs",
}
MORE_TESTS = {
    "tests/hooks/test_precommit.py",
    "tests/plugin/test_plugin.py",
    "tests/report/test_browser.py",
}
"""Test files of a whole subject."""

tree = pytest.mark.tree
slow = pytest.mark.slow


def run_python(code: str, cwd: Path) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=True
    ).stdout.strip()


class TestEnvironment:
    """Each run of the suite is about what it claims to be about."""

    @staticmethod
    def expected() -> Path:
        return ROOT if SUITE == "tree" else Path(sysconfig.get_path("purelib"))

    def test_the_tests_import_what_this_run_is_about(self) -> None:
        assert Path(pytest_aexp.__file__).parent == self.expected() / "pytest_aexp"

    def test_a_process_started_in_the_root_imports_the_same(self) -> None:
        said = run_python("import pytest_aexp; print(pytest_aexp.__file__)", ROOT)
        assert Path(said).parent == self.expected() / "pytest_aexp"

    def test_the_speed_ups_are_there_unless_the_run_is_about_their_absence(self) -> None:
        requirements = map(Requirement, importlib.metadata.requires("pytest-aexp") or ())
        wanted = {
            each.name
            for each in requirements
            if each.name in SPEED_UPS and (each.marker is None or each.marker.evaluate())
        }
        found = {name for name in SPEED_UPS if importlib.util.find_spec(IMPORT_NAMES[name])}
        assert found == (set() if SUITE == "pure" else wanted)

    def test_the_dependencies_are_new_enough_and_no_newer_where_the_run_is_about_that(self) -> None:
        for requirement in map(Requirement, minimums()):
            if requirement.name in SPEED_UPS and not importlib.util.find_spec(
                IMPORT_NAMES[requirement.name]
            ):
                continue
            installed = Version(importlib.metadata.version(requirement.name))
            [bound] = requirement.specifier
            assert installed >= Version(bound.version)
            assert SUITE != "lowest" or installed == Version(bound.version)


class TestInstalled:
    """What a user finds after ``pip install``, and a developer after ``pip install -e``."""

    READ_SCHEMAS = (
        "from importlib.resources import files\n"
        "import pytest_aexp.hooks\n"
        "for file in files('pytest_aexp.schemas').iterdir():\n"
        "    if file.name.endswith('.json'):\n"
        "        print(file.name, len(file.read_bytes()))\n"
    )

    @pytest.mark.parametrize("place", ["root", "tests", "elsewhere"])
    def test_hooks_and_schemas_are_found_from_any_folder(self, place: str, tmp_path: Path) -> None:
        cwd = {"root": ROOT, "tests": ROOT / "tests", "elsewhere": tmp_path}[place]
        found = dict(line.split() for line in run_python(self.READ_SCHEMAS, cwd).splitlines())
        on_disk = {
            file.name: str(file.stat().st_size) for file in (ROOT / "schemas").glob("*.json")
        }
        assert found == on_disk
        assert found

    @pytest.mark.parametrize("group", ["console_scripts", "pytest11"])
    def test_every_entry_point_can_be_loaded(self, group: str) -> None:
        entry_points = importlib.metadata.distribution("pytest-aexp").entry_points.select(
            group=group
        )
        assert {each.name for each in entry_points} == {
            "console_scripts": {"aexp", "aexp-findings", "aexp-ledger"},
            "pytest11": {"aexp"},
        }[group]
        for each in entry_points:
            loaded = each.load()
            assert callable(loaded) if group == "console_scripts" else loaded.__name__

    def test_it_says_what_it_is(self) -> None:
        said = importlib.metadata.metadata("pytest-aexp")
        assert said["Name"] == "pytest-aexp"
        assert said["License-Expression"] == "MIT"
        assert Version("3.11.0") in Requirement(f"python{said['Requires-Python']}").specifier
        classifiers = said.get_all("Classifier") or []
        assert "Framework :: Pytest" in classifiers
        assert "Typing :: Typed" in classifiers
        assert not [each for each in classifiers if each.startswith("License ::")]


@pytest.fixture(scope="module")
def wheel() -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(artifacts().wheel) as opened:
        yield opened


@tree
class TestWheel:
    """What lands in site-packages."""

    def test_the_package_with_hooks_and_schemas_and_nothing_else(
        self, wheel: zipfile.ZipFile
    ) -> None:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
        assert packed == {
            f"{package}/{Path(name).relative_to(folder).as_posix()}"
            for package, folder in SOURCES.items()
            for name in tree_files(of=[folder])
        }
        assert "pytest_aexp/py.typed" in packed
        assert {name.partition("/")[0] for name in packed} == {"pytest_aexp"}

    def test_the_files_are_those_of_the_tree(self, wheel: zipfile.ZipFile) -> None:
        for package, folder in SOURCES.items():
            for name in tree_files(of=[folder]):
                packed = f"{package}/{Path(name).relative_to(folder).as_posix()}"
                assert wheel.read(packed) == (ROOT / name).read_bytes(), name

    def test_the_licence_is_in_it(self, wheel: zipfile.ZipFile) -> None:
        [licence] = [name for name in wheel.namelist() if name.endswith("licenses/LICENSE")]
        assert wheel.read(licence) == (ROOT / "LICENSE").read_bytes()

    @slow
    def test_built_from_the_tree_it_holds_the_same_as_built_from_the_sdist(
        self, wheel: zipfile.ZipFile, tmp_path: Path
    ) -> None:
        copy_tree(tmp_path / "tree", tree_files())
        build_here(tmp_path / "tree", tmp_path / "out", "--wheel")
        [direct] = (tmp_path / "out").iterdir()
        with zipfile.ZipFile(direct) as other:
            assert sorted(other.namelist()) == sorted(wheel.namelist())
            for name in other.namelist():
                assert other.read(name) == wheel.read(name), name


def modules() -> list[str]:
    """Every module of the product, as a path in the tree."""
    return [
        name
        for name in tree_files(of=["pytest_aexp", "hooks"])
        if name.endswith(".py") and not Path(name).stem.startswith("__")
    ]


def mirror_of(module: str) -> str:
    """Where a module's tests are: ``tests`` mirrors the folders of the package."""
    path = Path(module.removeprefix("pytest_aexp/"))
    return str(Path("tests") / path.parent / f"test_{path.name}")


def shipped() -> dict[str, str]:
    return {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in tree_files(of=["pytest_aexp", "hooks"])
        if name.endswith(".py")
    }


def inner_imports(name: str, text: str) -> Iterator[tuple[str, str]]:
    """Each place in a module where a function imports, with the comment before it, if any."""
    lines = text.splitlines()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, functions)]
    inner = {
        n.lineno for f in nodes for n in ast.walk(f) if isinstance(n, ast.Import | ast.ImportFrom)
    }
    for number in sorted(inner):
        if number - 1 in inner:
            # One after the other, for one reason.
            yield f"{name}:{number}", "as above"
            continue
        before = lines[number - 2].strip()
        here = lines[number - 1].partition("# ")[2]
        said = before if before.startswith("#") else lines[number - 3].strip()
        yield f"{name}:{number}", said if said.startswith("#") else here


@tree
class TestLayout:
    """The tree stays one in which a reader finds things."""

    def test_no_file_is_over_320_lines(self) -> None:
        lengths = {name: text.count("\n") for name, text in shipped().items()}
        assert not {name: length for name, length in lengths.items() if length > 320}

    def test_no_function_is_over_50_lines(self) -> None:
        lengths = {
            f"{name}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
            for name, text in shipped().items()
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert lengths
        assert not {name: length for name, length in lengths.items() if length > 50}

    def test_every_test_file_mirrors_a_module(self) -> None:
        mirrored = {mirror_of(name) for name in modules()}
        strays = [
            name
            for name in tree_files(of=["tests"])
            if Path(name).stem.startswith("test_")
            and name.endswith(".py")
            and Path(name).parts[1] not in {"whole", "project"}
            if name not in mirrored | MORE_TESTS
        ]
        assert strays == []

    def test_every_module_has_a_test_file_of_its_name(self) -> None:
        here = set(tree_files(of=["tests"]))
        untested = {name for name in modules() if mirror_of(name) not in here}
        assert untested == set()

    def test_names_of_tests_are_long_enough_to_say_what_holds(self) -> None:
        trees = [ast.parse(path.read_text("utf-8")) for path in (ROOT / "tests").rglob("test_*.py")]
        names = [n.name for t in trees for n in ast.walk(t) if isinstance(n, ast.FunctionDef)]
        assert [name for name in names if name.startswith("test_") and len(name) < 18] == []

    def test_tests_import_and_patch_no_private_names(self) -> None:
        private = re.compile(r"^from pytest_aexp\S* import .*\b_\w|setattr\(\w+, \"_", re.MULTILINE)
        places = [ROOT / name for name in tree_files(of=["tests"]) if name.endswith(".py")]
        this = Path(__file__).name
        texts = {p.name: p.read_text("utf-8") for p in places if p.name != this}
        assert [name for name, text in texts.items() if private.search(text)] == []

    def test_imports_inside_functions_are_few_and_say_why(self) -> None:
        places = [place for name, text in shipped().items() for place in inner_imports(name, text)]
        assert len(places) < 40, places
        assert [place for place, reason in places if not reason] == []

    def test_no_folder_has_more_than_a_dozen_modules(self) -> None:
        folders = Counter(str(Path(name).parent) for name in modules())
        assert not {folder: count for folder, count in folders.items() if count > 12}

    def test_nothing_names_one_machine_or_a_package_registry(self) -> None:
        registries = [("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("debian", "org")]
        private = re.compile(
            r"/work/(main|shared|\.library)|/tmp/(ref|brief)\b|/opt/(wheels|pypi)|/root/\.(pyenv|cache)"
            "|" + "|".join(rf"\b{name}\.{domain}\b" for name, domain in registries)
        )
        named = [
            f"{name}: {found.group()}"
            for name in tree_files()
            if (
                found := private.search((ROOT / name).read_text(encoding="utf-8", errors="replace"))
            )
        ]
        assert named == []
