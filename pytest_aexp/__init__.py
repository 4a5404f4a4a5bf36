"""Checks every run a research finding cites against a ledger kept in git."""

from __future__ import annotations

# What a type checker takes for typing.TYPE_CHECKING. To import typing takes longer than most
# commits leave the hooks to see that nothing concerns them.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytest_aexp.citation_warning import CitationWarning
    from pytest_aexp.ground.repository import read_machine_label

__all__ = ["CitationWarning", "read_machine_label"]


def __getattr__(name: str) -> object:
    # On demand: the command needs no pytest, and pytest alone needs nothing of the rules.
    if name == "CitationWarning":
        from pytest_aexp import citation_warning

        return citation_warning.CitationWarning
    if name == "read_machine_label":
        from pytest_aexp.ground import repository

        return repository.read_machine_label
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
