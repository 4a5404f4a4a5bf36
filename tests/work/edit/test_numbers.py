"""Every number that is written follows; all other text stays."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repositories import entry_of, entry_text

from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import entry_path
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.findings.finding import read_finding
from pytest_aexp.model.findings.front_matter import read_front_matter
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.numbers.claim import Claim
from pytest_aexp.work.check.numbers import Cited, Metrics, References, Result, check_claim
from pytest_aexp.work.edit.numbers import with_right_numbers

HEAD = "---\nid: F001\nsupporting_runs: []\n---\n\n"
NUMBERS = st.sampled_from(
    ["0.9", "12.34 %", "−0.5", "+3", "1,234", "12{,}345.6", "1.2e-7", "9.9×10⁻¹", "5", ".25", "$7$"]
)
EXPRESSIONS = (
    "mean(x)",
    "sd(x)",
    "x.x",
    "-median(x)",
    "n()",
    "sum(x) / 7",
    "max(x) * 1e6",
    "min(x)",
)


def rewritten(text: str, values: list[float]) -> tuple[str, list[tuple[str, str, bool]]]:
    """The text after the rewrite; of each number how it was, how it is, whether it follows now."""
    runs = []
    for seed, value in enumerate(values):
        entry = entry_of({"seed": seed}, metrics={"x": value})
        data = entry_text(entry).encode()
        runs.append(judge_entry(entry["job_id"], entry_path(entry["job_id"]), data))
    cited = [Cited("supporting_runs[0]", "x", tuple(runs))]
    metrics = Metrics(Ledger(WorkTree(Path("/nonexistent"))))

    def checked(whole: str) -> list[tuple[Claim, tuple[Result, ...]]]:
        finding = read_finding("F001-x.md", whole.encode())
        return [(claim, check_claim(claim, References(cited, metrics))) for claim in finding.claims]

    before = checked(HEAD + text)
    front = read_front_matter("F001-x.md", (HEAD + text).encode())
    after = with_right_numbers(front, before)
    pairs = zip(before, checked(after), strict=True)
    numbers = [
        (old.number.text, new.number.text, new.fault is None)
        for (_, olds), (_, news) in pairs
        for old, new in zip(olds, news, strict=True)
    ]
    return after.removeprefix(HEAD), numbers


@given(
    st.lists(st.tuples(NUMBERS, st.sampled_from(EXPRESSIONS)), min_size=1, max_size=6),
    st.lists(st.integers(-(10**9), 10**9).map(lambda n: n / 1000), min_size=2, max_size=5),
)
def test_every_number_that_is_written_follows(
    claims: list[tuple[str, str]], values: list[float]
) -> None:
    text = " and\n".join(f"about {number}<!-- = {formula} -->" for number, formula in claims) + "\n"
    after, numbers = rewritten(text, values)
    assert all(follows for old, new, follows in numbers if old != new)
    without = re.compile(r"about .*?<")
    assert without.sub("<", after) == without.sub("<", text)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("0.1–0.2<!-- = min(x), max(x) -->", "0.9–1.0<!-- = min(x), max(x) -->"),
        ("0.1-0.2<!-- = min(x), max(x) -->", "0.9-1.0<!-- = min(x), max(x) -->"),
        ("94.1–99.2 %<!-- = min(x), max(x) -->", "93.0–95.0 %<!-- = min(x), max(x) -->"),
        ("**9 %**<!-- = min(x) --> x<!-- y -->", "**93 %**<!-- = min(x) --> x<!-- y -->"),
        ("0.930<!-- = min(x) -->", "0.930<!-- = min(x) -->"),
        ("```\n0.1<!-- = min(x) -->\n```\n", "```\n0.1<!-- = min(x) -->\n```\n"),
        ("0.1–0.2<!-- = min(x), -max(x) -->", "0.9–-1.0<!-- = min(x), -max(x) -->"),
        # A reader would see 12 5 and 94.2 %.
        ("12 000<!-- = n() -->", "12 000<!-- = n() -->"),
        ("94.2<!-- = min(x) --> %", "94.2<!-- = min(x) --> %"),
        # A minus behind a hyphen would be read as a dash.
        ("0.1-0.2<!-- = min(x), -max(x) -->", "0.1-0.2<!-- = min(x), -max(x) -->"),
    ],
)
def test_a_wrong_number_is_rewritten_in_its_notation(text: str, after: str) -> None:
    assert rewritten(text, [0.93, 0.95])[0] == after
