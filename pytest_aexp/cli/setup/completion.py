"""``aexp --print-completion``: scripts that complete ``aexp`` in a shell."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from pytest_aexp.cli.parsers import whole_parser
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.model.runs.run_attempt import STATUSES

MISSING_SHTAB = "completion needs shtab: run `pip install 'pytest-aexp[completion]'`"
_COMMON = rf"""
_aexp_statuses="{" ".join(STATUSES)}"
"""
_COMMON += r"""
_aexp_root() { git rev-parse --show-toplevel 2>/dev/null || pwd; }
_aexp_finding_ids() {
  find "$(_aexp_root)/kb/research/findings" -name '[Ff][0-9]*' 2>/dev/null |
    sed -n 's|.*/\([Ff][0-9]*\)[^/]*|\1|p' | sort -u
}
_aexp_job_ids() {
  (cd "$(_aexp_root)" && ls .aexp/ledger .runs/workspace 2>/dev/null) |
    sed -n 's/^\([0-9a-f]\{32\}\).*/\1/p' | sort -u
}
"""
_IN_FISH = _COMMON.replace("\\", "\\\\").replace("'", "\\'")
_PREAMBLE = {
    "bash": _COMMON
    + r"""
_aexp_findings() { compgen -W "$(_aexp_finding_ids)" -- "$1"; _shtab_compgen_files "$1"; }
_aexp_runs() { compgen -W "$(_aexp_job_ids)" -- "$1"; }
_aexp_mark() { compgen -W "$(_aexp_job_ids) $_aexp_statuses" -- "$1"; }
""",
    "zsh": _COMMON
    + r"""
_aexp_findings() { compadd -- $(_aexp_finding_ids); _files; }
_aexp_runs() { compadd -- $(_aexp_job_ids); }
_aexp_mark() { compadd -- $(_aexp_job_ids) ${=_aexp_statuses}; }
""",
    "fish": f"""
function _aexp_finding_ids; sh -c '{_IN_FISH}_aexp_finding_ids'; end
function _aexp_job_ids; sh -c '{_IN_FISH}_aexp_job_ids'; end
""",
}
_FINDINGS = {
    "bash": "_aexp_findings",
    "zsh": "_aexp_findings",
    "fish": "(_aexp_finding_ids; __fish_complete_path (commandline -ct))",
}
_MARK = {
    "bash": "_aexp_mark",
    "zsh": "_aexp_mark",
    "fish": f"(_aexp_job_ids) {' '.join(STATUSES)}",
}
_RUNS = {"bash": "_aexp_runs", "zsh": "_aexp_runs", "fish": "(_aexp_job_ids)"}


def print_completion(shell: str) -> None:
    """Print the script for one of ``SHELLS``."""
    try:
        # Here, since it is an extra.
        import shtab
    except ImportError as error:
        raise UsageError(MISSING_SHTAB) from error
    parser = whole_parser()
    offers = {
        "FINDING": _FINDINGS,
        "ID": _RUNS,
        "RUN": _RUNS,
        "FILE": shtab.FILE,
        "P": shtab.FILE,
        "FOLDER": shtab.DIRECTORY,
    }
    for below, action in list(_actions(parser)):
        if isinstance(action.metavar, str) and action.metavar in offers:
            of_mark = below.prog.endswith(" mark")  # several ids, then a status
            action.complete = _MARK if of_mark else offers[action.metavar]  # type: ignore[attr-defined]
        elif action.dest == "status" and not action.option_strings:
            below._actions.remove(action)  # noqa: SLF001 - it is offered with the ids before it
    # The type that shtab gives its parameter is that of one shell alone.
    script = shtab.complete(parser, shell=shell, preamble=_PREAMBLE)  # type: ignore[arg-type]
    # In zsh, shtab has what may be given several times stand once.
    sys.stdout.write(f"{script}\n".replace('"(*):', '"*:') if shell == "zsh" else f"{script}\n")


def _actions(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[argparse.ArgumentParser, argparse.Action]]:
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way
        yield parser, action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for inner in action.choices.values():
                yield from _actions(inner)
