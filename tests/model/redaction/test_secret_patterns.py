"""Credentials known by their looks; the labelled list in test_redaction.py has the rest."""

from __future__ import annotations

import pytest

from pytest_aexp.model.redaction.prefilter import may_leak
from pytest_aexp.model.redaction.secret_keys import SERVICES
from pytest_aexp.model.redaction.secret_patterns import contains_credential


def test_some_credentials_are_known_by_their_looks() -> None:
    assert contains_credential("ghp_" + "a1B2" * 9)
    assert contains_credential("https://user:pw@host/x")
    assert not contains_credential("https://host/x")
    assert not contains_credential("9fceb02d0ae598e95dc970b74767f19372d61af8")


@pytest.mark.parametrize("name", sorted(SERVICES))
@pytest.mark.parametrize("text", ["{}={}", 'then {}: "{}"', "x --{} {}"])
def test_a_generated_key_is_known_by_the_service_in_running_text_too(text: str, name: str) -> None:
    note = text.format(name, "9fceb02d0ae598e95dc970b74767f19372d61af8")
    assert contains_credential(note)
    assert may_leak(note)
    assert not contains_credential(text.format(name, "offline"))


def test_what_only_resembles_base64_is_no_fault_of_the_program() -> None:
    assert not contains_credential("eyJ" + "é" * 40)
    assert not contains_credential("eyJé" + "a" * 40)


def test_a_credential_beside_half_a_surrogate_pair_is_one() -> None:
    assert contains_credential("\ud800 hf_" + "aB3dE5gH7" * 4)
