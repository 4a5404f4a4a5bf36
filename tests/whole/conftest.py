"""What several tests of the whole product start from."""

from __future__ import annotations

from pathlib import Path

import pytest
from advice.following import Case, copied, make_world
from repositories import GIT_ENVIRONMENT


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repositories that advice is followed in, made once."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in GIT_ENVIRONMENT.items():
            patch.setenv(name, value)
        place = tmp_path_factory.mktemp("world")
        make_world(place)
    return place


@pytest.fixture
def case(world: Path, tmp_path: Path) -> Case:
    """A copy of them, to be changed."""
    return copied(world, tmp_path / "world")
