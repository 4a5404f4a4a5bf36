"""What must not enter a committed file: paths and credentials."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    # `leaks` on first use: entries that cannot leak, nearly all, import the prefilter alone.
    if name == "leaks":
        from pytest_aexp.model.redaction.redact import leaks

        return leaks
    raise AttributeError(name)
