"""Credentials known by their looks; the labelled list in test_redaction.py has the rest."""

from __future__ import annotations

import re
import time
from itertools import product

import pytest

from pytest_aexp.model.redaction import secret_patterns
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


def test_a_long_text_without_any_part_of_a_credential_is_not_searched_for_them_all() -> None:
    long = "a/b:c@d=e~f\\g%2f" * 100
    assert not secret_patterns.may_hold_token(long)
    assert not secret_patterns.may_hold_login(long)


def test_every_login_without_a_scheme_is_worth_a_search() -> None:
    is_login = re.compile(secret_patterns.LOGIN_WITHOUT_SCHEME).search
    parts = (["", " ", "é", "|", ":"], ["a", "aé.+", "7"], [":"], ["é", "\t;", "/"], ["@a", "@7"])
    texts = map("".join, product(*parts, ["", ":b@c"]))
    logins = [text for text in texts if is_login(text)]
    assert len(logins) > 20
    assert [text for text in logins if not secret_patterns.may_hold_login(text)] == []


def test_where_a_login_may_begin_at_each_letter_the_search_ends_soon() -> None:
    search = re.compile(secret_patterns.may_hold_login.pattern).search  # the slower engine
    start = time.process_time()
    assert not search("éa" * 60_000)
    assert time.process_time() - start < 5  # the bound for any one file


def test_a_credential_beside_half_a_surrogate_pair_is_one() -> None:
    assert contains_credential("\ud800 hf_" + "aB3dE5gH7" * 4)
