"""Move the entries of runs that no finding cites from files of their own into
segments of up to 4,096 lines, .aexp/ledger/packs/<machine>/*.jsonl, which never
change again. Every check reads them there. Entries with a fault stay as they
are, and are named.
"""

from __future__ import annotations

import argparse

from pytest_aexp.cli.output import print_next_commit, with_progress
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.stderr import notice
from pytest_aexp.ground.text import counted
from pytest_aexp.model.packs.segment import SEGMENT_LINES
from pytest_aexp.work.pack.pack import Plan, UnpackableEntry, pack, plan_pack

STATUSES = {
    0: "every run that no finding cites is packed",
    1: "at least one entry stays as it is, since something is wrong with it",
}
EXAMPLES = """\
aexp ledger pack --dry-run     what would be packed
aexp ledger pack               every run that no finding cites
"""
_MOST_NAMED = 20
"""There may be thousands, of which `aexp ledger check` shows the rest."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only show what would be done")


def run(arguments: argparse.Namespace) -> int:
    repository = Repository.open()
    plan = plan_pack(repository)
    # Rounded up: the last segment may have fewer lines.
    total = -(-len(plan.job_ids) // SEGMENT_LINES)
    packed = pack(repository, plan, dry_run=arguments.dry_run)
    segments = list(with_progress(packed, total, "segments"))
    would = "would be " if arguments.dry_run else ""
    for segment in segments:
        if segment.path is not None:
            print(f"{would}packed: {counted(segment.written, 'run')} into {segment.path}")
    again = sum(segment.removed - segment.written for segment in segments)
    if again > 0:
        print(f"{counted(again, 'file')} {would}removed: what they said is in an earlier segment")
    _print_cited(plan)
    if not any(segment.removed for segment in segments):
        print("nothing to pack")
    elif not arguments.dry_run:
        print_next_commit(repository.root)
    return _print_left([left for segment in segments for left in segment.left])


def _print_cited(plan: Plan) -> None:
    if plan.cited:
        stay = "stays" if plan.cited == 1 else "stay"
        print(f"{counted(plan.cited, 'run')} {stay} loose: findings cite them")
    if plan.cited_packed:
        number = len(plan.cited_packed)
        print(
            f"{counted(number, 'cited run')} {'is' if number == 1 else 'are'} packed, where older "
            f"readers do not look: `aexp ledger unpack {plan.cited_packed[0]}` brings one back"
        )


def _print_left(left: list[UnpackableEntry]) -> int:
    """Name what stays for a fault; the exit status."""
    for one in left[:_MOST_NAMED]:
        notice(f"{one.path} stays loose: {one.reason}")
    if len(left) > _MOST_NAMED:
        more = f"{len(left) - _MOST_NAMED:,} more"
        notice(f"… and {more}: see `aexp ledger check`")
    return 1 if left else 0
