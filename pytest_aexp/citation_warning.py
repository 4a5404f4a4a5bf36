"""The warning that a citation holds only in part."""

from __future__ import annotations

import pytest


class CitationWarning(pytest.PytestWarning):
    """A citation, or something a citation rests on, that holds only in part."""

    # The name to select it by: pytest -W error::pytest_aexp.CitationWarning
    __module__ = "pytest_aexp"
