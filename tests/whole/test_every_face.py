"""What must not pass unseen is refused by every face, before the commit and after it."""

from __future__ import annotations

from pathlib import Path

import pytest
from attacks import ATTACKS, GOOD, POINT, Attack
from faces import Faces
from hooking import commit
from lanes import a_few
from repositories import add_entry, add_finding, job


@pytest.fixture
def faces(
    repo: Path,
    capsys: pytest.CaptureFixture[str],
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
) -> Faces:
    add_entry(repo, POINT)
    add_finding(repo, "F001-x", job(GOOD))
    commit(repo)
    return Faces(repo, capsys, pytester, monkeypatch)


def test_what_is_sound_passes_everywhere(faces: Faces) -> None:
    every = [faces.staged(), *faces.committed(), faces.door()]
    assert {judged.verdict for judged in every} == {"passed"}


@pytest.mark.parametrize("attack", a_few(ATTACKS, 12), ids=lambda attack: attack.name)
def test_every_face_refuses_it(faces: Faces, attack: Attack) -> None:
    attack.change(faces.repo)
    every = [faces.staged(), *faces.committed()]
    reported = {judged.face: (judged.verdict, sorted(judged.codes)) for judged in every}
    assert {verdict for verdict, _ in reported.values()} == {"refused"}, reported
    # A face that could not judge says why, without a code.
    coded = [codes for _, codes in reported.values() if codes]
    assert all(attack.code in codes for codes in coded if attack.code), reported
