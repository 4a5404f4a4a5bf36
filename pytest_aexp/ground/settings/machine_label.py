"""Machine labels: what a file may be called on every system."""

from __future__ import annotations

import re
import unicodedata

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.text import quoted

LABEL_LIMIT = 64  # as long as Linux lets a host name be
FALLBACK = "unknown"

_SAFE = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
# What clouds and containers call themselves anew at each start: `ip-10-0-0-7`, `f3a9c1d2e4b5`.
_PASSING = re.compile(r"localhost|ip-[\d-]+|[\d.-]+|(?=.*\d)[0-9a-f]{12,64}", re.IGNORECASE)
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices, whatever follows their first dot."""


def is_safe_label(label: str) -> bool:
    """Whether ``label`` can name a file everywhere: ASCII letters, digits, ``.``, ``_``, ``-``."""
    return (
        len(label) <= LABEL_LIMIT
        and _SAFE.fullmatch(label) is not None
        and _DEVICE.fullmatch(label) is None
    )


def distinguishes_machines(label: str) -> bool:
    """Whether a name distinguishes machines: not a container's hash, a number, or localhost."""
    return _PASSING.fullmatch(label) is None


def checked_label(label: str) -> str:
    """``label`` itself; raises UsageError if it cannot name a file everywhere."""
    if not is_safe_label(label):
        raise UsageError(
            f"{quoted(label)} cannot be a machine label, which also names files: use ASCII "
            f"letters, digits, . _ and -, at most {LABEL_LIMIT}, such as {safe_label(label)}"
        )
    return label


def safe_label(text: str) -> str:
    """The safe label most like ``text``: ``text`` itself if it is safe."""
    if is_safe_label(text):
        return text
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    joined = _UNSAFE.sub("-", plain).strip("-.")[:LABEL_LIMIT].rstrip("-.")
    if _DEVICE.fullmatch(joined):
        joined = f"machine-{joined}"[:LABEL_LIMIT]
    return joined if is_safe_label(joined) else FALLBACK
