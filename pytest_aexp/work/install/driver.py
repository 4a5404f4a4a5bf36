"""git's merge driver for ledger entries: what the clone's configuration says, and whether it works.

The configuration names this installation, for `aexp` may be on no PATH, or be another program.
Where nothing can merge, the file is left with both sides and conflict markers: a merge that seems
done with one side of it would be believed.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from shlex import quote, split

from pytest_aexp.ground.files import read_bounded
from pytest_aexp.ground.git.run import git_or_none
from pytest_aexp.ground.settings.configuration import CONFIG_LIMIT
from pytest_aexp.model.problems import MERGE_DRIVER, Fault
from pytest_aexp.work.install.control_files import DRIVER

DRIVER_KEY = f"merge.{DRIVER}.driver"
_VERB = "ledger merge-driver %O %A %B"
# What git itself leaves where it has no driver: both sides, which nobody takes for a merged entry.
_BOTH = (
    "{ { printf '<<<<<<< ours\\n'; cat %A; printf '\\n=======\\n'; cat %B; "
    "printf '\\n>>>>>>> theirs\\n'; } > %A.both; mv %A.both %A; exit 1; }"
)
_PROGRAM = re.compile(r"if test -x ('[^']*'|\S+);")


def driver_command(python: str) -> str:
    """What git runs in a shell: this Python, else ``aexp``, and else both sides with markers."""
    program = quote(python)
    # With -P Python does not take modules from the current folder, the repository that is merged.
    own = f"{program} -P -m pytest_aexp {_VERB}"
    # Another program of that name may do nothing and call it success.
    other = f"aexp --version | grep -q '^pytest-aexp ' && aexp {_VERB}"
    return f"if test -x {program}; then {own}; else {other}; fi || {_BOTH}"


def driver_fault(command: str) -> str | None:
    """Why a configured driver cannot work; None if it looks as if it could."""
    match = _PROGRAM.match(command)
    if match is not None:
        program = split(match[1])[0]
        # A virtual environment that was removed, or made anew for another Python.
        if not os.access(program, os.X_OK):
            return f"names {program}, which is not there"
        return f"names {program}, which has no pytest-aexp" if _lacks_it(Path(program)) else None
    if command == f"aexp {_VERB}":
        other = shutil.which("aexp")
        if other is None:
            return "calls `aexp`, which is not on PATH"
        return None if _is_ours(Path(other)) else f"calls {other}, which is another program"
    # Somebody may have another way to call it.
    return None if command.endswith(_VERB) else "is another program"


def _lacks_it(python: Path) -> bool:
    """Whether that Python is of a virtual environment whose folders have no pytest-aexp."""
    home = python.parent.parent
    settings = read_bounded(home / "pyvenv.cfg", CONFIG_LIMIT)
    if not isinstance(settings, bytes) or b"packages = true" in settings:
        return False
    folders = (home.glob(f"{lib}/site-packages/pytest_aexp*") for lib in ("lib*/python*", "Lib"))
    return not any(map(any, folders))


def _is_ours(program: Path) -> bool:
    try:
        with program.open("rb") as stream:
            return b"pytest_aexp" in stream.read(1 << 14)
    except OSError:
        return False


def driver_faults(root: Path) -> Iterator[Fault]:
    """One fault if this clone has a driver set that cannot work."""
    config = root / ".git" / "config"
    if config.is_file():
        # Without starting git, since most clones have none set.
        data = read_bounded(config, CONFIG_LIMIT)
        if isinstance(data, bytes) and DRIVER.encode() not in data:
            return
    elif not os.path.lexists(root / ".git"):
        return
    answer = git_or_none(["config", "--get", DRIVER_KEY], root)
    fault = driver_fault(os.fsdecode(answer).strip()) if answer else None
    if fault is not None:
        message = (
            f"the merge driver of this clone {fault}, so entries of one run that two machines "
            "promoted will not be merged"
        )
        yield Fault(MERGE_DRIVER, ".gitattributes", message, "run `aexp install`")
