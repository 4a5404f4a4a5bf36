"""Which findings a pytest run collects, outside ``testpaths`` and in skipped folders too."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

from pytest_aexp.ground.settings.globs import fits, fixed_part
from pytest_aexp.work.check.checker import Checker

_ENVIRONMENTS = ("pyvenv.cfg", "conda-meta", "bin/activate", "Scripts/activate")
"""By what one version of pytest or another knows a virtual environment."""


_FLAGS = re.compile("^-[hlqsvx]+(?=[a-z])")
"""Short options of pytest's without a value, before another one in the same word."""


class Discovery:
    """The findings of one repository as a pytest session sees them.

    pytest never enters some folders (``norecursedirs``, virtual environments) and passes over
    broken links and named pipes; with ``testpaths`` it enters no other folder at all.
    A finding there is a finding all the same.
    """

    def __init__(self, config: pytest.Config, checker: Checker) -> None:
        self._config = config
        self._checker = checker
        self._root = str(checker.repository.root)
        self._globs = checker.repository.configuration.findings

    def relative(self, path: Path) -> str | None:
        """``path`` as the repository's views name it; None outside of the repository."""
        return below(self._root, str(path))

    def is_finding(self, path: Path) -> bool:
        """Whether a file there is a finding, by its name."""
        relative = self.relative(path)
        return relative is not None and any(fits(relative, glob) for glob in self._globs)

    def leads_astray(self, path: Path) -> bool:
        """Whether it is a link among findings that is not followed: out of the repository, or back.

        Raises OSError if a folder may not be listed.
        """
        place = self.relative(path)
        if place is None or not (os.path.islink(path) and path.is_dir()):
            return False
        folders = [fixed_part(glob) for glob in self._globs]
        if not any(place.startswith(f"{folder}/") for folder in folders if folder):
            return False
        return not any(p.startswith(f"{place}/") for p in self._checker.finding_paths)

    def passed_over(self, session: pytest.Session, seen: AbstractSet[str]) -> Iterator[Path]:
        """The findings the run is about that are not ``seen``.

        What the user ignores stays ignored. Raises OSError if a folder may not be listed.
        """
        # Once for each folder, since each time every conftest and plugin is asked.
        ignored = cache(
            lambda folder: _ignores(session, folder) and not self._is_not_entered(folder)
        )
        unseen = [path for path in self._checker.finding_paths if path not in seen]
        for path in self._in_folders(self._collected_folders(), unseen):
            above = [folder for folder in path.parents if len(str(folder)) > len(self._root)]
            if not (_ignores(session, path) or any(map(ignored, above))):
                yield path

    def given(self) -> Iterator[str]:
        """The findings that pytest is given, or whose folder it is; raises OSError."""
        places = map(self._absolute, self._config.args)
        files = {self._within(place) for place in places if os.path.isfile(place)}
        every = self._checker.finding_paths
        inside = set(map(str, self._in_folders(self._collected_folders(), every)))
        for relative in every:
            path = os.path.join(self._root, relative)
            if path in inside or path in files:
                yield relative

    def _in_folders(self, folders: list[str], findings: Iterable[str]) -> Iterator[Path]:
        collected = tuple(f"{folder}{os.sep}" for folder in folders)
        # A finding behind a link lies in two folders.
        is_collected = cache(
            lambda folder: any(
                f"{place}{os.sep}".startswith(collected)
                for place in (folder, os.path.realpath(folder))
            )
        )
        paths = (Path(self._root, relative) for relative in findings)
        return (path for path in paths if is_collected(str(path.parent)))

    def _collected_folders(self) -> list[str]:
        if self._config.args_source is pytest.Config.ArgsSource.TESTPATHS:
            return [self._root]
        places = map(self._absolute, self._config.args)
        return [self._within(place) for place in places if os.path.isdir(place)]

    def _absolute(self, argument: str) -> str:
        return os.path.join(self._config.invocation_params.dir, argument)

    def _within(self, place: str) -> str:
        """``place`` as the repository's paths spell it, whatever links it was reached by."""
        root, real = os.path.realpath(self._root), os.path.realpath(place)
        if f"{root}{os.sep}".startswith(f"{real}{os.sep}".replace(os.sep * 2, os.sep)):
            return self._root
        inside = real.startswith(f"{root}{os.sep}")
        return self._root + real[len(root) :] if inside else os.path.normpath(place)

    def _is_not_entered(self, folder: Path) -> bool:
        """Whether pytest leaves the folder out unasked, when it looks for tests."""
        patterns = self._config.getini("norecursedirs")
        return (
            folder.name == "__pycache__"
            or any((folder / name).exists() for name in _ENVIRONMENTS)
            or any(
                fnmatch(str(folder), f"*{os.sep}{pattern}")
                if os.sep in pattern
                else fnmatch(folder.name, pattern)
                for pattern in patterns
            )
        )


def _ignores(session: pytest.Session, path: Path) -> bool:
    hooks = session.gethookproxy(path.parent)
    return bool(hooks.pytest_ignore_collect(collection_path=path, config=session.config))


def below(folder: str, path: str) -> str | None:
    """``path`` as seen from ``folder``, with slashes; None outside of it."""
    if not path.startswith(folder + os.sep):
        return None
    return path[len(folder) + 1 :].replace(os.sep, "/")


def was_typed(config: pytest.Config, *options: str) -> bool:
    """Whether an option that begins like one of these was typed: not read from a file.

    ``config.getoption`` cannot tell: pytest puts what ``addopts`` says before the arguments.
    """
    # pytest takes `-xk F001` for `-x -k F001`.
    words = (_FLAGS.sub("-", str(word)) for word in config.invocation_params.args)
    return any(word.startswith(options) for word in words)
