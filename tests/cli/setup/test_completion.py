"""Scripts that complete ``aexp`` in a shell."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repositories import add_finding, write

from pytest_aexp.cli import main
from pytest_aexp.cli.parsers import SHELLS
from pytest_aexp.cli.setup.completion import MISSING_SHTAB


def completion(shell: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest_aexp", "--print-completion", shell],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


COMPLETED = [
    ("aexp val", ["validate"]),
    ("aexp ledger b", ["backfill"]),
    ("aexp ledger un", ["unpack"]),
    ("aexp validate --fo", ["--format"]),
    ("aexp validate --format g", ["github", "gitlab"]),
    ("aexp --print-completion z", ["zsh"]),
]


@pytest.fixture(scope="module")
def bash_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("completion") / "aexp.bash"
    path.write_text(completion("bash"))
    return path


@pytest.fixture(scope="module")
def fish_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("completion") / "aexp.fish"
    path.write_text(completion("fish"))
    return path


@pytest.mark.parametrize(("line", "offered"), COMPLETED)
def test_bash_completes_what_is_being_typed(
    bash_script: Path, line: str, offered: list[str]
) -> None:
    subprocess.run(["bash", "-n", bash_script], check=True)
    assert completed(bash_script, line) == offered


def completed(bash_script: Path, line: str) -> list[str]:
    words = line.split()
    # What bash itself does when the tab key is pressed.
    script = (
        f'. "{bash_script}"; complete -p aexp >/dev/null || exit 3; '
        f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; "
        f"_shtab_aexp aexp {words[-1]} {words[-2]}; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    return sorted(done.stdout.split())


OFFERED = [
    ("aexp cite F0", ["F001", "F002"]),
    ("aexp validate kb/", ["kb/research"]),
    ("aexp ledger show 4", ["4" * 32]),
    ("aexp cite F001 4", ["4" * 32]),
    ("aexp report --html rep", ["report.html"]),
    ("aexp mark 4 com", ["complete"]),
    ("aexp ledger list --status f", ["failed"]),
]


@pytest.fixture
def filled(repo: Path) -> Path:
    add_finding(repo, "F001-x")
    add_finding(repo, "F002-x")
    write(repo, f".aexp/ledger/{'4' * 32}.json", "{}")
    write(repo, "report.html", "")
    return repo


@pytest.mark.parametrize(("line", "offered"), OFFERED)
@pytest.mark.usefixtures("filled")
def test_bash_offers_findings_files_ids_and_statuses(
    bash_script: Path, line: str, offered: list[str]
) -> None:
    assert completed(bash_script, line) == offered


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
@pytest.mark.parametrize(("line", "offered"), [*COMPLETED, *OFFERED])
def test_fish_offers_the_same(
    fish_script: Path, filled: Path, line: str, offered: list[str]
) -> None:
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"source {fish_script}; complete -C '{line}'"],
        cwd=filled,
        capture_output=True,
        text=True,
        check=True,
    )
    candidates = [row.partition("\t")[0].rstrip("/") for row in done.stdout.splitlines()]
    assert sorted(candidates) == offered


def test_zsh_has_a_script_of_its_own() -> None:
    script = completion("zsh")
    assert script.startswith("#compdef aexp\n")
    assert "validate" in script
    assert "how an agent should read the check" in script
    # zsh takes "*:" for any number of ids.
    assert '"*:a job id, or its beginning:_aexp_mark"\n)' in script


def test_another_shell_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--print-completion", "cmd"])
    assert end.value.code == 2
    output = capsys.readouterr().err
    assert all(shell in output for shell in SHELLS)


def test_without_shtab_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["--print-completion", "bash"]) == 2
    assert capsys.readouterr().err == f"aexp: {MISSING_SHTAB}\n"
    assert "pytest-aexp[completion]" in MISSING_SHTAB


def test_no_other_call_loads_shtab() -> None:
    script = (
        "import sys; from pytest_aexp.cli import main\n"
        "try: main(['validate', '--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit('shtab' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)
