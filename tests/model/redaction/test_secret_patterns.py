"""Credentials known by their looks; the labelled list in test_redaction.py has the rest."""

from __future__ import annotations

from pytest_aexp.model.redaction.secret_patterns import contains_credential


def test_some_credentials_are_known_by_their_looks() -> None:
    assert contains_credential("ghp_" + "a1B2" * 9)
    assert contains_credential("https://user:pw@host/x")
    assert not contains_credential("https://host/x")
    assert not contains_credential("9fceb02d0ae598e95dc970b74767f19372d61af8")
