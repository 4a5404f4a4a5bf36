"""The table of verbs: each is found, loaded and run, and what is no verb is refused."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from commands import run_aexp

from pytest_aexp.cli import main
from pytest_aexp.cli.verbs import GROUPS, VERBS, verbs_below


@pytest.mark.parametrize(
    ("line", "verb"),
    [
        ("aexp validate -x", "aexp validate"),
        ("aexp validate F001 --nothing", "aexp validate"),
        ("aexp ledger check --nothing", "aexp ledger check"),
        ("aexp fix --diff -x", "aexp fix"),
    ],
)
def test_wrong_usage_shows_how_that_verb_is_used(
    line: str, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(line.split()[1:])
    assert end.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"usage: {verb} [-h]")
    assert f"\n{verb}: error: " in output.err


def test_the_version_is_that_of_the_installed_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"pytest-aexp {version('pytest-aexp')}\n"


@pytest.mark.parametrize(
    "line",
    ["validate --at=--", "install --machine-label=--", f"link {'a' * 32} --experiment=--"],
)
def test_two_dashes_are_no_value(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(line.split())
    assert end.value.code == 2
    assert re.search(r"argument --[\w-]+: expected a value, not --\n$", capsys.readouterr().err)


def test_what_only_looks_like_such_a_value_is_left_alone(repo: Path) -> None:
    assert main(["new-run", "--experiment", "E001", "--sp", "k=--"]) == 2  # there is no run store
    assert main(["validate", "--", "--at=--"]) == 2  # there is no such finding


@pytest.mark.parametrize("words", [[], ["help"], ["--help"], ["-h"]])
def test_the_help_lists_every_verb_below_its_group(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run_aexp(capsys, *words)
    assert (status, err) == (0, "")
    for group, verbs in GROUPS.items():
        section = re.search(rf"^{group}:\n((?:  .*\n)+)", out, re.MULTILINE)
        assert section, group
        for verb in verbs:
            assert all(re.search(rf"\b{word}\b", section[1]) for word in verb.name.split())


def test_the_help_fits_one_screen(capsys: pytest.CaptureFixture[str]) -> None:
    lines = run_aexp(capsys)[1].splitlines()
    assert len(lines) <= 50
    assert max(map(len, lines)) < 100


@pytest.mark.parametrize("words", [["ledger"], ["ledger", "--help"], ["help", "ledger"]])
def test_a_verb_of_two_words_is_listed_below_its_first(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run_aexp(capsys, *words)
    assert (status, err) == (0, "")
    names = [verb.name.split()[1] for verb in verbs_below("ledger")]
    listed = out.partition("examples:")[0]
    assert re.findall(r"^  ([a-z]\S+)", listed, re.MULTILINE) == names


@pytest.mark.parametrize("name", VERBS)
def test_help_of_a_verb_is_the_help_of_its_own_parser(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_aexp(capsys, "help", *name.split()) == run_aexp(capsys, *name.split(), "--help")


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["validat"], "did you mean `aexp validate`?"),
        (["newrun"], "did you mean `aexp new-run`?"),
        (["ledger", "promot", "x"], "did you mean `aexp ledger promote`?"),
        (["list"], "did you mean `aexp ledger list`?"),
        (["promte"], "did you mean `aexp ledger promote`?"),
        (["ledgr", "list"], "did you mean `aexp ledger`?"),
        (["xyzzy"], "`aexp --help` lists the commands"),
        (["uninstall"], "`aexp --help` lists the commands"),
        (["ledger", "xyzzy"], "`aexp ledger --help` lists the commands"),
        (["help", "validat"], "did you mean `aexp validate`?"),
    ],
)
def test_what_is_no_verb_is_refused_with_the_one_it_may_be(
    words: list[str], advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run_aexp(capsys, *words)
    assert (status, out) == (2, "")
    assert "is not an aexp command" in err
    assert advice in err


def test_an_option_that_does_not_exist_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run_aexp(capsys, "--nothing")
    assert status == 2
    assert "unrecognized arguments: --nothing" in err


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("validate --strct-runs warn", "--strict-runs"),
        ("ledger list E001 --json", "--format json"),
        ("changes F001 --snice=HEAD", "--since"),
    ],
)
def test_of_an_option_that_does_not_exist_the_one_that_may_be_meant_is_named(
    line: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(line.split())
    assert end.value.code == 2
    assert capsys.readouterr().err.endswith(f": did you mean {meant}?\n")


def test_only_the_module_of_the_verb_is_imported() -> None:
    script = (
        "import sys; from pytest_aexp.cli import main\n"
        "try: main(['mark', '--help'])\n"
        "except SystemExit: pass\n"
        "names = sorted(m for m in sys.modules if m.startswith('pytest_aexp.cli.'))\n"
        "print(*names, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stderr.split() == [
        f"pytest_aexp.cli.{name}" for name in ("parsers", "runs", "runs.mark", "verbs")
    ]


def test_every_verb_has_a_test_file_and_says_what_each_status_means() -> None:
    for verb in VERBS.values():
        module = verb.load()
        assert module.__doc__.strip()
        assert max(map(len, module.__doc__.splitlines())) <= 80, verb.name
        assert set(module.STATUSES) >= {0}
        folder, _, name = verb.module.partition(".")
        assert (Path(__file__).parent / folder / f"test_{name}.py").is_file(), verb.name
