"""What a key makes of its value; the labelled list in test_redaction.py has the rest."""

from __future__ import annotations

import pytest

from pytest_aexp.model.credentials import Secrecy, exposed, secrecy_of, tells_credential


@pytest.mark.parametrize(
    ("key", "secrecy"),
    [
        ("password", Secrecy.PASSWORD),
        ("dbPassword", Secrecy.PASSWORD),
        ("HF_TOKEN", Secrecy.TOKEN),
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


def test_numbers_are_secret_only_as_passwords() -> None:
    assert exposed(1234, Secrecy.PASSWORD)
    assert not exposed(1234, Secrecy.TOKEN)
    assert not exposed(None, Secrecy.PASSWORD)
    assert not exposed("", Secrecy.PASSWORD)


def test_some_credentials_are_known_by_their_looks() -> None:
    assert tells_credential("ghp_" + "a1B2" * 9)
    assert tells_credential("https://user:pw@host/x")
    assert not tells_credential("https://host/x")
    assert not tells_credential("9fceb02d0ae598e95dc970b74767f19372d61af8")
