"""Checks every run a research finding cites against a ledger kept in git."""

from __future__ import annotations

# What a type checker takes for typing.TYPE_CHECKING. To import typing takes longer than most
# commits leave the hooks to see that nothing concerns them.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pytest_aexp.citation_warning import CitationWarning
    from pytest_aexp.ground.repository import read_machine_label
    from pytest_aexp.install import InstallAction, InstallRefused, install_scaffold
    from pytest_aexp.ledger_mapping import Ledger
    from pytest_aexp.linking import (
        BatchSummary,
        RunSummary,
        link_to_experiment,
        list_batches,
        runs_for_experiment,
        show_batch,
        summarize_run,
    )
    from pytest_aexp.runs import (
        RunNotFound,
        RunStoreNotInitialized,
        create_run,
        find_runs,
        get_run_store,
        init_run_store,
        mark_status,
        open_run,
        run_lifecycle,
    )
    from pytest_aexp.validate import Issue, ValidateResult, validate_repo

__all__ = [
    "BatchSummary",
    "CitationWarning",
    "InstallAction",
    "InstallRefused",
    "Issue",
    "Ledger",
    "RunNotFound",
    "RunStoreNotInitialized",
    "RunSummary",
    "ValidateResult",
    "create_run",
    "find_runs",
    "get_run_store",
    "init_run_store",
    "install_scaffold",
    "link_to_experiment",
    "list_batches",
    "mark_status",
    "open_run",
    "read_machine_label",
    "run_lifecycle",
    "runs_for_experiment",
    "show_batch",
    "summarize_run",
    "validate_repo",
]

_MODULES = {
    "citation_warning": "CitationWarning",
    "ground.repository": "read_machine_label",
    "install": "InstallAction InstallRefused install_scaffold",
    "ledger_mapping": "Ledger",
    "linking": "BatchSummary RunSummary link_to_experiment list_batches runs_for_experiment "
    "show_batch summarize_run",
    "runs": "RunNotFound RunStoreNotInitialized create_run find_runs get_run_store init_run_store "
    "mark_status open_run run_lifecycle",
    "validate": "Issue ValidateResult validate_repo",
}


def __getattr__(name: str) -> object:
    # On demand: the command needs no pytest, and pytest alone needs nothing of the rules.
    for module, names in _MODULES.items():
        if name in names.split():
            # Here, and the module with it, so that who needs one name loads one module.
            from importlib import import_module

            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]


def pytest_addhooks(pluginmanager: Any) -> None:
    """Let ``pytest -p pytest_aexp`` be ``pytest -p aexp``."""
    if not pluginmanager.has_plugin("aexp"):
        # Here, since pytest asks for it, and scripts need no pytest.
        from pytest_aexp import plugin

        pluginmanager.register(plugin, "aexp")
