"""What is read stays in the repository, and nothing is written through a link that it holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pytest_aexp.ground.errors import UsageError


def link_on_the_way(root: str | Path, path: str | Path) -> str | None:
    """The first link from ``root`` down to ``path``, itself included, relative to ``root``."""
    relative = os.path.relpath(path, root)
    if relative.split(os.sep)[0] == os.pardir or os.path.isabs(relative):
        # By another name of the same folder, perhaps.
        folder, name = os.path.split(os.path.abspath(path))
        real = os.path.join(os.path.realpath(folder), name)
        relative = os.path.relpath(real, os.path.realpath(root))
        if relative.split(os.sep)[0] == os.pardir:
            return None
    here = os.fspath(root)
    for part in relative.split(os.sep):
        here = os.path.join(here, part)
        if os.path.islink(here):
            return os.path.relpath(here, root)
    return None


def require_no_link(root: str | Path, path: str | Path) -> None:
    """Raise UsageError if ``path`` below ``root`` is a link or lies behind one."""
    link = link_on_the_way(root, path)
    if link is not None:
        raise UsageError(
            f"{link} is a link, and nothing is written through a link of the repository: name "
            "another file, or remove the link"
        )


@contextmanager
def opened_folder(path: str, inside: str) -> Iterator[int | None]:
    """A descriptor of a folder that lies in the real folder ``inside`` or is it.

    None where there is no such folder, or where the system opens no files by it.
    """
    descriptor = None
    with suppress(OSError):
        if os.open in os.supports_dir_fd:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor if descriptor is not None and lies_in(descriptor, inside) else None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def lies_in(descriptor: int, folder: str) -> bool:
    """Whether what was opened lies in a real folder or is it; True where no system shows it."""
    try:
        path = os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return True
    return f"{path}/".startswith(folder.rstrip(os.sep) + os.sep)
