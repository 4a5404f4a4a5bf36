"""The warning can be selected by the name that the documents give."""

from __future__ import annotations

import warnings

import pytest

import pytest_aexp


def test_the_warning_is_selected_by_its_public_name() -> None:
    assert issubclass(pytest_aexp.CitationWarning, pytest.PytestWarning)
    name = f"{pytest_aexp.CitationWarning.__module__}.{pytest_aexp.CitationWarning.__qualname__}"
    assert name == "pytest_aexp.CitationWarning"
    with warnings.catch_warnings():
        warnings.simplefilter("error", pytest_aexp.CitationWarning)
        with pytest.raises(pytest_aexp.CitationWarning, match="in part"):
            warnings.warn(pytest_aexp.CitationWarning("holds in part"), stacklevel=1)
