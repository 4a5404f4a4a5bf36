"""What a key makes of its value; the labelled list in test_redaction.py has the rest."""

from __future__ import annotations

import pytest

from pytest_aexp.model.redaction.secret_keys import (
    Secrecy,
    exposed,
    member_secrecy,
    plain_words,
    secrecy_of,
)


@pytest.mark.parametrize(
    ("key", "secrecy"),
    [
        ("password", Secrecy.PASSWORD),
        ("dbPassword", Secrecy.PASSWORD),
        ("token", Secrecy.TOKEN),
        ("data.token", Secrecy.TOKEN),
        ("HF_TOKEN", Secrecy.SECRET),
        ("token_github", Secrecy.SECRET),
        ("anchor_token", Secrecy.NONE),
        ("sweep_token", Secrecy.WORD),
        ("use_cls_token", Secrecy.NONE),
        ("tokenizer", Secrecy.NONE),
        ("max_tokens", Secrecy.NONE),
        ("client-secret", Secrecy.SECRET),
        ("author", Secrecy.NONE),
        ("learning_rate", Secrecy.NONE),
    ],
)
def test_the_secrecy_of_a_key(key: str, secrecy: Secrecy) -> None:
    assert secrecy_of(key) == secrecy


def test_the_key_above_says_more_of_a_key() -> None:
    assert member_secrecy("key", Secrecy.NONE) == Secrecy.NONE
    assert member_secrecy("key", Secrecy.NONE, "wandb") == Secrecy.SECRET
    assert member_secrecy("github", Secrecy.NONE, "tokens") == Secrecy.SECRET
    assert member_secrecy("token", Secrecy.NONE, "cls") == Secrecy.TOKEN


def test_numbers_are_secret_only_as_passwords() -> None:
    assert exposed(1234, Secrecy.PASSWORD)
    assert not exposed(1234, Secrecy.TOKEN)
    assert not exposed(None, Secrecy.PASSWORD)
    assert not exposed("", Secrecy.PASSWORD)


def test_the_less_a_key_says_the_more_the_value_counts() -> None:
    levels = list(Secrecy)
    assert [exposed("sks", level) for level in levels] == [False, False, True, True, True, True]
    assert [exposed("word", level) for level in levels] == [False] * 3 + [True] * 3
    assert [exposed("abc123", level) for level in levels] == [False] + [True] * 5


def test_plain_words_have_no_digits_and_speak_of_no_secret() -> None:
    assert all(map(plain_words, ["sks", "note_on", "Bot:", "ALA", "ohwx man"]))
    assert not any(map(plain_words, ["abc123", "supersecret", "qwertyuiopasdfgh", "aBcDeF", ""]))
