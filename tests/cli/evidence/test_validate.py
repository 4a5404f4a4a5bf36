"""``aexp validate`` as it is typed."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from repositories import add_entry, add_finding, git, job, job_id_of, new_repository, write

from pytest_aexp.cli import main

POINT = {"experiment_id": "E001", "seed": 1}

A = job_id_of(POINT)

DEAD = "deadbeef" * 4

FOLDER = "kb/research/findings"


@pytest.fixture
def sound(repo: Path) -> Path:
    """A repository in which one finding cites one entry."""
    add_entry(repo, POINT)
    add_finding(repo, "F001-x", job(A))
    return repo


@pytest.fixture
def broken(sound: Path) -> Path:
    """The same with a finding whose citation leads nowhere."""
    add_finding(sound, "F002-y", job(DEAD))
    return sound


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The command as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "pytest_aexp", "validate", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )


def test_a_repository_without_problems_is_one_line_and_status_0(
    sound: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate"]) == 0
    assert capsys.readouterr().out == "1 finding, 1 citation, 1 ledger entry: no problems\n"


def test_a_problem_is_a_line_with_its_place_and_what_to_type_next(
    broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate"]) == 1
    first, second, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{FOLDER}/F002-y.md:4:21: error: run {DEAD} was not found: ")
    assert first.endswith(" [finding.broken_run_citation]")
    assert second.startswith("    next: check the id; ")
    assert last == "2 findings, 2 citations, 1 ledger entry: 1 error, 0 warnings"


@pytest.mark.parametrize(("strict", "status"), [("error", 1), ("warn", 0), ("off", 0)])
def test_only_an_error_fails(broken: Path, strict: str, status: int) -> None:
    assert main(["validate", f"--strict-runs={strict}"]) == status
    assert main(["validate", "--strict-runs", strict, "--format", "json"]) == status
    write(broken, "pyproject.toml", f'[tool.aexp]\nstrict_runs = "{strict}"\n')
    assert main(["validate"]) == status
    assert main(["validate", "--strict-runs=error"]) == 1


def test_an_unknown_strictness_names_the_three(
    broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["validate", "--strict-runs=loud"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "'loud'" in said
    assert re.search(r"error\W+warn\W+off", said)


@pytest.mark.parametrize("arguments", [["--format=xml"], ["--nothing"], ["--format"]])
def test_wrong_usage_ends_in_status_2(sound: Path, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["validate", *arguments])
    assert ended.value.code == 2


def test_the_json_document_has_all_that_the_docs_list(
    broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", "--format=json"]) == 1
    document = json.loads(capsys.readouterr().out)
    (problem,) = document.pop("problems")
    checked = {"findings": 2, "citations": 2, "entries": 1}
    assert document == {"version": 1, "ok": False, "checked": checked}
    assert set(problem) == {"code", "severity", "path", "line", "column", "message", "fix"}
    assert (problem["path"], problem["line"], problem["column"]) == (f"{FOLDER}/F002-y.md", 4, 21)
    assert main(["validate", "--format=json", "--strict-runs=off"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["problems"]) == (True, [])


@pytest.mark.parametrize(
    ("folder", "place", "up"),
    [
        ("kb", "research/findings/F002-y.md", ".."),
        (FOLDER, "F002-y.md", "../../.."),
        (".aexp/ledger", f"../../{FOLDER}/F002-y.md", "../.."),
    ],
)
def test_in_a_folder_below_places_are_as_seen_from_there(
    broken: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    folder: str,
    place: str,
    up: str,
) -> None:
    monkeypatch.chdir(broken / folder)
    assert main(["validate"]) == 1
    first, _, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{place}:4:21: error: ")
    assert last.endswith(f": 1 error, 0 warnings; the commands are for the root: cd {up}")
    for format_name in ("json", "github", "gitlab", "sarif"):
        main(["validate", "--format", format_name])
        assert f"{FOLDER}/F002-y.md" in capsys.readouterr().out.replace("\\", "")
    assert main(["validate", "F001"]) == 0
    assert capsys.readouterr().out.endswith(": no problems\n")


def test_an_entry_is_placed_from_a_folder_below_as_well(
    broken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(broken, f".aexp/ledger/{DEAD}.json", "{}")
    monkeypatch.chdir(broken / "kb")
    assert main(["ledger", "check"]) == 1
    said = capsys.readouterr().out
    assert said.startswith(f"../.aexp/ledger/{DEAD}.json:1:1: ")
    assert said.endswith("; the commands are for the root: cd ..\n")


def test_the_problems_of_a_finding_come_from_its_top_to_its_end(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_entry(repo, POINT)
    for name in ("F001-x", "F002-y"):
        cited = f"supporting_runs:\n  - {job(DEAD)}\n"
        text = f"---\n{cited}Supporting_Runs:\n  - {job(A)}\n---\n"
        write(repo, f"{FOLDER}/{name}.md", text)
    assert main(["validate", "--format", "json"]) == 1
    problems = json.loads(capsys.readouterr().out)["problems"]
    places = [(each["path"], each["line"], each["column"]) for each in problems]
    assert len(places) == 4
    assert places == sorted(places)


def test_outside_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["validate"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"aexp: no repository at {tmp_path} or above it: ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("x = ", "aexp: pyproject.toml: cannot be read: "),
        ("[tool.aexp]\nstrict = 1\n", 'aexp: pyproject.toml: [tool.aexp] has no setting "strict"'),
        (
            '[tool.aexp.severity]\n"x.y" = "off"\n',
            'aexp: pyproject.toml: tool.aexp.severity: "x.y" is neither a code',
        ),
    ],
)
def test_a_broken_configuration(
    sound: Path, capsys: pytest.CaptureFixture[str], content: str, said: str
) -> None:
    write(sound, "pyproject.toml", content)
    assert main(["validate"]) == 2
    assert capsys.readouterr().err.startswith(said)


@pytest.mark.parametrize("at", ["index", "HEAD"])
def test_what_git_holds_can_be_judged(
    broken: Path, capsys: pytest.CaptureFixture[str], at: str
) -> None:
    git(broken, "add", ".aexp", f"{FOLDER}/F001-x.md")
    git(broken, "commit", "-q", "-m", "x")
    assert main(["validate", "--at", at]) == 0
    assert capsys.readouterr().out == "1 finding, 1 citation, 1 ledger entry: no problems\n"
    assert main(["validate", "--at", "no-such-branch"]) == 2


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> bytes:
    leader, follower = pty.openpty()
    try:
        subprocess.run(
            [sys.executable, "-m", "pytest_aexp", "validate"],
            env={**os.environ, "TERM": "xterm", **environment},
            stdout=follower,
            check=False,
        )
    finally:
        os.close(follower)
    said = b""
    # Linux says so when the other end is closed.
    with suppress(OSError):
        while more := os.read(leader, 4096):
            said += more
    os.close(leader)
    return said


def test_a_terminal_gets_colour_unless_its_user_said_no(
    broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    coloured = on_a_terminal(monkeypatch)
    assert b"\x1b[31merror\x1b[0m" in coloured
    plain = on_a_terminal(monkeypatch, NO_COLOR="1")
    assert b"\x1b" not in plain
    assert re.sub(rb"\x1b\[[0-9]*m", b"", coloured) == plain
    assert program().stdout.replace(b"\n", b"\r\n") == plain


@pytest.mark.slow
def test_any_encoding_will_do(sound: Path) -> None:
    add_finding(sound, "F003-größe", "{type: job, id: größe-🎉}")
    for format_name in ("text", "json", "github", "gitlab", "sarif"):
        done = program("--format", format_name, PYTHONIOENCODING="ascii")
        assert (done.returncode, done.stderr) == (1, b"")
        done.stdout.decode("ascii")
    assert "größe" in program(PYTHONIOENCODING="utf-8").stdout.decode()
    assert rb"gr\xf6\xdfe" in program(PYTHONIOENCODING="ascii").stdout


def test_a_reader_that_leaves_early_is_no_traceback(repo: Path) -> None:
    add_finding(repo, "F001-x", *(f"{{type: job, id: x{i}}}" for i in range(1_500)))
    read, write_end = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest_aexp", "validate"], stdout=write_end, stderr=subprocess.PIPE
    )
    os.close(write_end)
    os.read(read, 10)
    os.close(read)
    _, said = process.communicate(timeout=60)
    assert said == b""
    assert process.returncode == 1


def test_the_command_and_the_module_are_one(broken: Path) -> None:
    script = Path(sys.executable).with_name("aexp")
    done = subprocess.run([script, "validate"], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, program().stdout)


def test_the_help_of_validate_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["validate", "--help"])
    assert ended.value.code == 0
    assert "aexp validate F004 --strict-runs=warn" in capsys.readouterr().out


def test_a_repository_below_another_is_judged_by_itself(
    broken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inner = new_repository(broken / "vendor" / "inner")
    monkeypatch.chdir(inner)
    assert main(["validate"]) == 0
    assert "0 findings, 0 citations: " in capsys.readouterr().out


def test_where_nothing_is_cited_the_last_line_says_so(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, "kb/research/findings/F001-x.md", "---\nid: F001\nruns: [{type: job}]\n---\n")
    assert main(["validate"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "1 finding, 0 citations: no problems; no finding cites a run"
    write(repo, "kb/research/findings/F001-x.md", "no front matter")
    assert main(["validate"]) == 1
    assert "no finding cites" not in capsys.readouterr().out


@pytest.mark.parametrize("word", ["warn", "warning"])
def test_either_word_for_a_warning_will_do(broken: Path, word: str) -> None:
    assert main(["validate", f"--strict-runs={word}"]) == 0
    write(broken, "pyproject.toml", f'[tool.aexp]\nstrict_runs = "{word}"\n')
    assert main(["validate"]) == 0
    severity = f'[tool.aexp.severity]\n"finding.broken_run_citation" = "{word}"\n'
    write(broken, "pyproject.toml", severity)
    assert main(["validate"]) == 0
