"""A block of lines that a program keeps in a file of the user's, between two marker lines.

Works on bytes, so that whatever encoding the user's lines are in, they come out as they went in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum, auto
from typing import NamedTuple

from pytest_aexp.ground.find_root import BLOCK_MARK

BEGIN = BLOCK_MARK
END = b"# agentic-experiments:end"

_BOM = b"\xef\xbb\xbf"
_MARKERS = (BEGIN, END)


def merge_block(text: bytes, body: bytes, *, rescue: bool = False) -> bytes:
    """``text`` with exactly one block, which holds ``body``.

    The block stays where it is, or where the first half of a broken one is, and else comes last.
    Every line outside it is kept byte for byte, in order; half-written and repeated blocks go.
    What a whole block holds is replaced; with ``rescue``, rules in it that ``body`` lacks are
    somebody's: they and the comments beside them are kept, below the block.
    """
    mark, text = (_BOM, text[len(_BOM) :]) if text.startswith(_BOM) else (b"", text)
    shipped = [line.rstrip(b"\r") for line in body.rstrip().split(b"\n")] if body.strip() else []
    own = set(filter(None, map(_stripped, shipped)))
    lines = _read(text, own, rescue=rescue)
    newline = _newline(lines)
    block = [line + newline for line in (BEGIN, *shipped, END)]
    return mark + b"".join(_placed(lines, block, newline))


def holds_block(text: bytes, body: bytes) -> bool:
    """Whether ``text`` has one whole block with the rules of ``body``, whatever its comments."""
    lines = _read(text.removeprefix(_BOM))
    if [mark for line in lines if (mark := line.text.strip()) in _MARKERS] != [BEGIN, END]:
        return False
    inside = [line.rule for line in lines if line.owner is _Owner.BLOCK and line.rule]
    return inside == [line.rule for line in _read(body) if line.rule]


def rules_outside(text: bytes) -> Iterator[tuple[int, bytes]]:
    """The rules that stand in no block: the number of the line, from 1, and what it says."""
    for number, line in enumerate(_read(text.removeprefix(_BOM)), start=1):
        if line.owner is _Owner.USER and line.rule:
            yield number, line.rule


class _Owner(Enum):
    USER = auto()
    BLOCK = auto()
    """Between a begin marker and its end marker, and the two themselves."""
    LEFTOVER = auto()
    """A marker without its other half, and the block's own lines next to it."""
    RESCUED = auto()
    """In a block, but not the block's."""


class _Line(NamedTuple):
    text: bytes
    owner: _Owner

    @property
    def rule(self) -> bytes | None:
        return _rule(self.text)

    @property
    def kept(self) -> bool:
        return self.owner in (_Owner.USER, _Owner.RESCUED)


def _stripped(line: bytes) -> bytes:
    # To git, blanks before a rule are part of it, those after it are not.
    return line.rstrip(b" \r\n") if line.strip() else b""


def _rule(line: bytes) -> bytes | None:
    """What a line says to git, None for a blank line or a comment (a marker is one)."""
    stripped = _stripped(line)
    return None if not stripped or stripped.startswith(b"#") else stripped


def _read(
    text: bytes, own: AbstractSet[bytes] = frozenset(), *, rescue: bool = False
) -> list[_Line]:
    # Not splitlines: to git a lone carriage return, or a form feed, ends no line.
    lines = text.split(b"\n")
    ended = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    owners = [_Owner.USER] * len(ended)
    begun: int | None = None
    for place, line in enumerate(ended):
        if line.strip() == BEGIN:
            if begun is not None:
                _leave_over(ended, owners, own, begun, +1)
            begun = place
        elif line.strip() == END and begun is not None:
            inside = ended[begun : place + 1]
            owners[begun : place + 1] = _inside(inside, own, rescue=rescue)
            begun = None
        elif line.strip() == END:
            _leave_over(ended, owners, own, place, -1)
    if begun is not None:
        _leave_over(ended, owners, own, begun, +1)
    return list(map(_Line, ended, owners))


def _leave_over(
    lines: Sequence[bytes], owners: list[_Owner], own: AbstractSet[bytes], marker: int, step: int
) -> None:
    owners[marker] = _Owner.LEFTOVER
    place = marker + step
    while 0 <= place < len(lines) and _stripped(lines[place]) in own:
        owners[place] = _Owner.LEFTOVER
        place += step


def _inside(lines: Sequence[bytes], own: AbstractSet[bytes], *, rescue: bool) -> list[_Owner]:
    owners = [
        _Owner.BLOCK if line.strip() in _MARKERS or _stripped(line) in own else _Owner.RESCUED
        for line in lines
    ]
    strange = [line for line, owner in zip(lines, owners, strict=True) if owner is _Owner.RESCUED]
    return owners if rescue and any(map(_rule, strange)) else [_Owner.BLOCK] * len(lines)


def _placed(lines: Sequence[_Line], block: list[bytes], newline: bytes) -> Iterator[bytes]:
    owners = [line.owner for line in lines]
    place = next((owners.index(o) for o in (_Owner.BLOCK, _Owner.LEFTOVER) if o in owners), None)
    for number, line in enumerate(lines):
        if number == place:
            yield from block
        if line.kept:
            yield line.text
    if place is None:
        yield from _gap(lines, newline)
        yield from block


def _gap(lines: Sequence[_Line], newline: bytes) -> Iterator[bytes]:
    if not lines:
        return
    if not lines[-1].text.endswith(b"\n"):
        yield newline
    if lines[-1].text.strip():
        yield newline


def _newline(lines: Sequence[_Line]) -> bytes:
    """The line end of most lines that are kept, else of most lines, else LF."""
    ended = [line for line in lines if line.text.endswith(b"\n")]
    ended = [line for line in ended if line.kept] or ended
    returns = sum(line.text.endswith(b"\r\n") for line in ended)
    return b"\r\n" if returns * 2 > len(ended) else b"\n"
