"""A cheap prefilter: False if a text cannot hold a path or a credential, as most entries cannot."""

from __future__ import annotations

import re
from itertools import groupby

REDACTED = "<redacted>"
"""What stands where a value, or a key, was taken out."""

_SIGNS = "\\~@=%"
# In lower case, parts of the keys and tokens that secret_keys, secret_patterns and absolute_paths
# look for. `yj` to `w0k` stand for `eyJ` to `ew0K`, with which base64 of a JSON object begins.
_STEMS = (
    "key tok cred cret pass pw auth login signature bearer okie hooks[./] pat_ pat- hf_ xox xai- "
    "xapp- npm_ pplx- gsk_ pcsk_ r8_ ya29[.] sg[.] hv[sb][.] gocspx- pypi- gh[pousr]_ nvapi- "
    "dapi do[opr]_v1_ 1//0 age-secret akia asia aiza ltai yj yai wog woj w0k :aa :/+file vscode "
    r"gl[a-z]{1,5}t- q~ -(?:[upaw](?<![\w-]-.)|-user|-proxy)"
).split()
_PATTERNS = (
    # A slash within a word or in `scheme://host` cannot start a path, except behind an option.
    r"/(?<![^-][a-z0-9_.*-]/)(?<!://)(?!(?<=\w[a-z0-9]:/)(?<!file:/)/[^/])",
    r"k[-_](?<=[sr]k.)(?<![a-z0-9]...)",
    *(rf"{service}[\"'\s=:]+[^\"'\s]{{20}}" for service in ("wandb", "aws", "api")),
)
# A pattern for each first letter: the engine looks for one letter some twenty times as fast as for
# one of many, and this is read for every entry of a ledger.
_SEARCHES = [
    re.compile(f"{letter}(?:{'|'.join(stem[1:] for stem in stems)})").search
    for letter, stems in groupby(sorted((*_STEMS, *_PATTERNS)), key=lambda stem: stem[0])
]


def may_leak(text: str) -> bool:
    """Tell in microseconds whether `text`, plain or JSON as written, is worth a search for leaks.

    False only if `leaks` of it is certainly empty.
    """
    if any(sign in text for sign in _SIGNS):
        return True
    low = text.lower()
    return any(search(low) for search in _SEARCHES)
