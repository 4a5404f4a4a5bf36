"""The table of codes."""

from __future__ import annotations

from pytest_aexp.model.codes import CODES
from pytest_aexp.model.problems import all_rules


def test_every_rule_has_a_code_and_every_code_a_rule() -> None:
    assert {rule.code for rule in all_rules()} == set(CODES)


def test_every_code_says_what_it_means_and_what_to_do() -> None:
    for name, code in CODES.items():
        assert code.name == name
        assert all(code), name
