"""The front matter of a finding is read into citations, or it is told why not and where."""

from __future__ import annotations

import time
from pathlib import Path
from unicodedata import category

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from repositories import write

from pytest_aexp.ground.files import MISSING, UNMERGED
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.findings.citation import BatchCitation, JobCitation, MalformedCitation
from pytest_aexp.model.findings.finding import Finding, load_finding, name_of, read_finding
from pytest_aexp.model.findings.front_matter import FRONT_MATTER_LIMIT, READ_LIMIT
from pytest_aexp.model.problems import MISSPELT_CITATIONS, SUSPICIOUS_KEY, UNREADABLE

A = "4076a08a2393f617db96cb1a0d5569d6"
CITED = f"supporting_runs:\n  - {{type: job, id: {A}}}\n"
PATH = "kb/F001-x.md"


def read(text: str | bytes) -> Finding:
    return read_finding(PATH, text if isinstance(text, bytes) else text.encode())


def front(yaml: str) -> Finding:
    return read(f"---\n{yaml}---\nbody\n")


CITES_A: dict[str, str | bytes] = {
    "as it is usually written": f"---\nid: F001\n{CITED}---\n\n# F001\n",
    "nothing after the fence": f"---\n{CITED}---",
    "nothing else": f"---\n{CITED}---\n",
    "a BOM": f"\ufeff---\n{CITED}---\n",
    "CRLF": f"---\n{CITED}---\nbody\n".replace("\n", "\r\n"),
    "CRLF above LF": f"---\n{CITED}---\n".replace("\n", "\r\n") + "body\n",
    "space after the fences": f"--- \t\n{CITED}---  \nbody\n",
    "more dashes": f"-----\n{CITED}----\nbody\n",
    "empty lines first": f"\n \t\n\r\n---\n{CITED}---\nbody\n",
    "rules in the body": f"---\n{CITED}---\n\n---\nsupporting_refs: 5\n---\n",
    "a control character in the body": f"---\n{CITED}---\n\x00\x1b\n",
    "a very long body": f"---\n{CITED}---\n".encode() + "é".encode() * READ_LIMIT,
    "as much as there may be": f"---\n{CITED}#".ljust(FRONT_MATTER_LIMIT + 3) + "\n---\n",
}


@pytest.mark.parametrize("text", CITES_A.values(), ids=CITES_A)
def test_citations_are_read(text: str | bytes) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    found = read(data[:READ_LIMIT])
    assert found.faults == ()
    (citation,) = found.citations
    assert isinstance(citation, JobCitation)
    assert citation.job_id == A


CITES_NOTHING = ["", "id: F001\n", "# c\n", "null\n", "supporting_runs:\n", "supporting_runs: []\n"]


@pytest.mark.parametrize("yaml", CITES_NOTHING)
def test_a_finding_may_cite_nothing(yaml: str) -> None:
    assert front(yaml) == Finding(PATH)


@pytest.mark.parametrize(
    "text",
    [
        f"---\n{CITED}---\n",
        f"\n\n---\nid: F001\n{CITED}---\n",
        f"---\r\nid: F001\r\n\r\n{CITED}---\r\n",
        f"\ufeff---\n{CITED}---\n",
        f'---\nsupporting_runs: [{{type: job, note: "🎉é", id: {A}}}]\n---\n',
        f"---\nk: &j {A}\nsupporting_runs:\n- {{type: job, id: *j}}\n---\n",
    ],
)
def test_a_citation_knows_where_its_id_stands(text: str) -> None:
    (citation,) = read(text).citations
    line = text[: text.index(A)].count("\n")
    assert citation.position.line == line + 1
    there = text.removeprefix("\ufeff").split("\n")[line]
    assert there[citation.position.column - 1 :].removeprefix("&j ").startswith(A)


TOP = "there is no front matter at the top, so no citation can be read"
DOTS = "the front matter ends with `...`, not with `---`"
CONFLICT = "the finding holds conflict markers"
OPEN = "the front matter is never closed"
LONG = "the front matter is larger than 64 KiB"
YAML = "the front matter cannot be read: "
# Content, what is said of it, where.
REFUSED: dict[str, tuple[str | bytes, str, tuple[int, int]]] = {
    "nothing": ("", "the file is empty", (1, 1)),
    "what Git LFS keeps elsewhere": (
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "the file is a Git LFS pointer",
        (1, 1),
    ),
    "white space": (" \n\n", TOP, (1, 1)),
    "text first": (f"text\n---\n{CITED}---\n", TOP, (1, 1)),
    "two dashes": (f"--\n{CITED}--\n", TOP, (1, 1)),
    "an indented fence": (f" ---\n{CITED}---\n", TOP, (1, 1)),
    "words after the fence": (f"--- x\n{CITED}---\n", TOP, (1, 1)),
    "a comment first": (f"<!-- x -->\n---\n{CITED}---\n", TOP, (1, 1)),
    "TOML": (
        "+++\nx = 1\n+++\n",
        "the front matter is TOML (`+++`), not YAML, so no citation",
        (1, 1),
    ),
    "a fence alone": ("---", OPEN, (1, 1)),
    "no second fence": (f"---\n{CITED}\n# F001\n", OPEN, (1, 1)),
    "dots for a fence": (f"---\n{CITED}...\n", DOTS, (4, 1)),
    "dots, and a rule further down": (f"---\n{CITED}...\n\ntext\n\n---\n", DOTS, (4, 1)),
    "too long": (f"---\n{CITED}#{' ' * FRONT_MATTER_LIMIT}\n---\n", LONG, (1, 1)),
    "too long in bytes": (f"---\n{CITED}#{'é' * (FRONT_MATTER_LIMIT // 2)}\n---\n", LONG, (1, 1)),
    "Latin-1": (b"---\nx: \xe9\n---\n", "the file is not UTF-8: byte 0xe9 begins no", (2, 4)),
    "Latin-1 in the body": (b"---\nx: 1\n---\n\n\xc3\xa9\xe9\n", "the file is not UTF-8: ", (5, 2)),
    "UTF-16": ("---\n".encode("utf-16"), "the file is not UTF-8: byte 0xff", (1, 1)),
    "half a character": (b"---\nx: 1\n---\n\xe2\x82", "the file is not UTF-8: byte 0xe2", (4, 1)),
    "bad YAML": ("---\nid: F001\nx: [\n---\n", YAML + "the list that begins with", (3, 4)),
    "a key twice": ("---\na: 1\nb: 2\na: 3\n---\n", YAML + 'the key "a" is there twice', (4, 1)),
    "a foreign tag on citations": (
        "---\nsupporting_runs: !x []\n---\n",
        YAML + 'the tag "!x" is not allowed here',
        (2, 18),
    ),
    "conflict markers": (f"---\nid: F\n<<<<<<< HEAD\n{CITED}=======\n---\n", CONFLICT, (3, 1)),
    "conflict markers at the top": (f"<<<<<<< HEAD\n---\n{CITED}---\n", CONFLICT, (1, 1)),
    "too deep": (f"---\nx: {'[' * 40}\n---\n", YAML + "nested more than 32 deep", (2, 35)),
    "a list": ("---\n- x\n---\n", YAML + "it is a list, not `key: value` lines", (2, 1)),
    "text": ("---\n# c\ntext\n---\n", YAML + "it is text, not `key: value` lines", (3, 1)),
    "citations as text": ("---\nsupporting_runs: x\n---\n", 'supporting_runs is "x", nei', (2, 18)),
    "citations as a number": (
        "---\nsupporting_runs: 5\n---\n",
        'supporting_runs is "5", n',
        (2, 18),
    ),
    "citations as no text": (
        "---\nsupporting_runs: ''\n---\n",
        'supporting_runs is "", ne',
        (2, 18),
    ),
    "a merge of nothing": ("---\n<<: 5\n---\n", YAML + "the merge key << names no mapping", (2, 5)),
}


@pytest.mark.parametrize(("text", "said", "place"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_told_with_its_place(
    text: str | bytes, said: str, place: tuple[int, int]
) -> None:
    found = read(text)
    assert found.citations == ()
    (fault,) = found.faults
    assert (fault.rule, fault.path) == (UNREADABLE, PATH)
    assert fault.message.startswith(said)
    assert (fault.position.line, fault.position.column) == place
    assert fault.fix


def test_a_file_that_could_not_be_read() -> None:
    assert read_finding(PATH, MISSING).faults[0].message == "the finding does not exist"
    assert f"git add {PATH}" in read_finding(PATH, UNMERGED).faults[0].fix


SLIPS = [
    "supporting_run",
    "supporting-runs",
    "supportingRuns",
    "Supporting_Runs",
    "SUPPORTING RUNS",
]
SLIPS += ["suporting_runs", "supporting_rusn", "supporting_runs_", "supporting_runss"]
OTHERS = [
    "supporting_refs",
    "supporting_papers",
    "supporting_runs_note",
    "supports",
    "runs",
    "notes",
]


@pytest.mark.parametrize("key", SLIPS)
def test_a_key_that_looks_like_citations_is_told(key: str) -> None:
    (fault,) = front(f"id: F001\n{key}:\n  - {{type: job, id: {A}}}\n").faults
    assert fault.rule is MISSPELT_CITATIONS
    assert fault.message == f'"{key}" is not supporting_runs: the citations there are not checked'
    assert (fault.position.line, fault.position.column) == (3, 1)


@pytest.mark.parametrize("key", OTHERS)
def test_another_key_is_not(key: str) -> None:
    assert front(f"{key}: x\nmore:\n  {key}: x\n").faults == ()


def test_citations_below_another_key_are_told() -> None:
    found = front(f"evidence:\n  supporting_runs:\n    - {{type: job, id: {A}}}\n{CITED}")
    (fault,) = found.faults
    assert fault.rule is SUSPICIOUS_KEY
    assert fault.message.startswith('"supporting_runs" is below "evidence": the citations there')
    assert (fault.position.line, fault.position.column) == (3, 3)
    assert len(found.citations) == 1


def test_citations_come_in_through_aliases_and_merge_keys() -> None:
    found = front(f"list: &l\n  - {{type: job, id: {A}}}\nsupporting_runs: *l\n")
    assert [type(citation) for citation in found.citations] == [JobCitation]
    found = front(f"shared: &s\n  supporting_runs: {{type: job, id: {A}}}\n<<: *s\n")
    assert [type(citation) for citation in found.citations] == [JobCitation]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("kb/F004-what-we-found.md", "F004"),
        ("f7.markdown", "F7"),
        ("F1000x.md", "F1000"),
        ("F004", "F004"),
        ("kb/notes.md", "notes.md"),
        ("F-x.md", "F-x.md"),
        ("F٣.md", "F٣.md"),
    ],
)  # fmt: skip
def test_the_name_of_a_finding(path: str, expected: str) -> None:
    assert name_of(path) == expected
    assert Finding(path).name == expected


def test_a_finding_is_loaded_through_a_view(tmp_path: Path) -> None:
    write(tmp_path, PATH, b"---\n" + CITED.encode() + b"---\n" + b"x" * READ_LIMIT)
    assert len(load_finding(WorkTree(tmp_path), PATH).citations) == 1
    assert load_finding(WorkTree(tmp_path), "nowhere.md").faults[0].rule is UNREADABLE


# Whatever stands in the file

HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def assert_told(found: Finding) -> None:
    faults = [*found.faults, *(fault for citation in found.citations for fault in citation.faults)]
    for fault in faults:
        for text in (fault.message, fault.fix):
            assert not {category(character) for character in text} & HIDDEN, text
            assert len(text) <= 500, text
    for position in [f.position for f in faults] + [c.position for c in found.citations]:
        assert position.line >= 1
        assert position.column >= 1
    for index, citation in enumerate(found.citations):
        assert citation.index == index
        assert isinstance(citation, MalformedCitation) == any(
            fault.rule is not SUSPICIOUS_KEY for fault in citation.faults
        )


@given(
    st.binary(max_size=80) | st.binary(max_size=80).map(lambda data: b"---\n" + data + b"\n---\n")
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert_told(read(data))


PIECES = [
    "- ",
    "{",
    "}",
    "[",
    "]",
    ": ",
    ", ",
    "\n",
    "\n  ",
    "type",
    "job",
    "batch",
    "id",
    A,
    "&a ",
    "*a",
]
PIECES += [
    "experiment_id",
    "E001",
    "selector",
    "selctor",
    "<<",
    "~",
    "1e31",
    "'",
    '"',
    "!!str ",
    "|\n",
]
PIECES += [
    "supporting_runs: ",
    "supporting_run: ",
    "\u202e",
    "\x1b",
    "é",
    "🎉",
    "\r\n",
    "\t",
    "#",
    "note",
]


@settings(suppress_health_check=[HealthCheck.too_slow])
@example(["supporting_runs: ", "[", "&a ", "[", "*a", "]", "]"])
@example(["supporting_runs: ", "{", "type", ": ", "job", ", ", "\u202e" * 900, ": ", "1", "}"])
@example(
    ["supporting_runs: ", "{", "type", ": ", "x" * 900, ", ", "id", ": ", "y\u202e" * 900, "}"]
)
@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_any_front_matter_is_read_or_refused(pieces: list[str]) -> None:
    assert_told(front("".join(pieces) + "\n"))
    assert_told(front("supporting_runs:\n  - {type: batch, " + "".join(pieces) + "\n"))


SHAPES: dict[str, str] = {
    "one citation 15,000 times": f"c: &c {{type: job, id: {A}}}\n"
    f"supporting_runs: [{'*c,' * 15_000}]\n",
    "one batch 5,000 times": "c: &c {type: batch, experiment_id: E001, selector: {"
    + ",".join(f"k{i}: 1" for i in range(2_000))
    + "}}\nsupporting_runs: ["
    + "*c," * 5_000
    + "]\n",
    "30,000 numbers": f"supporting_runs: [{'0,' * 30_000}]\n",
    "one mapping below 3,000 keys": "m: &m {"
    + ",".join(f"supporting{i}: 1" for i in range(1_500))
    + "}\n"
    + "".join(f"k{i}: *m\n" for i in range(3_000)),
    "4,000 keys like citations": "".join(f"supporting_run{i}: 1\n" for i in range(3_000)),
    "15,000 merges": f"a: &a {{x: 1}}\n<<: [{'*a,' * 15_000}]\n",
    "a selector of 4,000 keys": "supporting_runs:\n"
    "  - {type: batch, experiment_id: E001, selector: {"
    + ",".join(f"key{i}: {i}" for i in range(4_000))
    + "}}\n",
    "too deep 5,000 times": "a0: &a0 [x]\n"
    + "".join(f"a{i}: &a{i} [{'1,' * 50}*a{i - 1}]\n" for i in range(1, 40))
    + f"supporting_runs: [{'*a39,' * 5_000}]\n",
}


@pytest.mark.parametrize("yaml", SHAPES.values(), ids=SHAPES)
def test_64_kib_of_any_shape_take_less_than_a_second(yaml: str) -> None:
    assert len(yaml) <= FRONT_MATTER_LIMIT
    start = time.process_time()
    found = front(yaml)
    assert time.process_time() - start < 5  # the bound for any one file
    assert_told(found)


@pytest.mark.parametrize("piece", ["\n", " \n", " ", "---", "---\n", "-", "\r\n", "x\n"])
def test_4_mib_of_any_shape_take_less_than_a_second(piece: str) -> None:
    data = (piece * (READ_LIMIT // len(piece))).encode()
    start = time.process_time()
    assert read(data).faults or piece == "---\n"
    assert time.process_time() - start < 5  # the bound for any one file


def test_a_batch_keeps_its_selector_as_json() -> None:
    selector = "{a: 1, b: 1.0, c: '1', d: yes, e: , f: [x, {g: ~}], 2024: 2026-01-01}"
    (citation,) = front(
        f"supporting_runs:\n- type: batch\n  experiment_id: E001\n  selector: {selector}\n"
    ).citations
    assert isinstance(citation, BatchCitation)
    assert citation.selector == {
        "a": 1,
        "b": 1.0,
        "c": "1",
        "d": True,
        "e": None,
        "f": ["x", {"g": None}],
        "2024": "2026-01-01",
    }
    assert type(citation.selector["b"]) is float


TAGGED = "params:\n  d: !r Sys.Date()\n  e: !expr [1]\n"


def test_tags_and_keys_of_other_programs_are_their_own_business() -> None:
    finding = front(f"{TAGGED}? [a, b]\n: !m {{c: 1}}\n~: x\n{CITED}")
    assert finding.faults == ()
    assert [type(citation) for citation in finding.citations] == [JobCitation]


@pytest.mark.parametrize(
    ("yaml", "what", "fix"),
    [
        ("title: a: b", "a text with a colon in it needs quotes", "put quotes around the text"),
        ("title: x\n\tsub: 1", "the line is indented with a tab", "indent with spaces"),
        ("title: @x", "a text that begins with @ needs quotes", "put quotes around the text"),
        ("a:\u00a0[]", "there is a no-break space in this line", "type a plain space"),
        ("a: \u200bx: y", "there is a zero-width space in this line", "type a plain space"),
        ("a: 1\na: 2", 'the key "a" is there twice', "remove one of the two"),
    ],
)
def test_yaml_that_cannot_be_read_is_named_in_plain_words(yaml: str, what: str, fix: str) -> None:
    (fault,) = read_finding("F001.md", f"---\n{yaml}\n---\n".encode()).faults
    assert fault.message == f"the front matter cannot be read: {what}"
    assert fault.fix.startswith(fix)


def test_a_long_list_of_runs_is_not_sent_where_nobody_checks_it() -> None:
    runs = "".join(f"  - {{type: job, id: {number:032x}}}\n" for number in range(1500))
    (fault,) = read_finding("F001.md", f"---\nsupporting_runs:\n{runs}---\n".encode()).faults
    assert "cite a batch" in fault.fix
    assert "below" not in fault.fix
