"""The table of the verbs of ``aexp``.

To add a verb: a line in the table, and a module in the folder of its subject that has

- a docstring: what the verb does, in lines of at most 79 characters,
- ``STATUSES``: what each exit status means; 2 is described for every verb,
- ``EXAMPLES``: a line each, beginning with ``aexp``,
- ``add_arguments(parser)``, and ``run(arguments)``, which returns the exit status.

A module is imported when its verb is typed and not before, so it imports what it needs at its
top. Its test is ``tests/cli/<folder>/test_<module>.py``; its section is in ``docs/cli.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import NamedTuple


class Verb(NamedTuple):
    """A verb, the module below ``pytest_aexp.cli`` that does it, and its line in the help."""

    name: str
    module: str
    help: str

    def load(self) -> ModuleType:
        """The module, imported."""
        return import_module(f"pytest_aexp.cli.{self.module}")


GROUPS: Mapping[str, Sequence[Verb]] = {
    "write findings": (
        Verb("finding new", "findings.new", "begin a finding with the next free number"),
        Verb("cite", "findings.cite", "add citations to a finding"),
        Verb("fix", "findings.fix", "mend citations where only one thing can have been meant"),
    ),
    "look at evidence": (
        Verb("validate", "evidence.validate", "check every citation and every ledger entry"),
        Verb("numbers", "evidence.numbers", "show or correct numbers in the text of findings"),
        Verb("evidence", "evidence.evidence", "show every run behind a finding"),
        Verb("cited-by", "evidence.cited_by", "show which findings cite a run"),
        Verb("changes", "evidence.changes", "show what has changed in the runs behind a finding"),
        Verb("retract", "evidence.retract", "record that runs are no longer evidence, and why"),
        Verb("report", "evidence.report", "write findings, verdicts and runs as one HTML page"),
    ),
    "run": (
        Verb("new-run", "runs.new_run", "register a run of an experiment and print its job id"),
        Verb("run", "runs.run", "run a program and record how it ended"),
        Verb("status", "runs.status", "list the runs of this machine that have not finished"),
        Verb("mark", "runs.mark", "set the status of runs; those that have ended enter the ledger"),
        Verb("link", "runs.link", "say which experiment a run belongs to"),
    ),
    "keep the ledger": (
        Verb("ledger promote", "ledger.promote", "write the entries of finished runs"),
        Verb("ledger backfill", "ledger.backfill", "write the entry of every finished run"),
        Verb("ledger check", "ledger.check", "check schema, identity and leaks of entries"),
        Verb("ledger show", "ledger.show", "show one entry"),
        Verb("ledger list", "ledger.list", "list the runs that fit, with parameters and metrics"),
        Verb("ledger diff", "ledger.diff", "show what has changed in the ledger since a commit"),
        Verb("ledger resolve", "ledger.resolve", "resolve merge conflicts in ledger entries"),
        Verb(
            "ledger pack", "ledger.pack", "move runs that no finding cites into a few large files"
        ),
        Verb("ledger unpack", "ledger.unpack", "write packed entries as files of their own again"),
        Verb(
            "ledger merge-driver", "ledger.merge_driver", "merge two versions of an entry for git"
        ),
        Verb("import jsonl", "imports.jsonl_file", "import runs from a file of JSON lines"),
        Verb("import csv", "imports.csv_file", "import runs from a csv file"),
        Verb("import mlflow", "imports.mlflow_store", "import runs from an MLflow store"),
        Verb("import hydra", "imports.hydra_folder", "import runs from Hydra's folders"),
        Verb("runs-export-index", "runs.export_index", "deprecated: see `aexp ledger backfill`"),
    ),
    "set up": (
        Verb("install", "setup.install", "make a repository ready: .gitignore, ledger, run store"),
    ),
}
"""The verbs below the headings of the help."""

VERBS: Mapping[str, Verb] = {verb.name: verb for verbs in GROUPS.values() for verb in verbs}
"""Every verb by what is typed after ``aexp``."""


def find_verb(words: Sequence[str]) -> Verb | None:
    """The verb that a command line begins with."""
    return VERBS.get(" ".join(words[:2])) or VERBS.get(" ".join(words[:1]))


def verbs_below(first: str) -> list[Verb]:
    """The verbs of two words whose first is ``first``, such as those of ``ledger``."""
    return [verb for name, verb in VERBS.items() if name.startswith(f"{first} ")]
