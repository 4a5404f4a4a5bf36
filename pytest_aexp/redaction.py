"""What may not leave the machine: absolute paths and credentials, wherever a value holds them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

REDACTED = "<redacted>"
PATH = "an absolute path"
CREDENTIAL = "a credential"


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """A value, or a dictionary key, that must not be published.

    `pointer` is an RFC 6901 JSON pointer in which a key that leaks already reads `<redacted>`;
    `kind` says what leaks, in the user's words.
    """

    pointer: str
    kind: str


def redact(value: Json, pointer: str = "") -> tuple[Json, tuple[str, ...]]:
    """Copy `value` with `<redacted>` for all that leaks; also the sorted pointers of what that was.

    `pointer` is where `value` stands in its document; it starts every pointer returned.
    """
    cleaner = _Cleaner(value, pointer)
    return cleaner.copy, tuple(sorted({leak.pointer for leak in cleaner.found}))


def leaks(value: Json, pointer: str = "") -> tuple[Leak, ...]:
    """Tell what in `value` must not be published, sorted by pointer.

    The list `redacted` of a whole document (empty `pointer`) may name what was redacted in it.
    """
    return tuple(sorted(set(_Cleaner(value, pointer).found)))


# Each starts with one letter, to which the regex engine skips: several times faster than one
# pattern for all. A slash inside a word or in `scheme://host` cannot start a path, except glued to
# an option, as in `-I/usr`.
_SLASH = re.compile(r"/(?<![^-][a-z0-9_.*-]/)(?<!://)(?!(?<=[a-z0-9]:/)(?<!file:/)/[^/])").search
_A = re.compile(r"A(?:KIA|SIA|Iza)").search
_B = re.compile(r"B(?:earer|EARER)").search
_K = re.compile(r"k(?:ey|ie|en(?<=token)|[-_](?<=sk.)(?<![a-z0-9]...))").search
_C = re.compile(r"c(?:re[dt])").search
_P = re.compile(r"p(?:ass|wd|at[-_])").search
_H = re.compile(r"h(?:f_|[pousr]_(?<=gh..)|(?<=auth))").search
_X = re.compile(r"x(?:ox)").search


def may_leak(text: str) -> bool:
    """Tell in microseconds whether `text`, plain or JSON as written, is worth a search for leaks.

    False only if `leaks` of it is certainly empty.
    """
    if "\\" in text or "~" in text or "@" in text or "=" in text or "%" in text:
        return True
    if ("J" in text and "eyJ" in text) or ("A" in text and _A(text)) or ("B" in text and _B(text)):
        return True
    low = text.lower()
    return bool(_SLASH(low) or _K(low) or _C(low) or _P(low) or _H(low) or _X(low))


class _Secrecy(IntEnum):
    """What a key makes of its value; numbers count only under PASSWORD."""

    NONE = 0
    TOKEN = 1
    AUTH = 2
    SECRET = 3
    PASSWORD = 4


class _Cleaner:
    """Copies a value, however deep, and notes what it had to replace."""

    def __init__(self, value: Json, pointer: str) -> None:
        self.found: list[Leak] = []
        self._pending: list[tuple[list[Json] | dict[str, Json], str, _Secrecy]] = []
        self._notes = frozenset() if pointer else _notes_of_redactions(value)
        self.copy = self._take(value, pointer, _Secrecy.NONE)
        while self._pending:
            container, where, secrecy = self._pending.pop()
            if isinstance(container, dict):
                self._members(container, where, secrecy)
            else:
                self._items(container, where, secrecy)

    def _take(self, value: Json, pointer: str, secrecy: _Secrecy) -> Json:
        if isinstance(value, dict | list):
            copy = value.copy()
            self._pending.append((copy, pointer, secrecy))
            return copy
        kind = CREDENTIAL if _exposed(value, secrecy) else _text_kind(value)
        if kind is None or pointer in self._notes:
            return value
        self.found.append(Leak(pointer, kind))
        return REDACTED

    def _items(self, items: list[Json], pointer: str, secrecy: _Secrecy) -> None:
        before: Json = None
        for index, item in enumerate(items):
            flag = _FLAG.fullmatch(before) if isinstance(before, str) else None
            own = _flag_secrecy(flag[1]) if flag else _Secrecy.NONE
            items[index] = self._take(item, f"{pointer}/{index}", max(secrecy, own))
            before = item

    def _members(self, members: dict[str, Json], pointer: str, secrecy: _Secrecy) -> None:
        originals = members.copy()
        names = _names_for_leaking(originals)
        label = originals.get("name", originals.get("key"))
        members.clear()
        for key, value in originals.items():
            name, kind = names.get(key, (key, None))
            where = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            if kind is not None:
                self.found.append(Leak(where, kind))
            # `--password x` as a key is a command, not the name of its value.
            own = _member_secrecy("" if kind == CREDENTIAL else key, secrecy)
            if key == "value" and isinstance(label, str):
                own = max(own, _secrecy(label))
            members[name] = self._take(value, where, own)


def _names_for_leaking(members: dict[str, Json]) -> dict[str, tuple[str, str]]:
    """Each key that leaks -> the name it gets instead, what leaks."""
    kinds = {key: kind for key in members if (kind := _text_kind(key)) is not None}
    names: dict[str, tuple[str, str]] = {}
    number = 1
    # Sorted, so that the same content gets the same names in whatever order it was written.
    for key in sorted(kinds):
        while (name := REDACTED if number == 1 else f"<redacted {number}>") in members:
            number += 1
        names[key] = name, kinds[key]
        number += 1
    return names


def _notes_of_redactions(document: Json) -> frozenset[str]:
    """Pointers to the items of `redacted` that name a redaction: these only look like paths."""
    notes = document.get("redacted") if isinstance(document, dict) else None
    return frozenset(
        f"/redacted/{index}"
        for index, note in enumerate(notes if isinstance(notes, list) else ())
        if isinstance(note, str) and _names_redaction(document, note)
    )


def _names_redaction(document: Json, pointer: str) -> bool:
    here, token = document, ""
    for step in pointer.split("/")[1:]:
        token = step.replace("~1", "/").replace("~0", "~")
        if isinstance(here, dict) and token in here and _text_kind(token) is None:
            here = here[token]
        elif isinstance(here, list) and re.fullmatch("[0-9]{1,9}", token):
            here = here[int(token)] if int(token) < len(here) else None
        else:
            return False
    return here == REDACTED or re.fullmatch(r"<redacted(?: \d+)?>", token) is not None


def _text_kind(text: Json) -> str | None:
    if not isinstance(text, str) or not may_leak(text):
        return None
    readings = [text]
    if "%" in text:
        readings.append(_PERCENT.sub(lambda found: chr(int(found[1], 16)), text))
    if any(map(_tells_credential, readings)):
        return CREDENTIAL
    return PATH if any(map(_tells_path, readings)) else None


# --- absolute paths ---

_PERCENT = re.compile(r"%([2-7][0-9A-Fa-f])")
# What a path cannot follow: also the signs of units and currencies, and U+0300-10FF, scripts
# whose marks are no \w though they stand inside words.
_INSIDE = r"\w.*~+%$)\]}>?#/\\\xa2-\xa5\xb0\u0300-\u10ff\u2030-\u2037\u20a0-\u20cf-"
_NAME = r"(?:\w|[.~@]\w|\.\.?/|\$[\w{]|\{[\w.-]{1,64},|[^\x00-\x7f])"
# `</s>`, `<|/im|>`, `[/INST]`, the optional group of a pattern `(/x)?`, the mark `7 /10`.
_NO_PATH = (
    r"(?!(?<=</)[\w:.-]{1,64}>|(?<=\|/)[\w:.-]{1,64}\|>|(?<=\[/)[A-Z]+\]"
    r"|(?<=\(/)[\w.-]{1,64}\)[?*+]|[\d.]++(?![\w/]))"
)
_POSIX = re.compile(
    rf"/(?:(?<![{_INSIDE}]/)(?<!\[\^/)(?<![)}}][\"']/)(?!(?<=[A-Za-z0-9]:/)/)"
    rf"{_NO_PATH}/*+{_NAME}|(?<=-[A-Zo]/)(?<![\w-]-[A-Zo]/){_NAME})"
)
_AFTER_ANGLE = re.compile(rf">/{_NAME}")
_PLACE_HOLDER = re.compile(r"<[^<>]{1,64}>")
_OTHER_PATHS = re.compile(
    rf"(?<![{_INSIDE}])~(?:[A-Za-z_][\w.-]{{0,63}})?[/\\]"
    r"|(?<!\w)[A-Za-z]:(?:[/\\]+[^\s/\\\"']|(?:/|\\+)$)(?<!:\\[dDsSwWbBnrt](?![a-z0-9_.\\-]))"
    r"|(?<![\w\\)\]])\\{2,}+(?:[\w.$-]{2,64}|[?.])\\+[\w.$?{]"
    r"|:/{4,}+[\w.]"
    r"|(?<![A-Za-z0-9])[Ff][Ii][Ll][Ee]:[/\\~]"
)


def _tells_path(text: str) -> bool:
    if text == "~" or _OTHER_PATHS.search(text):
        return True
    text = text.replace("\\/", "/")
    if _POSIX.search(text):
        return True
    # `<run>/x` is relative and `<path>/x</path>` is not.
    return ">/" in text and bool(
        _AFTER_ANGLE.search(text if "</" in text else _PLACE_HOLDER.sub("x", text))
    )


# --- credentials known by their looks ---

_SHAPES = re.compile(
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


def _tells_credential(text: str) -> bool:
    return bool(
        _SHAPES.search(text)
        or _LOGIN_WITH_SLASH.search(text)
        or any(_logs_in(found[1]) for found in _LOGIN.finditer(text))
        or _assigns(text)
    )


def _logs_in(user_info: str) -> bool:
    user, colon, password = user_info.partition(":")
    if not colon or not password:
        return _RANDOM.match(user) is not None
    return not _PORT.match(password) and _exposed(password, _Secrecy.SECRET)


_ASSIGNMENT = re.compile(
    r"(?<![\w.-])([\w.-]++)([\\\"']*+)\s*+(:|=)[=>]?(?!//)\s*+"
    r"(?=[\\\"']*+(?:[Bb]earer\s++|[Bb]asic\s++|[Tt]oken\s++)?([^\s\"',;&]{1,40}))"
)
_FLAG = re.compile(r"--?([A-Za-z][\w-]*)")
_FLAG_AND_VALUE = re.compile(r"(?<![\w-])--?([A-Za-z][\w-]*+)[\s\\\"',]++(?!-)([^\s\"']{1,40})")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?")
_TELLING = re.compile(r"(?=.*\d)(?=.*[A-Za-z]).{6}")
_BARE_WORDS = frozenset("token secret secrets auth cookie cookies credentials creds".split())


def _assigns(text: str) -> bool:
    """Whether running text gives a credential: `--token x`, `PASSWORD=x`, `"api_key": "x"`."""
    if not _STEM.search(text.lower()):
        return False
    secrecies: dict[str, _Secrecy] = {}
    for found in _ASSIGNMENT.finditer(text):
        key = found[1]
        secrecy = secrecies.get(key)
        if secrecy is None:
            secrecy = secrecies[key] = _secrecy(key)
        if secrecy and _exposed_word(found[4], secrecy):
            prose = found[3] == ":" and not found[2] and key.lower() in _BARE_WORDS
            if not prose or _TELLING.match(found[4]):
                return True
    return any(
        _exposed_word(found[2], _flag_secrecy(found[1])) for found in _FLAG_AND_VALUE.finditer(text)
    )


def _exposed_word(word: str, secrecy: _Secrecy) -> bool:
    return _exposed(0 if _NUMBER.fullmatch(word) else word, secrecy)


def _flag_secrecy(flag: str) -> _Secrecy:
    # `--use-auth-token train.py`: a switch, which takes no value.
    return _Secrecy.NONE if flag.lower().split("-")[0] in _SWITCHES else _secrecy(flag)


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


def _exposed(value: Json, secrecy: _Secrecy) -> bool:
    """Whether a key of this secrecy makes the value a credential."""
    if secrecy is _Secrecy.NONE or value is None or isinstance(value, bool):
        return False
    if not isinstance(value, str):
        return secrecy is _Secrecy.PASSWORD
    word = value.strip()
    if _PLACE_HOLDERS.fullmatch(word):
        return False
    if secrecy is _Secrecy.AUTH and word.lower() in _AUTH_METHODS:
        return False
    return not (secrecy is _Secrecy.TOKEN and _SPECIAL_TOKEN.fullmatch(word))


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


def _member_secrecy(key: str, inherited: _Secrecy) -> _Secrecy:
    own = _secrecy(key)
    if own or inherited < _Secrecy.SECRET:
        return own
    words = _WORD.findall(key.lower())
    return own if words and words[-1] in _DESCRIPTIONS else _Secrecy.SECRET


def _secrecy(key: str) -> _Secrecy:
    low = key.lower()
    if not _STEM.search(low):
        return _Secrecy.NONE
    words = _WORD.findall(_HUMP.sub(" ", key).lower())
    secrecy = _judged(words)
    if secrecy or low == key or "token" in words:
        return secrecy
    # A hump means nothing in `aPI_kEY`.
    return _judged(_WORD.findall(low))


def _judged(words: list[str]) -> _Secrecy:
    parts = [part for word in words for part in _parts(word)]
    while parts and (parts[-1] in _STAGES or parts[-1].isdigit()):
        parts.pop()
    if not parts or parts[-1] in _DESCRIPTIONS or parts[0] in _COUNTS:
        return _Secrecy.NONE
    last, before = parts[-1], parts[-2] if len(parts) > 1 else ""
    if last in _PASSWORDS or (before, last) in _KEYS:
        return _Secrecy.PASSWORD
    if not (_SECRETS | _PASSWORDS).isdisjoint(parts) or any(
        (one, other.rstrip("s")) in _KEYS for one, other in pairwise(parts)
    ):
        return _Secrecy.SECRET
    return _judged_by_last(last, before)


def _judged_by_last(last: str, before: str) -> _Secrecy:
    if last == "token" and before not in _MODEL_TOKENS:
        return _Secrecy.TOKEN
    if last in _AUTHS or (before, last) == ("auth", "header"):
        return _Secrecy.AUTH
    owners = {"key": _KEY_OWNERS, "keys": _KEY_OWNERS, "pass": _PASS_OWNERS}.get(last, frozenset())
    if before in owners or (last == "tokens" and before in _TOKENS_OWNERS):
        return _Secrecy.SECRET
    return _Secrecy.NONE


def _parts(word: str) -> Iterable[str]:
    """Split `wandbapikey` as if it were `wandb_api_key`."""
    found = word.endswith(_ENDINGS) and _COMPOUND.fullmatch(word[-64:])
    return filter(None, found.groups()) if found else (word,)
