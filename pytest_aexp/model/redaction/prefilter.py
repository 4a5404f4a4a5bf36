"""Whether a text is worth a search for leaks at all; most entries are not."""

from __future__ import annotations

import re

REDACTED = "<redacted>"
"""What stands where a value, or a key, was taken out."""

# Each starts with one letter, to which the regex engine skips: several times faster than one
# pattern for all. A slash inside a word or in `scheme://host` cannot start a path, except glued to
# an option, as in `-I/usr`.
_SLASH = re.compile(r"/(?<![^-][a-z0-9_.*-]/)(?<!://)(?!(?<=\w[a-z0-9]:/)(?<!file:/)/[^/])").search
_A = re.compile(r"A(?:KIA|SIA|Iza|A(?<=:AA))").search
_B = re.compile(r"B(?:earer|EARER)").search
_K = re.compile(
    r"k(?:ey|ie|(?<=tok)|s(?<=hooks)|[-_](?:(?<=[sr]k.)(?<![a-z0-9]...)|(?<=[gc]sk.)))"
).search
_C = re.compile(r"c(?:re[dt])").search
_P = re.compile(r"p(?:ass|w|at[-_]|i-|m_|lx-)").search
_H = re.compile(r"h(?:f_|v[sb]\.|[pousr]_(?<=gh..)|(?<=auth))").search
_X = re.compile(r"x(?:ox|ai-|app-)").search
_G = re.compile(r"g(?:in(?<=login)|nature|l[a-z]{1,5}t-|ocspx-|\.(?<=sg\.))").search
_8 = re.compile(r"8_(?<=r8_)").search
_9 = re.compile(r"9\.(?<=ya29\.)").search
# `-u me:x`, `-p x`: the options that commands take a password in.
_DASH = re.compile(r"-(?:[upaw](?<![\w-]-.)|-user|-proxy)").search


def may_leak(text: str) -> bool:
    """Tell in microseconds whether `text`, plain or JSON as written, is worth a search for leaks.

    False only if `leaks` of it is certainly empty.
    """
    if "\\" in text or "~" in text or "@" in text or "=" in text or "%" in text:
        return True
    if ("J" in text and "eyJ" in text) or ("A" in text and _A(text)) or ("B" in text and _B(text)):
        return True
    low = text.lower()
    return bool(
        _SLASH(low)
        or _K(low)
        or _C(low)
        or _P(low)
        or _H(low)
        or _X(low)
        or _G(low)
        or _8(low)
        or _9(low)
        or _DASH(low)
    )
