"""Decide from a key's name whether its value is a credential."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum
from itertools import pairwise


class Secrecy(IntEnum):
    """How likely a key's value is a credential; the lower, the more the value must look like one.

    RANDOM: only text that looks generated. WORD: any but plain words, as of a vocabulary. TOKEN:
    any but the kinds of tokens. AUTH: any but names of methods. SECRET: any text. PASSWORD: numbers
    as well.
    """

    NONE = 0
    RANDOM = 1
    WORD = 2
    TOKEN = 3
    AUTH = 4
    SECRET = 5
    PASSWORD = 6


_PLACE_HOLDERS = re.compile(
    r"|(?i:none|null|true|false)|\*+|<[^<>]*>"
    r"|\$\{\{?[\w.: ]*\}?\}|\{\{[\w. ]*\}\}|\$[A-Z0-9]+_[A-Z0-9_]+"
)
_SPECIAL_TOKEN = re.compile(r"[\[<({|]+[\w|/ :.-]{0,40}[\])>}|]+|\W+")
_PLAIN_WORD = r"(?:[A-Z]?[a-z]{1,14}|[A-Z]{1,6})"
_PLAIN_WORDS = re.compile(rf"(?:[#*>]{{1,4}} ?)?{_PLAIN_WORD}(?:[ _-]{_PLAIN_WORD}){{0,3}}:?")
_SECRET_WORDS = re.compile(r"secret|passw|hunter|cred|changeme|letmein")
_KINDS = frozenset(
    "word words subword char character byte bpe wordpiece sentencepiece unigram sentence line "
    "first last second mean max cls pad mask forward backward both single train test eval all "
    "none".split()
)
_AUTH_METHODS = frozenset(
    "basic digest bearer token oauth oauth2 kerberos ldap saml jwt ssh iam sso anonymous "
    "password negotiate ntlm mtls no yes off on default".split()
)


def is_credential(value: object, secrecy: Secrecy) -> bool:
    """Whether a value under a key of this secrecy is a credential."""
    if secrecy is Secrecy.NONE or value is None or isinstance(value, bool):
        return False
    if not isinstance(value, str):
        return secrecy is Secrecy.PASSWORD
    word = value.strip()
    return not _PLACE_HOLDERS.fullmatch(word) and not _is_harmless(word, secrecy)


def _is_harmless(word: str, secrecy: Secrecy) -> bool:
    """Whether what a key of this secrecy usually has besides credentials is what ``word`` is."""
    if secrecy is Secrecy.RANDOM:
        return not _GENERATED.fullmatch(word)
    if secrecy is Secrecy.AUTH:
        return word.lower() in _AUTH_METHODS
    if secrecy is Secrecy.WORD and plain_words(word):
        return True
    is_kind = _SPECIAL_TOKEN.fullmatch(word) or word.lower() in _KINDS
    return secrecy <= Secrecy.TOKEN and bool(is_kind)


def plain_words(text: str) -> bool:
    """Whether `text` is one word or a few, none of which speaks of secrets."""
    return bool(_PLAIN_WORDS.fullmatch(text)) and not _SECRET_WORDS.search(text.lower())


# Letters and digits that a service generated: more than 32 hexadecimal digits (32 may be a job id),
# or 20 characters that mix both cases and digits. Names, versions, dates and UUIDs are neither.
_GENERATED = re.compile(
    r"[0-9a-f]{33,}"
    r"|(?=[^0-9]*[0-9])(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])(?:[A-Za-z0-9+/=_-]*[A-Za-z0-9+/]{20}[\w+/=-]*)"
)
SERVICES = frozenset("key login api aws wandb comet neptune clearml openai anthropic".split())
"""Keys under which only what looks generated is a credential: `wandb: 9fceb0…`."""
_VENDORS = frozenset(
    "wandb wb openai anthropic hf huggingface hub comet neptune mlflow clearml azure aws gcp "
    "google stripe kaggle github gitlab bitbucket slack discord telegram npm pypi docker groq "
    "cohere pinecone langsmith perplexity openrouter elevenlabs tavily serper nvidia replicate "
    "xai labelbox roboflow swanlab dagshub runpod".split()
)
_PASSWORDS = frozenset("password passwd passw passphrase passcode pwd".split())
_SECRETS = frozenset("secret secrets credential credentials cred creds passwords".split())
_KEYS = frozenset(
    [(owner, "key") for owner in ("api", "access", "secret", "private")]
    + [("pass", "word"), ("pass", "phrase"), ("pass", "code")]
)
_KEY_OWNERS = _VENDORS | frozenset(
    "api access secret private auth encryption signing ssh gpg pgp rsa hmac aes account master "
    "deploy service subscription storage license consumer app application bot webhook mistral "
    "gemini deepseek".split()
)
_PASS_OWNERS = frozenset(
    "user db admin root smtp mail ssh login ftp http proxy mysql pg postgres redis mongo vpn wifi "
    "auth basic my".split()
)
_TOKENS_OWNERS = _VENDORS | frozenset("api access auth refresh bearer session secret".split())
# Before `token`, these leave no doubt.
_TOKEN_OWNERS = _TOKENS_OWNERS | frozenset(
    "my own login personal private deploy developer workspace client server service account app "
    "jwt csrf xsrf oauth oidc device registration webhook registry admin ci runner security sas "
    "git db database http proxy vault kube kubernetes cluster id sso saml".split()
)
# `hf_tok` may be a tokenizer.
_TOK_OWNERS = _TOKEN_OWNERS - frozenset("hf huggingface hub my own".split())
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
    "relation marker attention initializer concept summary readout speaker style gist pause "
    "residue atom rare backdoor".split()
)
_OWNERS = {
    "key": _KEY_OWNERS,
    "keys": _KEY_OWNERS,
    "tokens": _TOKENS_OWNERS,
    "tok": _TOK_OWNERS,
    "pass": _PASS_OWNERS,
    "signature": frozenset({"access"}),
}
_OWNED = {
    "key": _VENDORS,
    "keys": _VENDORS,
    "token": _TOKENS_OWNERS,
    "tokens": _TOKENS_OWNERS,
    "pass": _PASS_OWNERS,
    "pw": _PASS_OWNERS,
}
_AUTHS = frozenset("auth authorization cookie cookies".split())
_COUNTS = frozenset("num n nb max min count total number mean avg average".split())
_STAGES = frozenset("value prod production staging dev live".split())
_DESCRIPTIONS = frozenset(
    "type name names url uri env var envvar file path dir mode method enabled disabled required "
    "length len size count dim dims limit budget field column policy scheme sharing provider "
    "backend manager store expiry expires ttl scope scopes format prefix suffix kind style "
    "strategy pattern location status version algorithm algo ratio rate prob weight loss score "
    "index idx level endpoint host port region dataset datasets feature features strength corpus "
    "classifier".split()
)
_SWITCHES = frozenset(
    "use no with without enable disable is has skip ask prompt require print show add save".split()
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[a-z]+|[0-9]+")
STEM = re.compile(r"key|tok|secret|pass|pw|auth|cred|cookie|signature")
_ENDINGS = tuple(
    "key keys keyid token tokens secret secrets password passwords passwd passphrase pwd "
    "credential credentials".split()
)
_COMPOUND = re.compile(
    r"([a-z]*?)(api|access|secret|private|auth|ssh|encryption|signing|master|account|)"
    rf"({'|'.join(_ENDINGS)})(?:id)?"
)


# Keys that say more together with the key above them, and keys that say it of those below.
_PARTS = frozenset("key keys token pass pw tok".split())
_WHOLES = frozenset("key keys token tokens".split())


def member_secrecy(key: str, inherited: Secrecy, parent: str) -> Secrecy:
    """The secrecy of a key that stands below the key `parent`, inside something secret or not."""
    own = secrecy_of(key)
    if parent and (key.lower() in _PARTS or parent.lower() in _WHOLES):
        together = secrecy_of(f"{parent}_{key}")
        own = max(own, together) if together >= Secrecy.SECRET else own
    if own >= Secrecy.AUTH or inherited < Secrecy.SECRET:
        return own
    words = _WORD.findall(key.lower())
    return own if words and words[-1] in _DESCRIPTIONS else Secrecy.SECRET


def secrecy_of(key: str) -> Secrecy:
    """The secrecy of a key."""
    low = key.lower()
    # `--wandb=…`, `logger.wandb=…`
    if low.rpartition(".")[2].lstrip("-") in SERVICES:
        return Secrecy.RANDOM
    if not STEM.search(low):
        return Secrecy.NONE
    words = _WORD.findall(_HUMP.sub(" ", key).lower())
    secrecy = _secrecy_of_words(words)
    if secrecy is Secrecy.WORD and low.endswith(".token"):
        return Secrecy.TOKEN
    if secrecy or low == key or "token" in words:
        return secrecy
    # A hump means nothing in `aPI_kEY`.
    return _secrecy_of_words(_WORD.findall(low))


def _secrecy_of_words(words: list[str]) -> Secrecy:
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
    return _secrecy_by_last_word(last, before)


def _secrecy_by_last_word(last: str, before: str) -> Secrecy:
    if last == "token":
        return _secrecy_of_token(before)
    if last in _AUTHS or (before, last) == ("auth", "header"):
        return Secrecy.AUTH
    if last == "pw" and before in _PASS_OWNERS:
        return Secrecy.PASSWORD
    # `token_github` is `github_token`.
    if before in _OWNERS.get(last, ()) or last in _OWNED.get(before, ()) or last == "pw":
        return Secrecy.SECRET
    return Secrecy.TOKEN if last == "pass" and not before else Secrecy.NONE


def _secrecy_of_token(owner: str) -> Secrecy:
    """The secrecy of `token` behind the word `owner`."""
    if owner in _MODEL_TOKENS:
        return Secrecy.NONE
    if owner in _TOKEN_OWNERS:
        return Secrecy.SECRET
    return Secrecy.WORD if owner else Secrecy.TOKEN


def _parts(word: str) -> Iterable[str]:
    """Split `wandbapikey` as if it were `wandb_api_key`."""
    for ending, owners in (("pass", _PASS_OWNERS), ("pw", _PASS_OWNERS), ("tok", _TOK_OWNERS)):
        if word.endswith(ending) and word.removesuffix(ending) in owners:
            return word.removesuffix(ending), ending
    match = word.endswith(_ENDINGS) and _COMPOUND.fullmatch(word[-64:])
    return filter(None, match.groups()) if match else (word,)


FLAG = re.compile(r"--?([A-Za-z][\w-]*)")


def flag_secrecy(flag: str) -> Secrecy:
    """The secrecy of an option of a command line."""
    # `--use-auth-token train.py`: a switch, which takes no value.
    return Secrecy.NONE if flag.lower().split("-")[0] in _SWITCHES else secrecy_of(flag)
