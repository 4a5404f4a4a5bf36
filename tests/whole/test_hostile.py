"""Files that somebody else wrote to do harm: bounded, named, never followed, never obeyed."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import bidirectional, category

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from repositories import add_jobs, batch, entry_of, entry_text, job, write

from artifacts import ROOT
from pytest_aexp.cli import main, output
from pytest_aexp.cli.evidence import validate
from pytest_aexp.ground.files import size
from pytest_aexp.ground.text import clean
from pytest_aexp.model.entry import entry_path
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.findings.citation import BatchCitation, JobCitation
from pytest_aexp.model.findings.finding import read_finding
from pytest_aexp.model.problems import Outcome
from pytest_aexp.rendering import FORMATS

MIB = 1 << 20
MEMORY = 200 * MIB
CPU_SECONDS = 5
ENTRY = entry_of({"experiment_id": "E001", "seed": 1})
JOB_ID = ENTRY["job_id"]
PATH = entry_path(JOB_ID)
FINDING = "kb/research/findings/F001-x.md"
INDEX = ".aexp/runs-index/far.json"
RUN = f".runs/workspace/{JOB_ID}"
CONFIG = "pyproject.toml"
MARKER = ".aexp/installed.json"
INDEXED = {"job_id": JOB_ID, "status": "complete", "experiment_id": "E001", "registered_at": "x"}

# What one process may cost, with the interpreter and everything it imports.
BOUNDED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({cpu}, {cpu}))
from pytest_aexp.cli import main
status = main(["validate", "--format", "json"])
peak = next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1]
sys.stderr.write(f"peak {{int(peak) * 1024}}")
sys.exit(status)
"""


def front(yaml: str) -> str:
    return f"---\n{yaml}\n---\n"


def as_entry(**fields: Any) -> str:
    return json.dumps({**ENTRY, **fields})


def index(*entries: str) -> str:
    head = '{"schema_version": 1, "machine_label": "far", "exported_at": "x", "entries": ['
    return f"{head}{','.join(entries)}]}}"


YAML_ROOM = 60_000
LAUGHS = "\n".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30))
# Made when they are needed: together they are 365 MB.
BOMBS: dict[str, Callable[[], tuple[str, str | bytes]]] = {
    "lists in lists": lambda: (FINDING, front("a: " + "[" * YAML_ROOM)),
    "mappings in mappings": lambda: (FINDING, front("{a: " * (YAML_ROOM // 4))),
    "items in items": lambda: (FINDING, front("- " * (YAML_ROOM // 2))),
    "keys that are keys": lambda: (FINDING, front("? " * (YAML_ROOM // 2))),
    "billion laughs": lambda: (FINDING, front(f"a0: &a0 [x]\n{LAUGHS}\nsupporting_runs: *a29")),
    "one citation ten thousand times": lambda: (
        FINDING,
        front(
            f"x: &a {{type: batch, experiment_id: E001, selector: {{k: [{'1,' * 9000}]}}}}\n"
            f"supporting_runs: [{'*a,' * 10000}]"
        ),
    ),
    "one mapping below each key": lambda: (
        FINDING,
        front(
            "m: &m {" + "".join(f"k{i}: 1, " for i in range(3000)) + "}\n"
            "" + "\n".join(f"b{i}: *m" for i in range(3000))
        ),
    ),
    "a list in itself": lambda: (FINDING, front("supporting_runs: &a [*a]")),
    "merges of merges": lambda: (
        FINDING,
        front(
            "m0: &m0 {a: 1}\n"
            + "\n".join(f"m{i}: &m{i} {{<<: [*m{i - 1}, *m{i - 1}]}}" for i in range(1, 30))
            + "\nsupporting_runs: *m29"
        ),
    ),
    "numbers without end": lambda: (FINDING, front(f"supporting_runs: [{{id: {'9' * 50_000}}}]")),
    "two thousand malformed citations": lambda: (
        FINDING,
        front("supporting_runs:\n" + "- {type: job, id: 12}\n" * 2000),
    ),
    "four megabytes of empty lines": lambda: (FINDING, "\n" * (4 * MIB - 8) + front("a: 1")),
    "not UTF-8 at the very end": lambda: (FINDING, b"\n" * (4 * MIB - 8) + b"\xff"),
    "fifty megabytes of text": lambda: (FINDING, front("a: 1") + "x" * (50 * MIB)),
    "an entry of brackets": lambda: (PATH, "[" * MIB),
    "an entry of empty objects": lambda: (PATH, f"[{'{},' * (MIB // 3 - 2)}1]"),
    "an entry too large": lambda: (PATH, " " * (50 * MIB)),
    "an entry that names redactions twice": lambda: (PATH, as_entry(redacted=["/a"] * 100_000)),
    "an entry that names no redactions": lambda: (PATH, as_entry(redacted=[1] * 200_000)),
    "an entry of unknown fields": lambda: (PATH, as_entry(**{f"k{i}": 1 for i in range(50_000)})),
    "an entry with one long field": lambda: (PATH, as_entry(**{"k\n" * 200_000: 1})),
    "an entry with a long number": lambda: (
        PATH,
        as_entry(wallclock_s=1)[:-1] + "9" * 900_000 + "}",
    ),
    "an entry of what may be a path": lambda: (PATH, as_entry(later="~" * 900_000)),
    "an entry of what may be a login": lambda: (PATH, as_entry(later="://a:" * 180_000)),
    "an entry of what may be secrets": lambda: (PATH, as_entry(later="token=a:" * 110_000)),
    "an entry of keys that may be secrets": lambda: (
        PATH,
        as_entry(later={f"k{i}_token": "~/x" for i in range(40_000)}),
    ),
    "an index of empty objects": lambda: (INDEX, index("{}," * (10 * MIB) + "{}")),
    "an index of a million values": lambda: (INDEX, index("{}," * 490_000 + "1")),
    "an index with its fault at the end": lambda: (
        INDEX,
        index(*[json.dumps({**INDEXED, "condition": i}) for i in range(60_000)], "1"),
    ),
    "an index of wide characters": lambda: (INDEX, index(f'"{"😀" * (7 * MIB)}"')),
    "an index too large": lambda: (INDEX, " " * (100 * MIB)),
    "a document of empty objects": lambda: (
        f"{RUN}/signac_job_document.json",
        f"[{'{},' * 5 * MIB}1]",
    ),
    "a document of numbers": lambda: (
        f"{RUN}/signac_job_document.json",
        json.dumps({"status": "complete", "a": [0.25] * 900_000}),
    ),
    "a statepoint nested 399 deep": lambda: (
        f"{RUN}/signac_statepoint.json",
        '{"a":' * 399 + "1" + "}" * 399,
    ),
    "a configuration of one key": lambda: (CONFIG, "a." * 400_000 + "b = 1"),
    "a configuration of one table": lambda: (CONFIG, f"[{'a.' * 400_000}b]"),
    "a configuration of long keys": lambda: (
        CONFIG,
        "\n".join(f"[{'a.' * 60}b{i}]" for i in range(4000)),
    ),
    "a configuration with a long number": lambda: (CONFIG, "a = " + "9" * 500_000),
    "a configuration of brackets": lambda: (CONFIG, "a = " + "[" * 500_000),
    "globs without end": lambda: (CONFIG, f'[tool.aexp]\nfindings = ["{"**/a/" * 30}x"]'),
    "a glob of brackets": lambda: (CONFIG, f"[tool.aexp]\nfindings = ['kb/{'[' * 20_000}.md']"),
    "many globs of brackets": lambda: (
        CONFIG,
        f"[tool.aexp]\nfindings = {[f'{i}*' + '[' * 990 for i in range(100)]}",
    ),
    "a marker of brackets": lambda: (MARKER, "[" * 900_000),
    "a marker with a long number": lambda: (MARKER, f'{{"run_store_path": {"9" * 900_000}}}'),
    "a marker with a long path": lambda: (MARKER, f'{{"run_store_path": "{"a/" * 400_000}"}}'),
    "a marker that names nobody": lambda: (MARKER, '{"run_store_path": "~nobody-here/x\\u0000"}'),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_no_file_costs_more_than_its_bounds(name: str, repo: Path) -> None:
    write(repo, FINDING, front(f"supporting_runs: [{job(JOB_ID)}]"))
    write(repo, PATH, entry_text(ENTRY))
    path, content = BOMBS[name]()
    if path.startswith(".runs"):
        write(repo, ".runs/.signac/config", "schema_version = 2\n")
        write(repo, f"{RUN}/signac_statepoint.json", json.dumps(ENTRY["statepoint"]))
    if path == CONFIG:
        write(repo, "/".join(["a"] * 60 + ["x"]), "deep")
    write(repo, path, content)
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED.format(cpu=CPU_SECONDS)],
        cwd=repo,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1, 2), (done.returncode, done.stderr)
    assert "Traceback" not in done.stderr
    peak = int(done.stderr.rpartition("peak ")[2])
    assert peak < MEMORY, size(peak)
    if done.returncode < 2:
        json.loads(done.stdout)


# What a file may say to a terminal, a log, a browser or a CI runner.
PAYLOADS = (
    "\x1b[31mred\x1b]0;title\x07\x9b2J",
    "one\ntwo\r\nthree\u2028four\x85five\x0bsix",
    "x\n::error file=a.py::forged",
    "x ##[error]forged ##vso[task.complete] ##teamcity[message]",
    "%0A::warning::forged",
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "[link](javascript:alert(1)) ![x](http://example.org/pixel)",
    "\u202egnp.exe\u2066\u200b\ufeff\U000e0041",
    "\ud800 \udfff",
    "../../../../etc/passwd",
    '","level":"none","x":"',
    "x" * 100_000,
)
PLACES: dict[str, Callable[[str], tuple[str, str]]] = {
    "id": lambda t: (FINDING, front(f"supporting_runs: [{{type: job, id: {yaml(t)}}}]")),
    "type": lambda t: (FINDING, front(f"supporting_runs: [{{type: {yaml(t)}}}]")),
    "experiment": lambda t: (
        FINDING,
        front(f"supporting_runs: [{{type: batch, experiment_id: {yaml(t)}}}]"),
    ),
    "selector": lambda t: (
        FINDING,
        front(f"supporting_runs: [{batch('E001', f'{{? {yaml(t)} : {yaml(t)}}}')}]"),
    ),
    "value": lambda t: (
        FINDING,
        front(f"supporting_runs: [{batch('E001', f'{{seed: {yaml(t)}}}')}]"),
    ),
    "key": lambda t: (
        FINDING,
        front(f"supporting_runs: [{{type: job, id: {JOB_ID}, ? {yaml(t)} : 1}}]"),
    ),
    "anchor": lambda t: (FINDING, front(f"a: *{t[:50]}")),
    "tag": lambda t: (FINDING, front(f"a: !<{t[:50]}> b")),
    "top": lambda t: (FINDING, front(f"supporting_runs: {yaml(t)}")),
    "entry": lambda t: (PATH, as_entry(status=t)),
    "entry's id": lambda t: (PATH, as_entry(job_id=t)),
    "entry's field": lambda t: (PATH, as_entry(**{t: 1})),
    "entry's leak": lambda t: (PATH, as_entry(later={f"/home/{t}": 1})),
    "entry's text": lambda t: (PATH, t),
    "stray": lambda t: (f".aexp/ledger/{name_of(t)}.json", "{}"),
    "machine": lambda t: (INDEX, json.dumps({**json.loads(index()), "machine_label": t})),
    "index": lambda t: (INDEX, json.dumps({**json.loads(index("1")), "exported_at": [t]})),
    "index name": lambda t: (f".aexp/runs-index/{name_of(t)}.json", "{"),
    "finding": lambda t: (f"kb/research/findings/F002{name_of(t)}.md", "no front matter"),
    "status": lambda t: (f"{RUN}/signac_job_document.json", json.dumps({"status": t})),
    "run link": lambda t: (f"{RUN}/signac_job_document.json", json.dumps({"aexp": t})),
    "configuration": lambda t: (CONFIG, f"[tool.aexp]\n{toml(t)} = 1"),
    "severity": lambda t: (CONFIG, f"[tool.aexp.severity]\n{toml(t)} = {toml(t)}"),
    "run store": lambda t: (CONFIG, f"[tool.aexp]\nrun_store = {toml(t)}"),
    "marker": lambda t: (MARKER, json.dumps({"run_store_path": t, "machine_label": t})),
}


def yaml(text: str) -> str:
    return json.dumps(text[:5000])


def toml(text: str) -> str:
    return json.dumps(re.sub("[\ud800-\udfff]", "?", text))


def name_of(text: str) -> str:
    kept = text.replace("/", "_").replace("\0", "")
    return os.fsdecode(kept.encode("utf-8", "replace")[:100])


@pytest.mark.parametrize("place", PLACES)
def test_nothing_a_file_says_is_an_order_to_the_reader(
    place: str, repo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes: list[Outcome] = []

    def rendered(outcome: Outcome, *format_and_root: Any) -> str:
        outcomes.append(outcome)
        return output.rendered(outcome, *format_and_root)

    monkeypatch.setattr(validate, "rendered", rendered)
    for number, payload in enumerate(PAYLOADS):
        home = repo / str(number)
        (home / ".git").mkdir(parents=True)
        os.chdir(home)
        write(home, FINDING, front(f"supporting_runs: [{job(JOB_ID)}]"))
        (home / ".aexp/ledger").mkdir(parents=True)
        write(home, ".runs/.signac/config", "schema_version = 2\n")
        if place in ("status", "run link"):
            write(home, f"{RUN}/signac_statepoint.json", json.dumps(ENTRY["statepoint"]))
        path, text = PLACES[place](payload)
        write(home, path, text.encode("utf-8", "replace"))
        outcomes.clear()
        status = main(["validate"])
        assert status in ((0, 1) if outcomes else (2,))
        printed = capsys.readouterr()
        _check(printed.err, "text")
        _check(printed.out, "text")
        # Judged once, shown in each format.
        for outcome, format_name in itertools.product(outcomes, FORMATS):
            _check(output.rendered(outcome, format_name, home), format_name)


def _check(output: str, format_name: str) -> None:
    for character in output.replace("\n", ""):
        assert category(character) not in ("Cc", "Cs", "Zl", "Zp"), repr(character)
        assert bidirectional(character) not in ("RLO", "LRO", "RLI", "LRI", "FSI", "PDI", "PDF")
    assert not re.search(r"##\w*\[", output)
    assert all(len(line) < 6000 for line in output.split("\n"))
    commands = [line for line in output.split("\n") if line.lstrip().startswith("::")]
    if format_name == "github":
        assert commands == output.split("\n")[:-1]
        assert all(re.match(r"::(error|warning) file=[^:]+,line=\d+,col=\d+", c) for c in commands)
    else:
        assert commands == []
    if format_name == "sarif" and output:
        for result in json.loads(output)["runs"][0]["results"]:
            assert result["level"] in ("error", "warning")


def test_pytest_prints_no_order_either(pytester: pytest.Pytester) -> None:
    repo = pytester.path
    (repo / ".git").mkdir()
    (repo / ".aexp/ledger").mkdir(parents=True)
    names = [f"F{number:03d}-x.md" for number in range(1, len(PAYLOADS) + 1)]
    for name, payload in zip(names, PAYLOADS, strict=True):
        quoted = yaml(payload)
        cited = (
            f"supporting_runs: [{{type: job, id: {quoted}}}, {quoted}, "
            f"{batch('E001', f'{{? {quoted} : {quoted}}}')}]"
        )
        write(repo, f"kb/research/findings/{name}", front(cited).encode("utf-8", "replace"))
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-rA", "--color=no", "-v")
    assert result.ret == 1
    lines = result.stdout.str().split("\n")
    for name in names:
        about = [line for line in lines if name in line]
        assert len(about) > 3, name
        assert all(clean(line) == line for line in about)
    assert not any(line.lstrip().startswith(("::", "##[")) for line in lines)


ODD: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a link to zeros without end": lambda p: p.symlink_to("/dev/zero"),
    "a link to a terminal": lambda p: p.symlink_to("/dev/tty"),
    "a link out of the tree": lambda p: p.symlink_to("/etc/passwd"),
    "a link to itself": lambda p: p.symlink_to(p.name),
    "a folder": Path.mkdir,
    "a link to a folder outside": lambda p: p.symlink_to("/etc"),
}


@pytest.mark.parametrize("path", [FINDING, PATH, INDEX, MARKER, CONFIG, ".gitignore"])
@pytest.mark.parametrize("kind", ODD)
@pytest.mark.timeout(20)
def test_what_is_no_file_is_never_read(
    kind: str, path: str, repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, "kb/research/findings/F009-y.md", front(f"supporting_runs: [{job(JOB_ID)}]"))
    (repo / path).parent.mkdir(parents=True, exist_ok=True)
    ODD[kind](repo / path)
    status = main(["validate"])
    is_read = path == PATH or (path == FINDING and "folder" not in kind)
    assert status in ((1,) if is_read else (0, 1, 2))
    output = capsys.readouterr()
    assert "root:" not in output.out + output.err


def test_links_that_fan_out_are_walked_once(repo: Path) -> None:
    findings = repo / "kb/research/findings"
    for level in range(30):
        (findings / f"d{level}").mkdir(parents=True)
        for link in ("a", "b"):
            (findings / f"d{level}" / link).symlink_to(f"../d{level + 1}")
    write(repo, "kb/research/findings/d29/F001-x.md", front("a: 1"))
    write(repo, "elsewhere/F002-x.md", front("a: 1"))
    (findings / "a-link").symlink_to("../../../elsewhere")
    from pytest_aexp.ground.settings.configuration import DEFAULT_FINDINGS
    from pytest_aexp.ground.views import WorkTree, matching

    assert list(matching(WorkTree(repo), DEFAULT_FINDINGS)) == [
        "kb/research/findings/a-link/F002-x.md",
        "kb/research/findings/d29/F001-x.md",
    ]


@pytest.mark.parametrize("name", ["..", "../../x", "/etc/passwd", "x" * 300, "\0", "a/b", "-rf"])
@pytest.mark.parametrize("verb", [["ledger", "promote"], ["ledger", "show"], ["ledger", "unpack"]])
def test_an_id_that_is_a_path_leads_nowhere(
    verb: list[str], name: str, repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_jobs(repo, [{"statepoint": {"a": 1}, "doc": {"status": "complete"}}])
    (repo / ".aexp/ledger").mkdir(parents=True)
    before = sorted(p for p in repo.parent.rglob("*") if ".git" not in p.parts)
    assert main([*verb, "--", name]) == 2
    assert sorted(p for p in repo.parent.rglob("*") if ".git" not in p.parts) == before
    assert "Traceback" not in capsys.readouterr().err


TEXT = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(["type", "id", "experiment_id", "selector", "note", "selctor"]) | TEXT
CITATION = st.dictionaries(
    KEYS, st.sampled_from(["job", "batch", JOB_ID, "E001", JOB_ID.upper()]) | JSON, max_size=5
)


@given(cited=st.lists(CITATION | JSON, max_size=4))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_every_citation_is_read_or_reported(cited: list[Any]) -> None:
    text = json.dumps(cited).replace("NaN", "1").replace("Infinity", "1")
    read = read_finding(FINDING, front(f"supporting_runs: {text}").encode())
    if read.faults:
        assert not read.citations
        return
    assert len(read.citations) == len(cited)
    for citation, written in zip(read.citations, cited, strict=True):
        if isinstance(citation, JobCitation):
            assert citation.job_id == str(written["id"])
        elif isinstance(citation, BatchCitation):
            assert citation.experiment_id == written["experiment_id"]
        else:
            assert citation.faults


@given(change=st.dictionaries(st.sampled_from(sorted(ENTRY)) | TEXT, JSON, max_size=3))
def test_an_entry_that_was_changed_proves_what_it_says_or_nothing(change: dict[str, Any]) -> None:
    judged = judge_entry(JOB_ID, PATH, as_entry(**change).encode())
    if judged.usable:
        assert change.get("job_id", JOB_ID) == JOB_ID
        assert judged.statepoint == json.dumps(ENTRY["statepoint"], sort_keys=True)
    else:
        assert judged.cause is not None


@pytest.mark.tree
@pytest.mark.parametrize(
    "kept", sorted((ROOT / "fuzz").glob("c*/*/*")), ids=lambda p: f"{p.parent.name}-{p.name}"
)
def test_what_fuzzing_found_stays_found(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "fuzz")
    from targets import TARGETS  # type: ignore[import-not-found]

    TARGETS[kept.parent.name](kept.read_bytes())
