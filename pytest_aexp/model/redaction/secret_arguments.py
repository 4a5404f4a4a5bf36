"""Command lines that give a credential without naming it: `curl -u me:x`, `docker login -p x`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_aexp.model.redaction.prefilter import QuickSearch
from pytest_aexp.model.redaction.secret_keys import Secrecy, is_credential, secrecy_of

_HTTP_TOOLS = frozenset("curl http https xh wget".split())
_USER_FLAGS = frozenset("-u -U -a --user --auth --proxy-user".split())
_LOGIN_TOOLS = frozenset(
    "docker podman nerdctl buildah skopeo crane oras registry remote singularity apptainer az oc "
    "cf".split()
)
# What a flag of one letter gives; of `mysql` and its like, it is glued to the password.
_PASSWORD_FLAGS = {
    tool: flag
    for flag, tools in (
        ("-a", "redis-cli"),
        ("-w", "ldapsearch ldapmodify"),
        ("-p", "twine mongo mongosh mongodump"),
        ("-P", "sqlcmd bcp unzip mosquitto_pub mosquitto_sub"),
    )
    for tool in tools.split()
}
_MYSQL_TOOLS = frozenset("mysql mysqldump mysqladmin mariadb".split())
_SETTERS = frozenset("set setx setenv config configure modify".split())
WORDS = frozenset({"login", *_HTTP_TOOLS, *_PASSWORD_FLAGS, *_MYSQL_TOOLS, *_SETTERS})

# Text, compiled when there is one to search.
NAMED_TOOL = (
    r"(?<![\w-])(?:curl|wget|xh|https?(?=\s)|login|redis-cli|ldap(?:search|modify)|twine|mongo\w*"
    r"|sqlcmd|bcp|unzip|mosquitto_[ps]ub|mysql\w*|mariadb|set(?:x|env)?|config(?:ure)?|modify)(?![\w-])"
)
may_name_tool = QuickSearch(
    "curl|wget|xh|http|login|redis-cli|ldap|twine|mongo|sqlcmd|bcp|unzip|mosquitto_|mysql|mariadb|set"
    "|config|modify"
)
_PIECE = r"[^\s\"'`(),=;|&\\]+|[;|&\n]"
_KEY = re.compile(r"(?=[A-Za-z_-]{0,64}[0-9])(?=[0-9_-]{0,64}[A-Za-z])\w[\w-]{19,}")
# `wandb login --host https://h KEY`
_KEY_WITHIN = 4
_MIXED = re.compile(r"(?=\D*\d)(?=[^A-Za-z]*[A-Za-z]).{6}")


def command_contains_credential(text: str) -> bool:
    """Whether a command in running text gives a credential."""
    if not (may_name_tool(text) and re.search(NAMED_TOOL, text)):
        return False
    return any(_credentials(re.findall(_PIECE, text)))


def credential_arguments(words: Sequence[object]) -> frozenset[int]:
    """The places of the credentials among the arguments of a command."""
    if not any(isinstance(word, str) and word.rpartition("/")[2] in WORDS for word in words):
        return frozenset()
    texts = [word if isinstance(word, str) else "" for word in words]
    return frozenset(index for index, given in enumerate(_credentials(texts)) if given)


def _credentials(words: Sequence[str]) -> Iterator[bool]:
    """For each word, whether what came before it in its command makes it a credential."""
    names: set[str] = set()
    before, key_due = "", 0
    for word in words:
        if word in (";", "|", "&", "\n"):
            names, before, key_due = set(), "", 0
            yield False
            continue
        given = bool(names) and (
            (key_due > 0 and _KEY.fullmatch(word) is not None) or _follows(word, before, names)
        )
        yield given and is_credential(word, Secrecy.SECRET) and not word.startswith("$")
        name = word.strip("<[{}]>").rpartition("/")[2].rpartition(".")[2]
        if name in WORDS or name in _LOGIN_TOOLS:
            names.add(name)
        key_due = _KEY_WITHIN if name == "login" else key_due - 1
        before = word


def _follows(word: str, before: str, names: set[str]) -> bool:
    if not names.isdisjoint(_HTTP_TOOLS):
        return _names_user_and_password(word, before)
    if before in ("-p", "-P") and "login" in names and not names.isdisjoint(_LOGIN_TOOLS):
        return not word.startswith("-")
    if any(_PASSWORD_FLAGS.get(name) == before for name in names):
        return not word.startswith("-")
    if word.startswith("-p") and not names.isdisjoint(_MYSQL_TOOLS):
        return len(word) > 2
    return (
        not names.isdisjoint(_SETTERS)
        and _MIXED.match(word) is not None
        and secrecy_of(before) >= Secrecy.TOKEN
    )


def _names_user_and_password(word: str, before: str) -> bool:
    if before not in _USER_FLAGS:
        word = word[2:] if word[:2] in ("-u", "-U") else ""
    _, _, password = word.partition(":")
    return password != "" and password[0] != "$" and is_credential(password, Secrecy.SECRET)
