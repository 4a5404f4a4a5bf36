"""``aexp ledger pack`` and ``aexp ledger unpack``: many runs in few files, and back."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_aexp.cli.output import at_root
from pytest_aexp.cli.progress import with_progress
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import clean, counted

if TYPE_CHECKING:
    from pytest_aexp.work.pack.pack import Left, Plan

_EXAMPLES = """\
examples:
  aexp ledger pack --dry-run     what would be packed
  aexp ledger pack               every run that no finding cites
  aexp ledger unpack 50b180b9    one run back into a file of its own
"""
_ABOUT_PACK = """\
Move the entries of runs that no finding cites from files of their own into segments of up to
4,096 lines, .aexp/ledger/packs/<machine>/<YYYY-MM>-<nnn>-<digest>.jsonl, which never change again.
Every check finds them there. Entries with any fault stay as they are, and are named.
"""
_ABOUT_UNPACK = """\
Write packed entries as files of their own again, where agentic-experiments finds them, too. Their
segments stay as they are.
"""
_MOST_NAMED = 20


def add_to(ledger_verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both to the verbs of ``aexp ledger``."""
    packing = ledger_verbs.add_parser(
        "pack",
        help="move runs that no finding cites into a few large files",
        description=_ABOUT_PACK,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    packing.add_argument("--dry-run", action="store_true", help="only tell what would be done")
    packing.set_defaults(run=run_pack)
    unpacking = ledger_verbs.add_parser(
        "unpack",
        help="write packed entries as files of their own again",
        description=_ABOUT_UNPACK,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    unpacking.add_argument(
        "ids", nargs="+", metavar="ID", help="a job id, or how a single one begins"
    )
    unpacking.set_defaults(run=run_unpack)


def run_pack(arguments: argparse.Namespace) -> int:
    """Pack and tell; 1 if an entry had to stay loose for a fault."""
    # Here, and below, so that the other verbs start without the rules.
    from pytest_aexp.model.packs.segment import SEGMENT_LINES
    from pytest_aexp.work.pack.pack import pack, plan_pack

    repository = Repository.open()
    plan = plan_pack(repository)
    total = -(-len(plan.job_ids) // SEGMENT_LINES)
    packed = pack(repository, plan, dry_run=arguments.dry_run)
    every = list(with_progress(packed, total, "segments"))
    would = "would be " if arguments.dry_run else ""
    for each in every:
        if each.path is not None:
            print(f"{would}packed: {counted(each.written, 'run')} into {each.path}")
    again = sum(each.removed - each.written for each in every)
    if again > 0:
        print(f"{counted(again, 'file')} {would}removed: what they said is in an earlier segment")
    _tell_of_cited(plan)
    if not any(each.removed for each in every):
        print("nothing to pack")
    elif not arguments.dry_run:
        _say_next(repository.root)
    return _tell_of_left([left for each in every for left in each.left])


def _tell_of_cited(plan: Plan) -> None:
    if plan.cited:
        print(f"{counted(plan.cited, 'run')} {_stay(plan.cited)} loose: findings cite them")
    if plan.cited_packed:
        number = len(plan.cited_packed)
        print(
            f"{counted(number, 'cited run')} {'is' if number == 1 else 'are'} packed, where older "
            f"readers do not look: `aexp ledger unpack {plan.cited_packed[0]}` brings one back"
        )


def _tell_of_left(left: list[Left]) -> int:
    """Name what stays for a fault; the exit status."""
    for one in left[:_MOST_NAMED]:
        print(f"aexp: {one.path} stays loose: {one.reason}", file=sys.stderr)
    if len(left) > _MOST_NAMED:
        more = f"{len(left) - _MOST_NAMED:,} more"
        print(f"aexp: … and {more}: see `aexp ledger check`", file=sys.stderr)
    return 1 if left else 0


def _say_next(root: Path) -> None:
    print(f"next: {at_root(root, 'git add .aexp/ledger')}, then commit and push")


def _stay(number: int) -> str:
    return "stays" if number == 1 else "stay"


def run_unpack(arguments: argparse.Namespace) -> int:
    """Unpack and tell; 1 if an entry could not be written."""
    from pytest_aexp.ground.views import WorkTree
    from pytest_aexp.model.entry import entry_path
    from pytest_aexp.model.ledger import Ledger
    from pytest_aexp.model.packs.packs import Packs
    from pytest_aexp.model.short_id import full_job_id
    from pytest_aexp.work.pack.pack import unpack

    root = Repository.open().root
    packs, known = Packs(WorkTree(root)), Ledger(WorkTree(root)).job_ids
    every = [full_job_id(written, known) for written in arguments.ids]
    results = [unpack(root, packs, job_id) for job_id in every]
    for result in results:
        if result.refused is not None:
            said = clean(result.refused)
            print(f"aexp: run {result.job_id} is not unpacked: {said}", file=sys.stderr)
        else:
            done = "unpacked" if result.written else "already loose"
            print(f"{done}: {entry_path(result.job_id)}")
    if any(result.written for result in results):
        _say_next(root)
    return 1 if any(result.refused for result in results) else 0
