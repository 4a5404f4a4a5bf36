"""Patterns of credentials: tokens by their looks, logins in URLs, assignments in running text."""

from __future__ import annotations

import re
from base64 import b64decode

from pytest_aexp.model.redaction.prefilter import PREFIXES, QuickSearch
from pytest_aexp.model.redaction.secret_arguments import command_contains_credential
from pytest_aexp.model.redaction.secret_keys import (
    SERVICES,
    STEM,
    Secrecy,
    flag_secrecy,
    is_credential,
    secrecy_of,
)

_PREFIXES = "|".join(PREFIXES)
# Text, compiled when there is one to search: most entries say nothing that is like a secret.
_SHAPES = (
    r"(?<![A-Za-z0-9])(?:(?:AKIA|ASIA)[A-Z0-9]{12,}|AIza[\w-]{30,}|gh[pousr]_[A-Za-z0-9]{10,}"
    r"|(?:github|dckr)_pat_\w{10,}|(?:hf|api_org)_[A-Za-z0-9]{20,}"
    r"|hf_(?=[A-Za-z]{0,40}[0-9])(?=[a-z0-9]{0,40}[A-Z])[A-Za-z0-9]{10,}"
    r"|sk[-_](?:[A-Za-z0-9]{20,}|(?=[a-z]{0,40}[A-Z0-9])[A-Za-z0-9]{12,})"
    r"|sk[-_](?:proj|ant|svcacct|admin|or|live|test)[-_](?=[a-z_-]{0,64}[A-Z0-9])[\w-]{8,}"
    r"|(?:xox[a-z]|xapp)-[\w-]{8,}|gl(?:pat|[dfr]t|[a-z]{2,5}t)-[\w-]{8,}"
    # One character class each: the run must hold a digit, which names of settings seldom do.
    r"|(?:gsk|npm|r8)_(?=[A-Za-z]{0,40}[0-9])[A-Za-z0-9]{16,}"
    r"|(?:xai|pplx)-(?=[A-Za-z]{0,40}[0-9])[A-Za-z0-9]{16,}"
    r"|(?:nvapi-|pcsk_|hv[sb]\.)(?=[A-Za-z_-]{0,40}[0-9])[\w-]{16,}"
    r"|SG\.[\w-]{8,}\.[\w-]{8,}|ya29\.[\w-]{8,}|GOCSPX-[\w-]{8,}|pypi-AgE[\w-]{8,}"
    r"|rk_(?:live|test)_[A-Za-z0-9]{8,}|eyJ[\w-]{8,}\.[\w-]{8,}|eyJhcGlf[\w+/=-]{12,}"
    rf"|(?:{_PREFIXES})(?=[A-Za-z+/_-]{{0,40}}[0-9])[\w+/-]{{20}}"
    # Databricks, DigitalOcean, Alibaba, Google (a refresh token), age
    r"|dapi[0-9a-f]{32}|do[opr]_v1_[0-9a-f]{32,}|LTAI[A-Za-z0-9]{12,30}(?![A-Za-z0-9])"
    r"|1//0[\w-]{20,}|AGE-SECRET-KEY-1[A-Z0-9]{20,}"
    r"|B(?:earer|EARER)\s++(?:[\w.~+/=-]{20}|(?=[A-Za-z._~+/=-]{0,20}[0-9])[\w.~+/=-]{4})"
    r"|Basic\s++[A-Za-z0-9+/]{6,}+={1,2})"
    r"|(?<![0-9])[0-9]{8,10}:AA[\w-]{32}"
    # Azure, a client secret
    r"|(?<![\w~.-])[\w~.-]{3}[0-9]Q~[\w~.-]{31}"
    r"|hooks\.slack\.com/(?:services|workflows|triggers)/\w"
    r"|discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/[0-9]+/[\w-]{8}"
    r"|^Bearer\s++(?!tokens?$|auth\w*$)\S++$|-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY"
    r"|PuTTY-User-Key-File-[23]"
    r"|[?&](?:sig|[Ss]ignature|X-(?:Amz|Goog)-Signature)=[\w%+/=-]{8}"
    r"|\blogin\s++\S++\s++password\s++\S|\bsshpass\s++-p\s*+\S"
    r"|[?&]key=(?=[A-Za-z_-]{0,40}[0-9])[\w-]{16}"
)
# A part of each of them: without one there is no need to try them all at every place.
may_hold_token = QuickSearch(
    r"AKIA|ASIA|AIza|gh[pousr]_|_pat_|hf_|sk[-_]|xox|xapp-|gl[a-z]{2,6}-|gsk_|npm_|r8_|xai-|pplx-"
    r"|nvapi-|pcsk_|hv[sb]\.|SG\.|ya29\.|GOCSPX-|pypi-|rk_|eyJ|dapi|do[opr]_v1_|LTAI|1//0"
    r"|AGE-SECRET|Bearer|BEARER|Basic|:AA|Q~|hooks\.slack|webhooks/|PRIVATE KEY|sig=|ignature="
    rf"|login|sshpass|key=|PuTTY|{_PREFIXES}"
)
_LOGIN = re.compile(r"://([^\s/@]*+)@(?!sha\d+:)")
_LOGIN_WITH_SLASH = re.compile(r"://[^\s/@:\[]*+:(?!\d*[/?#;,])[^\s/@]*+/[^\s@]{0,256}@(?!sha\d+:)")
_PORT = re.compile(r"\d*[?#;,]")
_RANDOM = re.compile(r"(?=.{0,64}?\d)(?=.{0,64}?[A-Za-z])[\w+=.-]{16}")


def contains_credential(text: str) -> bool:
    """Whether ``text`` holds a credential that is known by its looks."""
    return bool(
        (may_hold_token(text) and re.search(_SHAPES, text))
        or ("://" in text and _url_has_password(text))
        or (
            may_hold_login(text)
            and any(map(_user_has_password, re.finditer(LOGIN_WITHOUT_SCHEME, text)))
        )
        or _assigns(text)
        or command_contains_credential(text)
        or any(map(_decodes_to_credential, _BASE64_OBJECT.findall(text)))
    )


# The base64 of what begins like a JSON object: {", {<space>, {<line end>.
_BASE64_OBJECT = re.compile(r"e(?<![\w+/=-]e)(?:yJ|yAi|wog|woJ|w0K)[\w+/-]{20,}", re.ASCII)


def _decodes_to_credential(encoded: str) -> bool:
    # A whole number of groups; what was cut off at the end holds no key of its own.
    groups = encoded[: len(encoded) // 4 * 4].replace("-", "+").replace("_", "/")
    return _assigns(b64decode(groups).decode("utf-8", "replace"))


def looks_random(text: str) -> bool:
    """Whether ``text`` starts with sixteen letters and digits."""
    return _RANDOM.match(text) is not None


def _url_has_password(text: str) -> bool:
    return bool(
        _LOGIN_WITH_SLASH.search(text)
        or any(_login_has_password(match[1]) for match in _LOGIN.finditer(text))
    )


def _login_has_password(user_info: str) -> bool:
    user, colon, password = user_info.partition(":")
    if not colon or not password:
        return looks_random(user)
    return not _PORT.match(password) and is_credential(password, Secrecy.SECRET)


# `user:password@host`, which `mean:std@k` and `email:ann@example.org` resemble.
LOGIN_WITHOUT_SCHEME = (
    r"(?<![\w.+%@/:-])([A-Za-z][\w.+%-]{0,63}):([^\s:@/\\\"']{1,128})@(?!sha\d+:)"
    r"([A-Za-z0-9][\w.-]{0,252})(:[0-9]{3,5}(?![0-9])|/)?"
)
# What is not ASCII may be a letter, or none.
may_hold_login = QuickSearch(
    "(?:^|[^A-Za-z0-9_.+%@/:-])[A-Za-z][A-Za-z0-9_.+%\u0080-\U0010ffff-]{0,63}:"
    "[^ :@/\\\\\"']+@[A-Za-z0-9]"
)
_LABELS = frozenset(
    "mailto email mail sip sips xmpp acct contact author authors owner maintainer from to cc bcc "
    "by user login name ssh scp rsync git remote host server reply sender creator".split()
)
_ALNUM_RUN = re.compile(r"[A-Za-z0-9]{8,}")
_MACHINE = re.compile(r"localhost|[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_DOMAIN = re.compile(r".*\.[A-Za-z]{2,}")


def _user_has_password(match: re.Match[str]) -> bool:
    user, password, host, tail = match.groups()
    if password[0] == "$" or not is_credential(password, Secrecy.SECRET):
        return False
    if any(map(_is_jumble, _ALNUM_RUN.findall(password))):
        return True
    if user.lower() in _LABELS:
        return False
    if _MACHINE.fullmatch(host) or (tail and tail != "/"):
        return True
    return bool(_DOMAIN.fullmatch(host) and (tail or not password.isalpha()))


def _is_jumble(run: str) -> bool:
    """Whether letters and digits take turns, as in no name of a model; a hash is not one."""
    return len(re.findall("[0-9]+", run)) > 2 and not re.fullmatch("[0-9a-f]*", run)


_ASSIGNMENT = (
    r"(?<![\w.-])([\w.-]++)([\\\"']*+)\s*+(:|=)[=>]?(?!//)\s*+"
    r"(?=[\\\"']*+(?:[Bb]earer\s++|[Bb]asic\s++|[Tt]oken\s++)?([^\s\"',;&\\]{1,40}))"
)
_assigned = QuickSearch("|".join((STEM.pattern, *sorted(SERVICES))))
_FLAG_AND_VALUE = re.compile(r"(?<![\w-])--?([A-Za-z][\w-]*+)[\s\\\"',]++(?!-)([^\s\"']{1,40})")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?")
_LETTERS_AND_DIGITS = re.compile(r"(?=.*\d)(?=.*[A-Za-z]).{6}")
_BARE_WORDS = frozenset("token secret secrets auth cookie cookies credentials creds".split())


def _assigns(text: str) -> bool:
    """Whether running text gives a credential: `--token x`, `PASSWORD=x`, `"api_key": "x"`."""
    if not _assigned(text.lower()):
        return False
    secrecies: dict[str, Secrecy] = {}
    for match in re.finditer(_ASSIGNMENT, text):
        key = match[1]
        secrecy = secrecies.get(key)
        if secrecy is None:
            secrecy = secrecies[key] = secrecy_of(key)
        if secrecy and _is_credential_word(match[4], secrecy):
            prose = match[3] == ":" and not match[2] and key.lower() in _BARE_WORDS
            if not prose or _LETTERS_AND_DIGITS.match(match[4]):
                return True
    return any(
        _is_credential_word(match[2], flag_secrecy(match[1]))
        for match in _FLAG_AND_VALUE.finditer(text)
    )


def _is_credential_word(word: str, secrecy: Secrecy) -> bool:
    return is_credential(0 if _NUMBER.fullmatch(word) else word, secrecy)
