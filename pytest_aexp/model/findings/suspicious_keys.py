"""Keys that look like ``supporting_runs`` and are not: citations there would pass unseen."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator
from functools import lru_cache

from pytest_aexp.ground.text import position_in, quoted, resembles
from pytest_aexp.ground.yaml.nodes import Mapping, Node, Scalar, Sequence, items_of
from pytest_aexp.model.findings.body import without_code
from pytest_aexp.model.findings.citation import KEY
from pytest_aexp.model.findings.front_matter import FrontMatter, is_key
from pytest_aexp.model.job_id import is_job_id
from pytest_aexp.model.problems import MISSPELT_CITATIONS, SUSPICIOUS_KEY, Fault, Rule

# Letters of other scripts that are drawn like those of the key, where NFKC does not make them so.
_LOOK_ALIKES = {
    "s": "\u0455\ua731\u01bd\u0282\uabaa\u057f",
    "u": "\u03c5\u057d\u1d1c\u028b\uab52",
    "p": "\u0440\u03c1\u03f1\u2ca3\u1d18",
    "o": "\u043e\u03bf\u0585\u1d0f\u03c30\u10ff",
    "r": "\u0433\u1d26\u2c85\uab47\uab81\u0280",
    "t": "\u0442\u03c4\u1d1b",
    "i": "\u0456\u03b9\u04cf\u0131\u02691l|\uab75",
    "n": "\u043f\u0578\u057c\u03b7\u0274",
    "g": "\u0261\u050d\u0581\u018d\u1d83\u0262",
}
_PLAIN = {ord(other): letter for letter, others in _LOOK_ALIKES.items() for other in others}
# YAML 1.1 ends lines at the last three of these, and editors at some of the others.
_LINE_END = "\n\r\x0b\x0c\x85\u2028\u2029"
_KEY_LINE = re.compile(
    # Behind the marks of lists, quotations, headings, tables, comments, and of JSON.
    rf"(?:^|[{_LINE_END}])[ \t>*+?\-\"'#|<!{{\[0-9.)]*+([^\s:=\uff1a\"'#`|]{{8,40}})[\"']?[ \t]*"
    r"[:=\uff1a][*_]*(?=\s|$)"
)
_CITES = re.compile(r"\b(?:[0-9a-f]{32}|experiment_id)\b", re.ASCII)
_ODD_LINE_END = re.compile("[\x0b\x0c\x85\u2028\u2029]")
_AT_THE_TOP = f"write `{KEY}:` at the start of a line of the front matter"


@lru_cache(1024)
def is_slip(key: str) -> bool:
    """Whether a key must have been meant as ``supporting_runs``, or is that."""
    # Nearer than other slips: `supporting_refs` may well be another key.
    return resembles(key, KEY, 0.88) or (
        not key.isascii() and resembles(_in_plain_letters(key), KEY, 0.88)
    )


def replaces_key(key: str, value: Node) -> bool:
    """Whether a top-level key must have been meant as ``supporting_runs``, given its value."""
    # `supported_runs` is further away: that it holds citations decides.
    return is_slip(key) or (resembles(key, KEY, 0.75) and _has_citations(value))


def _in_plain_letters(text: str) -> str:
    """``text`` in the letters that it looks like, without accents."""
    apart = unicodedata.normalize("NFKD", text[:80]).casefold()
    return "".join(c for c in apart if not unicodedata.combining(c)).translate(_PLAIN)


def suspicious_keys(front_matter: FrontMatter) -> Iterator[Fault]:
    """The keys of a finding, in its front matter and below it, that look like ours."""
    seen: set[int] = set()
    at_top = {id(key) for key, _ in front_matter.pairs}
    for key, value in front_matter.pairs:
        if is_key(key, KEY):
            continue
        if isinstance(key, Scalar) and replaces_key(key.text, value):
            rule = MISSPELT_CITATIONS if _has_citations(value) else SUSPICIOUS_KEY
            fix = f"write `{KEY}:`, or run `aexp fix`"
            yield _ignored(front_matter, key, f"{quoted(key.text)} is not {KEY}", fix, rule)
        elif not (isinstance(key, Scalar) and isinstance(value, Scalar) and value.plain):
            # In a plain value of one line, as most are, nothing can stand.
            for slip in _slips_in(key, seen, at_top, as_key=True):
                yield _ignored(front_matter, slip, f"{quoted(slip.text)} is in a list")
            slips = list(_slips_in(value, seen, at_top))
            for slip in slips:
                yield _ignored(front_matter, slip, f"{quoted(slip.text)} is below {_name(key)}")
            if not slips and isinstance(key, Scalar) and _cites_besides(front_matter, value):
                fix = f"write `{KEY}:` in its place if the finding rests on them"
                what = f"{_name(key)} holds what looks like citations and is not {KEY}"
                yield _ignored(front_matter, key, what, fix)
    for key, value in front_matter.root.pairs if front_matter.root is not None else ():
        # Of a merge key what others of the same name hide.
        for slip in _slips_in(value, seen, at_top) if id(key) not in at_top else ():
            yield _ignored(front_matter, slip, f"{quoted(slip.text)} is hidden below {_name(key)}")
    yield from _in_text(front_matter)


def _name(key: Node) -> str:
    return quoted(key.text) if isinstance(key, Scalar) else "another key"


def _slips_in(
    node: Node, seen: set[int], at_top: Container[int], *, as_key: bool = False
) -> Iterator[Scalar]:
    """The keys in ``node``, at whatever depth, that look like ours; an alias is followed once.

    Those ``at_top`` are read by a merge key. In a text of many lines there may be some, too.
    """
    if isinstance(node, Scalar):
        if as_key and is_slip(node.text) and id(node) not in at_top:
            yield node
        elif not (as_key or node.plain) and _CITES.search(node.text):
            keys = (match[1] for match in _KEY_LINE.finditer(node.text))
            yield from (Scalar(key, node.offset, plain=False) for key in keys if is_slip(key))
    elif id(node) not in seen:
        seen.add(id(node))
        for item in node.items if isinstance(node, Sequence) else ():
            yield from _slips_in(item, seen, at_top, as_key=as_key)
        for key, value in node.pairs if isinstance(node, Mapping) else ():
            yield from _slips_in(key, seen, at_top, as_key=True)
            yield from _slips_in(value, seen, at_top)


def _has_citations(node: Node) -> bool:
    """Whether a value looks like what stands below ``supporting_runs``."""
    # The first hundred tell: of 10,000 items each key would search them all again.
    return any(
        _CITES.search(item.text) is not None
        if isinstance(item, Scalar)
        else _looks_like_citation(item) or _holds_citations(item, set())
        for item in items_of(node)[:100]
    )


def _cites_besides(front_matter: FrontMatter, value: Node) -> bool:
    """Whether a value holds citations; what `supporting_runs` has by an alias is read there."""
    # The first is False of nearly every value, and then the nodes need not be listed.
    return _holds_citations(value, set()) and _holds_citations(
        value, set(_nodes_in(front_matter.get(KEY), set()))
    )


def _nodes_in(node: Node | None, seen: set[int]) -> Iterator[int]:
    """What tells apart the nodes of a value, itself included."""
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    yield id(node)
    for item in node.items if isinstance(node, Sequence) else ():
        yield from _nodes_in(item, seen)
    for _, value in node.pairs if isinstance(node, Mapping) else ():
        yield from _nodes_in(value, seen)


def _holds_citations(node: Node, seen: set[int]) -> bool:
    """Whether a value must be citations, or has some in it: a lone id may be of anything."""
    if id(node) in seen or isinstance(node, Scalar):
        return False
    seen.add(id(node))
    if isinstance(node, Sequence):
        ids = (item for item in node.items if isinstance(item, Scalar) and is_job_id(item.text))
        return any(id(item) not in seen for item in ids) or any(
            _holds_citations(item, seen) for item in node.items
        )
    keys = {key.text: value for key, value in node.pairs if isinstance(key, Scalar)}
    kind, run = keys.get("type"), keys.get("id") or keys.get("experiment_id")
    if isinstance(kind, Scalar) and kind.text in ("job", "batch") and isinstance(run, Scalar):
        return id(run) not in seen
    return any(_holds_citations(value, seen) for _, value in node.pairs)


def _looks_like_citation(item: Node) -> bool:
    pairs = item.pairs if isinstance(item, Mapping) else []
    keys = {key.text: value for key, value in pairs if isinstance(key, Scalar)}
    kind = keys.get("type")
    return (isinstance(kind, Scalar) and kind.text in ("job", "batch")) or bool(
        keys.keys() & {"id", "experiment_id", "selector"}
    )


def _in_text(front_matter: FrontMatter) -> Iterator[Fault]:
    """Keys in the text below the front matter, and behind line ends that not every reader sees."""
    text, end = front_matter.text, front_matter.end
    if _ODD_LINE_END.search(text, front_matter.start, end):
        for match in _KEY_LINE.finditer(text, front_matter.start, end):
            if _ODD_LINE_END.match(match[0]) and is_slip(match[1]):
                yield _in_line(front_matter, match, "stands behind a line end that YAML ignores")
    if all(text.find(sign, end) < 0 for sign in ":=\uff1a"):
        return
    body = text[:end] + without_code(text[end:]) if "`" in text or "~~~" in text else text
    for match in _KEY_LINE.finditer(body, end):
        if is_slip(match[1]):
            yield _in_line(front_matter, match, "is below the front matter")


def _in_line(front_matter: FrontMatter, match: re.Match[str], where: str) -> Fault:
    message = f"{quoted(match[1])} {where}: the citations there are not checked"
    at = position_in(front_matter.text, match.start(1))
    return Fault(SUSPICIOUS_KEY, front_matter.path, message, _AT_THE_TOP, at)


def _ignored(
    front_matter: FrontMatter,
    key: Scalar,
    what: str,
    fix: str = _AT_THE_TOP,
    rule: Rule = SUSPICIOUS_KEY,
) -> Fault:
    message = f"{what}: the citations there are not checked"
    return Fault(rule, front_matter.path, message, fix, front_matter.position(key.offset))
