"""The pytest plugin's entry point: options, whether to be active, what is collected.

Every pytest run imports this module, in repositories that have no finding too, so it imports
nothing but pytest and what needs no reading; ``plugin.items`` brings the rest when needed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_aexp.ground.find_root import may_hold_nested_roots, nearest_root

if TYPE_CHECKING:
    from pytest_aexp.ledger_mapping import Ledger

STRICTNESS = ("error", "warn", "off")
_LISTS = {
    "help": {"-h", "--help"},
    "version": {"-V", "-VV", "--version"},
    "markers": {"--markers"},
    "showfixtures": {"--fixtures", "--funcargs"},
    "show_fixtures_per_test": {"--fixtures-per-test"},
}
"""The options that run no test, as pytest calls them, and as they are typed."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the group ``aexp`` and its ini twins."""
    group = parser.getgroup("aexp", "citations of runs in findings")
    group.addoption(
        "--aexp",
        action="store_true",
        default=None,
        help="check the findings' citations, as strictly as the repository is configured",
    )
    group.addoption(
        "--aexp-strict-runs",
        type=_strictness_word,
        choices=STRICTNESS,
        default=None,
        help="check the findings' citations, and report a missing run as an error, as a warning, "
        "or not at all",
    )
    group.addoption(
        "--aexp-report",
        default=None,
        metavar="FILE",
        help="check the findings' citations, and write all verdicts and runs as a page of HTML",
    )
    group.addoption(
        "--aexp-policy-from",
        default=None,
        metavar="REV",
        help="take [tool.aexp] from that commit, which the change does not control",
    )
    parser.addini("aexp", "check the findings' citations", type="bool", default=False)
    parser.addini(
        "aexp_strict_runs",
        "report a missing run as error, warn or off; asks for the check, too",
        type="string",
        default="",
    )
    parser.addini(
        "aexp_report",
        "write all verdicts and runs to this file, below the rootdir; asks for the check, too",
        type="string",
        default="",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Raise pytest.UsageError where ``addopts`` says that what was typed is not to be done."""
    typed = [str(word) for word in config.invocation_params.args]
    # Not by their values: `--help` in `addopts` ends the reading before what was typed.
    if not any(word.startswith("--aexp") for word in typed):
        return
    lists = [words for name, words in _LISTS.items() if config.getoption(name, None)]
    if any(words.isdisjoint(typed) for words in lists):
        raise pytest.UsageError(
            "aexp: `addopts` asks for a list, and nothing would be checked: add `-o addopts=`"
        )
    filters = config.getoption("pythonwarnings", None) or ()
    if config.pluginmanager.is_blocked("warnings") and any("error" in each for each in filters):
        raise pytest.UsageError(
            "aexp: `-p no:warnings` switches off `-W`: leave it out, or add `-o addopts=`"
        )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker and, where the check is wanted, all that does it."""
    config.addinivalue_line("markers", "aexp: a finding's front matter or one of its citations")
    strictness = _strictness(config)
    report = config.getoption("aexp_report") or config.getini("aexp_report")
    wanted = strictness or report or config.getoption("aexp") or config.getini("aexp")
    wanted = wanted or config.getoption("aexp_policy_from")
    roots = _roots(config)
    if not (wanted or any(map(_uses_ledger, roots))):
        return
    # Here, so that a run without findings never loads the rules.
    from pytest_aexp.plugin import collector, summary

    policy_from = config.getoption("aexp_policy_from")
    places = roots or [config.rootpath]
    collectors = collector.Collector.all_of(config, places, strictness or None, policy_from)
    if not roots and collectors[0].finds_nothing():
        raise pytest.UsageError(
            f"aexp: no repository at {config.rootpath}, which holds neither .git nor "
            ".aexp/installed.json, and no finding below it: give pytest the repository's folder"
        )
    for one in collectors:
        _register(config, one, f"aexp-collector-{one.checker.repository.root}")
    asked_for = ("aexp", "aexp_strict_runs", "aexp_policy_from")
    required = any(config.getoption(name) for name in asked_for)
    _register(config, summary.Summary(config, collectors, required=required), "aexp-summary")
    if report:
        # Here, since few sessions write a report.
        from pytest_aexp.plugin.report import ReportWriter

        writer = ReportWriter.of(config, collectors[0].checker)
        if writer is not None:
            _register(config, writer, "aexp-report")


def _register(config: pytest.Config, plugin: object, name: str) -> None:
    # None: `addopts`, which a change controls, may say `-p no:NAME`.
    if config.pluginmanager.register(plugin, name) is None:
        raise pytest.UsageError(
            f"aexp: `-p no:{name}` switches off a part of the check: use `-p no:aexp` for the whole"
        )


def _roots(config: pytest.Config) -> list[Path]:
    """The repositories of the rootdir, and of all that pytest is given.

    Which folder the rootdir is, a file that is added to one may decide.
    """
    given = {os.path.join(config.invocation_params.dir, a.partition("::")[0]) for a in config.args}
    paths = [str(config.rootpath), *sorted(filter(os.path.lexists, given))]
    folders = dict.fromkeys(
        path if os.path.isdir(path) else os.path.dirname(path) for path in paths
    )
    # A link is a way into the repository that it lies in, and into that which it leads to.
    places = dict.fromkeys(p for f in folders for p in (os.path.abspath(f), os.path.realpath(f)))
    return list(dict.fromkeys(filter(None, (nearest_root(Path(place)) for place in places))))


def _uses_ledger(root: Path) -> bool:
    """Whether the repository, or a folder of it, uses the ledger."""
    if (root / ".aexp").is_dir():
        return True
    if not may_hold_nested_roots(root):
        return False
    # Here, since few repositories come this far.
    from pytest_aexp.ground.git.listing import uses_ledger_below

    return uses_ledger_below(root)


def _strictness_word(strictness: str) -> str:
    # As `strictness_word`, which cannot be imported here: see above.
    return "warn" if strictness == "warning" else strictness


def _strictness(config: pytest.Config) -> str:
    given = config.getoption("aexp_strict_runs") or _strictness_word(
        config.getini("aexp_strict_runs")
    )
    if given and given not in STRICTNESS:
        names = ", ".join(STRICTNESS)
        raise pytest.UsageError(f"aexp_strict_runs = {given!r}: choose one of {names}")
    typed = any(str(w).startswith("--aexp-strict-runs") for w in config.invocation_params.args)
    # What addopts or an ini file say is part of the change that must not weaken its own gate.
    return "" if config.getoption("aexp_policy_from") and not typed else given or ""


@pytest.fixture(scope="session")
def aexp_ledger(pytestconfig: pytest.Config) -> Ledger:
    """The repository's ledger: a read-only mapping of job id to entry.

    ``aexp_ledger.batch("E001", seed=1)`` is the list of the entries of a batch, and
    ``aexp_ledger.where("E001 seed!=1")`` the part of the ledger that fits.
    """
    # Here for the same reason.
    from pytest_aexp.ledger_mapping import Ledger

    return Ledger.of(next(iter(_roots(pytestconfig)), pytestconfig.rootpath))
