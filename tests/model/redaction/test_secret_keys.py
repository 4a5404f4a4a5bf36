"""What a key makes of its value; the labelled list in test_redaction.py has the rest."""

from __future__ import annotations

import pytest

from pytest_aexp.model.redaction.secret_keys import (
    Secrecy,
    is_credential,
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
    assert member_secrecy("key", Secrecy.NONE, "") == Secrecy.RANDOM
    assert member_secrecy("key", Secrecy.NONE, "wandb") == Secrecy.SECRET
    assert member_secrecy("github", Secrecy.NONE, "tokens") == Secrecy.SECRET
    assert member_secrecy("token", Secrecy.NONE, "cls") == Secrecy.TOKEN


def test_numbers_are_secret_only_as_passwords() -> None:
    assert is_credential(1234, Secrecy.PASSWORD)
    assert not is_credential(1234, Secrecy.TOKEN)
    assert not is_credential(None, Secrecy.PASSWORD)
    assert not is_credential("", Secrecy.PASSWORD)


def test_the_less_a_key_says_the_more_the_value_counts() -> None:
    levels = list(Secrecy)

    def taken(value: str) -> Secrecy:
        """The lowest secrecy at which ``value`` is a credential, as it is at all above."""
        answers = [is_credential(value, level) for level in levels]
        first = answers.index(True)
        assert all(answers[first:])
        return levels[first]

    assert taken("9fceb02d0ae598e95dc970b74767f19372d61af8") == Secrecy.RANDOM
    assert taken("abc123") == Secrecy.WORD
    assert taken("sks") == Secrecy.TOKEN
    assert taken("word") == Secrecy.AUTH


def test_plain_words_have_no_digits_and_speak_of_no_secret() -> None:
    assert all(map(plain_words, ["sks", "note_on", "Bot:", "ALA", "ohwx man"]))
    assert not any(map(plain_words, ["abc123", "supersecret", "qwertyuiopasdfgh", "aBcDeF", ""]))
