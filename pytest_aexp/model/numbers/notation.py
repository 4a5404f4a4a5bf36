"""Numbers as people write them, found in the text before a comment.

Nothing is guessed: what could be read in two ways, such as a decimal comma, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import unescape

from pytest_aexp.model.numbers.number import (
    RAISED,
    RAISED_DIGITS,
    SEPARATOR,
    SIGNED,
    SPACE,
    Bound,
    Number,
    exponent_in,
    plain_digits,
)

DIGITS_LIMIT = 100
EXPONENT_LIMIT = 400


@dataclass(frozen=True, slots=True)
class UnreadableNumber:
    """What stands in a number's place and is not read; ``reason`` completes "0,93 …"."""

    text: str
    start: int
    reason: str


_BLANK = r"[ \t\u00a0\u2009\u202f]"
# Spaces, emphasis, code and mathematics, which may stand between the parts of one number.
_MARKUP = rf"(?:{_BLANK}|[*_`$~]|\\[,;:! ])*+"
_NUMBER = re.compile(
    rf"""
    (?P<digits> \.?[0-9] (?: [0-9] | (?:\.|{SEPARATOR}) (?=[0-9]) )*+ )
    (?P<power>
        [eE] {SIGNED}
      | {_MARKUP}
        (?: ×|·|⋅|&times;|\\times(?![A-Za-z])|\{{\\times\}}|\\cdot(?![A-Za-z]) ) {_MARKUP} 10 \$?
        (?: \^\{{ {SIGNED} \}} | \^ {SIGNED} | {RAISED} | <sup> {SIGNED} </sup> )
    )?
    (?P<percent>
        {_MARKUP} (?: [])}}] {_MARKUP} \{{? )?
        (?: \\?[%\uff05\ufe6a] | &percnt; | \\percent\b | (?i: per[ -]?cent | pct )\b )
    )?
    """,
    re.VERBOSE,
)
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+")
_GROUPED = re.compile(
    rf"[1-9][0-9]{{0,2}}(?P<separator>{SEPARATOR})[0-9]{{3}}(?:(?P=separator)[0-9]{{3}})*"
    r"(?:\.[0-9]+)?"
)
_DECIMAL_COMMA = re.compile(r"[0-9]+,[0-9]+")
# A raised star, as of a significance, makes no power.
_POWER = re.compile(
    rf"\$?(?:[⁻⁺{RAISED_DIGITS}]|(?:\^|<sup>)(?!\{{?(?:[*†‡§¶]|\\(?:ast|star|d?dagger|circ)\b)))"
)
_PER_MILLE = re.compile(rf"{_MARKUP}(?:[‰‱]|&permil;)")
# `1 005`, `1'005`: the end of what readers take for one number, though this grammar has two.
_APART = r"(?:\\?[ ]|[~'\u2019])"
_THOUSANDS_BEFORE = re.compile(rf"(?<![\w.,-])[1-9][0-9]{{0,2}}(?:{_APART}[0-9]{{3}})*{_APART}\Z")
_THREE_DIGITS = re.compile(r"[0-9]{3}(?:\.[0-9]+)?")
_DIGITS_BEFORE = re.compile(r"(?:(?![0-9])\d|[0-9][·⋅\uff0e\uff0c\u066b\u066c])\Z")
_UNCERTAINTY_BEFORE = re.compile(r"[0-9]\(\Z")
_GOES_ON_AS_NAME = re.compile(r"[A-Za-z]+_?[0-9]")
# What comes before digits that are part of a name, an index or an exponent; not `\pm`.
_NAME = re.compile(
    r"(?<![\\A-Za-z])[A-Za-z]+-?\Z|[\u00c0-\u024f\u0370-\u04ff]-?\Z|(?:[^\W_]|[)}])_\{?\Z"
    r"|(?:\^\{?|<sup>)[-+−]?\Z"
)
_SIGN = re.compile(rf"(?:[-+−]|&minus;)(?P<apart>{_BLANK}*+)\Z")
# `- 0.5` is a negative number after these, and a bullet or a dash elsewhere.
_OPENS_NUMBER = re.compile(rf"[$(=:≈~<>≤≥|\[]{_BLANK}*+\Z")
_DASH = re.compile(r"(?:[–—]|--|&[nm]dash;)\Z")
_NUMBER_ENDS = re.compile(rf"[0-9{RAISED_DIGITS}%)\]}}][*_`$]*\Z")
_BOUND = re.compile(
    rf"(?:(?P<sign><=|>=|[<>≤≥⩽⩾≦≧])|\\(?P<name>[lg](?:eq?(?:slant)?|t))(?![A-Za-z])(?:\{{\}})?"
    rf"|&(?P<entity>lt|gt|[lg]e(?:q|qslant)?);){_MARKUP}\Z"
)
_BOUNDS: dict[str, Bound] = {"<": "<", "lt": "<", ">": ">", "gt": ">"}
# `92.9–93.5 %` and `93.2 ± 0.3 %` are both per cent.
_JOINED = re.compile(rf"{_MARKUP}(?:[-–—−±]|--|&[nm]dash;|\\pm|&plusmn;|\+/-){_MARKUP}")
# A bound, a sign and their markup are shorter; all of a long line would be searched each time.
_LOOKED_BACK = 60

# What renders as nothing, or as no part of the text.
_INVISIBLE = re.compile(
    r"<sub>[^<>]*</sub>|</?(?!sup>)[A-Za-z][^<>]*>|(?<=\])\([^()]*\)|\[\^[^\]]*\]"
    rf"|{SPACE}(?![0-9])|(?<![0-9]){SPACE}|(?!{SPACE})&#(?:[0-9]{{1,7}}|[Xx][0-9A-Fa-f]{{1,6}});"
)
_HIDDEN = "\ufffd"
_CHANGES_NUMBER = frozenset(f"-+−–—<>≤≥±%×·⋅^⁺⁻{RAISED_DIGITS}")
_BESIDE_HIDDEN = re.compile(rf"{_HIDDEN}{_MARKUP}\Z"), re.compile(rf"{_MARKUP}{_HIDDEN}")
_LIST_MARKER = re.compile(r"\A[ \t>]*+[0-9]{1,9}[.)](?=[ \t])")
_TAIL_WORDS = 3
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_END = re.compile(r"[.;!?]\s+\S")


def last_numbers(
    before: str, count: int, *, starts_line: bool, behind: str = ""
) -> tuple[Number, ...] | UnreadableNumber:
    """The last ``count`` numbers of a text that a comment follows, in order.

    ``starts_line`` says whether the text is the beginning of a line; ``behind`` is what stands
    behind the comment, which a reader does not see.
    """
    text = _INVISIBLE.sub(_blank, before)
    if starts_line:
        text = _LIST_MARKER.sub(_blank, text)
    tokens, ends = list[Number | UnreadableNumber](), list[int]()
    for match in reversed(list(_NUMBER.finditer(text))):
        token = _token(match, text, starts_line=starts_line)
        if token is not None:
            tokens.insert(0, token)
            ends.insert(0, match.end())
        if len(tokens) == count:
            break
    refused = _refused(tokens, text, ends[-1] if ends else len(text), count)
    if refused is not None:
        return refused
    numbers = [token for token in tokens if isinstance(token, Number)]
    numbers[-1] = _with_rest(numbers[-1], text[ends[-1] :], behind)
    for index in range(count - 2, -1, -1):
        following = numbers[index + 1]
        if following.is_percent and _JOINED.fullmatch(text[ends[index] : following.start]):
            numbers[index] = replace(numbers[index], is_percent=True)
    return tuple(numbers)


def _with_rest(number: Number, between: str, behind: str) -> Number:
    """The number, in doubt if what stands behind the comment is more of it."""
    if number.is_percent or between.strip("*_`$~"):
        return number
    written = f"{number.digits}{number.power}"
    match = _NUMBER.match(f"{written}{behind}")
    assert match is not None
    if match.end() == len(written):
        return number
    # `0.92,0.93` are two numbers, however close.
    forms = (_PLAIN, _GROUPED, _DECIMAL_COMMA)
    is_one = match["power"] or match["percent"] or any(f.fullmatch(match["digits"]) for f in forms)
    doubt = "goes on behind the comment; move the comment to its end"
    return replace(number, doubt=doubt) if is_one else number


def _blank(match: re.Match[str]) -> str:
    is_hidden = match[0].startswith("&#") and unescape(match[0]) in _CHANGES_NUMBER
    return (_HIDDEN if is_hidden else " ") * len(match[0])


def _refused(
    tokens: Sequence[Number | UnreadableNumber], text: str, end: int, count: int
) -> UnreadableNumber | None:
    """Why the tokens, up to ``end``, are not the numbers of a comment that comes after ``text``."""
    if len(tokens) < count:
        missing = {0: "there is no number", 1: "there is only one number"}
        there = missing.get(len(tokens), f"there are only {len(tokens)} numbers")
        return UnreadableNumber("", len(text), f"{there} before it")
    refused = [token for token in tokens if isinstance(token, UnreadableNumber)]
    if refused:
        return refused[0]
    tail = text[end:]
    if len(_WORD.findall(tail)) > _TAIL_WORDS or _SENTENCE_END.search(tail):
        return UnreadableNumber("", len(text), "there is no number directly before it")
    return None


def _token(
    match: re.Match[str], text: str, *, starts_line: bool
) -> Number | UnreadableNumber | None:
    """The number that ``match`` is; None if it is part of a name, an index or an exponent."""
    at, power, percent = match.start(), match["power"] or "", match["percent"] or ""
    head = text[max(0, at - _LOOKED_BACK) : at]
    after_digits = match.end("power") if power else match.end("digits")
    if _NAME.search(head) or _GOES_ON_AS_NAME.match(text, after_digits):
        return None
    dash = _DASH.search(head)
    if dash is not None and not _NUMBER_ENDS.search(head[: dash.start()]):
        return UnreadableNumber(match["digits"], at, "follows a dash; write a minus as `-` or `−`")
    sign = _sign_before(head) if dash is None else ""
    start = at - len(sign)
    before, after = _BESIDE_HIDDEN
    if before.search(head) or after.match(text, match.end()):
        reason = "stands beside a character in digits, such as `&#37;`; write the character itself"
    else:
        reason = _why_refused(match, text)
    if reason:
        return UnreadableNumber(text[start : match.end("digits")], start, reason)
    exponent = int(exponent_in(power)) if power else None
    bound = _bound_before(text[:start], starts_line=starts_line)
    doubt, is_percent = _doubt(match, head, text), bool(percent)
    return Number(start, bound, sign, match["digits"], power, exponent, percent, is_percent, doubt)


def _sign_before(head: str) -> str:
    """The sign that belongs to the number after ``head``, with the spaces after it."""
    sign = _SIGN.search(head)
    if sign is None or head.endswith("+/-"):
        return ""
    before = head[: sign.start()]
    if sign["apart"]:
        opens = sign[0][0] == "−" or (sign[0][0] == "-" and _OPENS_NUMBER.search(before))
        before = before.rstrip() if opens else "0"
    return "" if _NUMBER_ENDS.search(before) else sign[0]


def _why_refused(match: re.Match[str], text: str) -> str:
    """Why a number is not read, or nothing."""
    digits, power = match["digits"], match["power"] or ""
    if not (_PLAIN.fullmatch(digits) or _GROUPED.fullmatch(digits)):
        if _DECIMAL_COMMA.fullmatch(digits):
            return "has a decimal comma; write a point"
        return "cannot be read: thousands stand in groups of three, decimals after one point"
    if not power and _POWER.match(text, match.end("digits")):
        return "is a power; write 1e-3 or 1×10⁻³"
    if len(plain_digits(digits).replace(".", "")) > DIGITS_LIMIT:
        return f"has more than {DIGITS_LIMIT} digits"
    exponent = exponent_in(power)
    if len(exponent) > 9 or abs(int(exponent or 0)) > EXPONENT_LIMIT:
        return f"has an exponent beyond {EXPONENT_LIMIT}"
    return ""


def _doubt(match: re.Match[str], head: str, text: str) -> str:
    """Why a reader may take a number for part of another, or nothing."""
    if _THREE_DIGITS.fullmatch(match["digits"]) and _THOUSANDS_BEFORE.search(head):
        return "follows a space or an apostrophe within a number; write thousands as 12,345"
    if _DIGITS_BEFORE.search(head):
        return "follows what may be part of it; write the digits 0 to 9, with a point"
    if _UNCERTAINTY_BEFORE.search(head) and text.startswith(")", match.end("digits")):
        return "stands in brackets behind another number; write 0.932 ± 0.002"
    if _PER_MILLE.match(text, match.end("digits")):
        return "is per mille; write per cent, or a fraction"
    return ""


def _bound_before(head: str, *, starts_line: bool) -> Bound:
    match = _BOUND.search(head, max(0, len(head) - _LOOKED_BACK))
    if match is None:
        return ""
    written = match["sign"] or match["name"] or match["entity"]
    before = head[: match.start()]
    # Not the end of an arrow, nor the mark of a quotation.
    if written in ("<", ">") and before.endswith(("-", "=", "<", ">")):
        return ""
    if match["sign"] == ">" and starts_line and not before.strip(" \t>"):
        return ""
    return _BOUNDS.get(written) or ("≤" if written[0] in "<≤⩽≦l" else "≥")
