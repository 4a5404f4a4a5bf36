"""Credentials: how they look, and the keys they stand under."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum
from itertools import pairwise


class Secrecy(IntEnum):
    """What a key makes of its value; numbers count only under PASSWORD."""

    NONE = 0
    TOKEN = 1
    AUTH = 2
    SECRET = 3
    PASSWORD = 4


# --- credentials known by their looks ---

# Text, compiled when there is one to search: most entries say nothing that is like a secret.
_SHAPES = (
    r"(?<![A-Za-z0-9])(?:(?:AKIA|ASIA)[A-Z0-9]{12,}|AIza[\w-]{30,}|gh[pousr]_[A-Za-z0-9]{10,}"
    r"|(?:github|dckr)_pat_\w{10,}|hf_[A-Za-z0-9]{20,}"
    r"|hf_(?=[A-Za-z]{0,40}[0-9])(?=[a-z0-9]{0,40}[A-Z])[A-Za-z0-9]{10,}"
    r"|sk[-_](?:[A-Za-z0-9]{20,}|(?=[a-z]{0,40}[A-Z0-9])[A-Za-z0-9]{12,})"
    r"|sk[-_](?:proj|ant|svcacct|admin|or|live|test)[-_](?=[a-z_-]{0,64}[A-Z0-9])[\w-]{8,}"
    r"|xox[a-z]-[\w-]{8,}|glpat-[\w-]{8,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}|eyJhcGlf[\w+/=-]{12,}"
    r"|B(?:earer|EARER)\s++(?:[\w.~+/=-]{20}|(?=[A-Za-z._~+/=-]{0,20}[0-9])[\w.~+/=-]{4})"
    r"|Basic\s++[A-Za-z0-9+/]{6,}+={1,2})"
    r"|^Bearer\s++(?!tokens?$|auth\w*$)\S++$|-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY"
    r"|[?&](?:sig|[Ss]ignature|X-(?:Amz|Goog)-Signature)=[\w%+/=-]{8}"
    r"|\blogin\s++\S++\s++password\s++\S|\bsshpass\s++-p\s*+\S"
    r"|[?&]key=(?=[A-Za-z_-]{0,40}[0-9])[\w-]{16}"
)
_LOGIN = re.compile(r"://([^\s/@]*+)@(?!sha\d+:)")
_LOGIN_WITH_SLASH = re.compile(r"://[^\s/@:\[]*+:(?!\d*[/?#;,])[^\s/@]*+/[^\s@]{0,256}@(?!sha\d+:)")
_PORT = re.compile(r"\d*[?#;,]")
_RANDOM = re.compile(r"(?=.{0,64}?\d)(?=.{0,64}?[A-Za-z])[\w+=.-]{16}")


def tells_credential(text: str) -> bool:
    """Whether ``text`` holds a credential that is known by its looks."""
    return bool(
        re.search(_SHAPES, text)
        or _LOGIN_WITH_SLASH.search(text)
        or any(_logs_in(found[1]) for found in _LOGIN.finditer(text))
        or _assigns(text)
    )


def _logs_in(user_info: str) -> bool:
    user, colon, password = user_info.partition(":")
    if not colon or not password:
        return _RANDOM.match(user) is not None
    return not _PORT.match(password) and exposed(password, Secrecy.SECRET)


_ASSIGNMENT = (
    r"(?<![\w.-])([\w.-]++)([\\\"']*+)\s*+(:|=)[=>]?(?!//)\s*+"
    r"(?=[\\\"']*+(?:[Bb]earer\s++|[Bb]asic\s++|[Tt]oken\s++)?([^\s\"',;&]{1,40}))"
)
FLAG = re.compile(r"--?([A-Za-z][\w-]*)")
_FLAG_AND_VALUE = re.compile(r"(?<![\w-])--?([A-Za-z][\w-]*+)[\s\\\"',]++(?!-)([^\s\"']{1,40})")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?")
_TELLING = re.compile(r"(?=.*\d)(?=.*[A-Za-z]).{6}")
_BARE_WORDS = frozenset("token secret secrets auth cookie cookies credentials creds".split())


def _assigns(text: str) -> bool:
    """Whether running text gives a credential: `--token x`, `PASSWORD=x`, `"api_key": "x"`."""
    if not _STEM.search(text.lower()):
        return False
    secrecies: dict[str, Secrecy] = {}
    for found in re.finditer(_ASSIGNMENT, text):
        key = found[1]
        secrecy = secrecies.get(key)
        if secrecy is None:
            secrecy = secrecies[key] = secrecy_of(key)
        if secrecy and _exposed_word(found[4], secrecy):
            prose = found[3] == ":" and not found[2] and key.lower() in _BARE_WORDS
            if not prose or _TELLING.match(found[4]):
                return True
    return any(
        _exposed_word(found[2], flag_secrecy(found[1])) for found in _FLAG_AND_VALUE.finditer(text)
    )


def _exposed_word(word: str, secrecy: Secrecy) -> bool:
    return exposed(0 if _NUMBER.fullmatch(word) else word, secrecy)


def flag_secrecy(flag: str) -> Secrecy:
    """What an option of a command line makes of its value."""
    # `--use-auth-token train.py`: a switch, which takes no value.
    return Secrecy.NONE if flag.lower().split("-")[0] in _SWITCHES else secrecy_of(flag)


# --- credentials known by their key ---

_PLACE_HOLDERS = re.compile(
    r"|(?i:none|null|true|false)|\*+|<[^<>]*>"
    r"|\$\{\{?[\w.: ]*\}?\}|\{\{[\w. ]*\}\}|\$[A-Z0-9]+_[A-Z0-9_]+"
)
_SPECIAL_TOKEN = re.compile(r"[\[<({|]+[\w|/ :.-]{0,40}[\])>}|]+|\W+")
_AUTH_METHODS = frozenset(
    "basic digest bearer token oauth oauth2 kerberos ldap saml jwt ssh iam sso anonymous "
    "password negotiate ntlm mtls no yes off on default".split()
)


def exposed(value: object, secrecy: Secrecy) -> bool:
    """Whether a key of this secrecy makes the value a credential."""
    if secrecy is Secrecy.NONE or value is None or isinstance(value, bool):
        return False
    if not isinstance(value, str):
        return secrecy is Secrecy.PASSWORD
    word = value.strip()
    if _PLACE_HOLDERS.fullmatch(word):
        return False
    if secrecy is Secrecy.AUTH and word.lower() in _AUTH_METHODS:
        return False
    return not (secrecy is Secrecy.TOKEN and _SPECIAL_TOKEN.fullmatch(word))


_PASSWORDS = frozenset("password passwd passphrase passcode pwd".split())
_SECRETS = frozenset("secret secrets credential credentials cred creds passwords".split())
_KEYS = frozenset(
    [(owner, "key") for owner in ("api", "access", "secret", "private")]
    + [("pass", "word"), ("pass", "phrase"), ("pass", "code")]
)
_KEY_OWNERS = frozenset(
    "api access secret private auth encryption signing ssh gpg pgp rsa hmac aes account master "
    "deploy service subscription wandb openai anthropic hf huggingface comet neptune mlflow azure "
    "aws gcp google stripe kaggle".split()
)
_PASS_OWNERS = frozenset(
    "user db admin root smtp mail ssh login ftp http proxy mysql pg postgres redis mongo vpn wifi "
    "auth basic".split()
)
_TOKENS_OWNERS = frozenset(
    "api access auth refresh bearer session secret hf hub huggingface wandb github gitlab".split()
)
# What comes before `token` where a model, not a server, is meant.
_MODEL_TOKENS = frozenset(
    "cls pad eos bos sep mask masked masking unk unknown sos eot eop start stop end begin special "
    "image img video audio vision visual speech text prefix suffix class next first last prev "
    "previous dummy extra separator delimiter query blank null empty per num max min new newline "
    "space word char sub subword oov placeholder patch tool boundary target source input output "
    "think thinking reasoning pool pooling register global local add drop with use padding bpe "
    "mixer cross turn role system assistant trigger continuation fill middle label mean single "
    "each non lang language task decoder encoder forced memory distill distillation object soft "
    "hard time timestamp digit anchor latent context hidden current sentinel terminal unused "
    "action reward return goal state observation prompt answer question document sentence entity "
    "relation marker attention".split()
)
_AUTHS = frozenset("auth authorization cookie cookies".split())
_COUNTS = frozenset("num n nb max min count total number mean avg average".split())
_STAGES = frozenset("value prod production staging dev live".split())
_DESCRIPTIONS = frozenset(
    "type name names url uri env var envvar file path dir mode method enabled disabled required "
    "length len size count dim dims limit budget field column policy scheme sharing provider "
    "backend manager store expiry expires ttl scope scopes format prefix suffix kind style "
    "strategy pattern location status version algorithm algo ratio rate prob weight loss score "
    "index idx level endpoint host port region".split()
)
_SWITCHES = frozenset(
    "use no with without enable disable is has skip ask prompt require print show add save".split()
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[a-z]+|[0-9]+")
_STEM = re.compile(r"key|token|secret|pass|pwd|auth|cred|cookie")
_ENDINGS = tuple(
    "key keys keyid token tokens secret secrets password passwords passwd passphrase pwd "
    "credential credentials".split()
)
_COMPOUND = re.compile(
    r"([a-z]*?)(api|access|secret|private|auth|ssh|encryption|signing|master|account|)"
    rf"({'|'.join(_ENDINGS)})(?:id)?"
)


def member_secrecy(key: str, inherited: Secrecy) -> Secrecy:
    """What a key inside something secret makes of its value."""
    own = secrecy_of(key)
    if own or inherited < Secrecy.SECRET:
        return own
    words = _WORD.findall(key.lower())
    return own if words and words[-1] in _DESCRIPTIONS else Secrecy.SECRET


def secrecy_of(key: str) -> Secrecy:
    """What a key makes of its value."""
    low = key.lower()
    if not _STEM.search(low):
        return Secrecy.NONE
    words = _WORD.findall(_HUMP.sub(" ", key).lower())
    secrecy = _judged(words)
    if secrecy or low == key or "token" in words:
        return secrecy
    # A hump means nothing in `aPI_kEY`.
    return _judged(_WORD.findall(low))


def _judged(words: list[str]) -> Secrecy:
    parts = [part for word in words for part in _parts(word)]
    while parts and (parts[-1] in _STAGES or parts[-1].isdigit()):
        parts.pop()
    if not parts or parts[-1] in _DESCRIPTIONS or parts[0] in _COUNTS:
        return Secrecy.NONE
    last, before = parts[-1], parts[-2] if len(parts) > 1 else ""
    if last in _PASSWORDS or (before, last) in _KEYS:
        return Secrecy.PASSWORD
    if not (_SECRETS | _PASSWORDS).isdisjoint(parts) or any(
        (one, other.rstrip("s")) in _KEYS for one, other in pairwise(parts)
    ):
        return Secrecy.SECRET
    return _judged_by_last(last, before)


def _judged_by_last(last: str, before: str) -> Secrecy:
    if last == "token" and before not in _MODEL_TOKENS:
        return Secrecy.TOKEN
    if last in _AUTHS or (before, last) == ("auth", "header"):
        return Secrecy.AUTH
    owners = {"key": _KEY_OWNERS, "keys": _KEY_OWNERS, "pass": _PASS_OWNERS}.get(last, frozenset())
    if before in owners or (last == "tokens" and before in _TOKENS_OWNERS):
        return Secrecy.SECRET
    return Secrecy.NONE


def _parts(word: str) -> Iterable[str]:
    """Split `wandbapikey` as if it were `wandb_api_key`."""
    found = word.endswith(_ENDINGS) and _COMPOUND.fullmatch(word[-64:])
    return filter(None, found.groups()) if found else (word,)
