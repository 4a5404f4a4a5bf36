"""The study that the verbs which look at evidence are asked about."""

from __future__ import annotations

import pytest
from study import Study, reviewed_study

from pytest_aexp.cli import main


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return reviewed_study(tmp_path_factory.mktemp("study"))


@pytest.fixture
def output_of(study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """What a command prints in the study, standard error last."""
    monkeypatch.chdir(study.root)

    def printed(*words: str, status: int = 0) -> str:
        assert main(words) == status
        captured = capsys.readouterr()
        return captured.out + captured.err

    return printed
