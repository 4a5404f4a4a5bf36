"""Credentials known by their looks; the labelled list in test_redaction.py has the rest."""

from __future__ import annotations

from pytest_aexp.model.redaction import secret_patterns
from pytest_aexp.model.redaction.secret_patterns import contains_credential


def test_some_credentials_are_known_by_their_looks() -> None:
    assert contains_credential("ghp_" + "a1B2" * 9)
    assert contains_credential("https://user:pw@host/x")
    assert not contains_credential("https://host/x")
    assert not contains_credential("9fceb02d0ae598e95dc970b74767f19372d61af8")


def test_what_only_resembles_base64_is_no_fault_of_the_program() -> None:
    assert not contains_credential("eyJ" + "é" * 40)
    assert not contains_credential("eyJé" + "a" * 40)


def test_a_long_text_without_any_part_of_a_credential_is_not_searched_for_them_all() -> None:
    assert not secret_patterns._has_part_of_shape("a/b:c@d=e~f\\g%2f" * 100)


def test_a_credential_beside_half_a_surrogate_pair_is_one() -> None:
    assert contains_credential("\ud800 hf_" + "aB3dE5gH7" * 4)
