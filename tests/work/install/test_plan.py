"""The steps of an install are carried out in order, and a refusal says what to do."""

from __future__ import annotations

import pytest

from pytest_aexp.work.install.plan import InstallAction, InstallRefused, Step, carry_out


def test_steps_are_carried_out_in_order_and_those_without_work_are_passed_over() -> None:
    done: list[str] = []
    carry_out(
        [
            Step(InstallAction("wrote_marker", "a"), lambda: done.append("a")),
            Step(InstallAction("skipped_identical", "b")),
            Step(InstallAction("merged_gitignore", "c"), lambda: done.append("c")),
        ]
    )
    assert done == ["a", "c"]


def test_the_first_step_that_fails_ends_the_install_and_names_its_file() -> None:
    done: list[str] = []

    def fail() -> None:
        raise PermissionError(13, "Permission denied")

    steps = [
        Step(InstallAction("wrote_marker", ".aexp/installed.json"), fail),
        Step(InstallAction("merged_gitignore", ".gitignore"), lambda: done.append("no")),
    ]
    with pytest.raises(InstallRefused, match=r"^\.aexp/installed\.json .*Permission denied.*again"):
        carry_out(steps)
    assert done == []


def test_an_action_is_a_warning_if_somebody_has_to_look_at_it() -> None:
    assert InstallAction("ignored_ledger_warning", ".gitignore").is_warning
    assert not InstallAction("wrote_marker", ".aexp/installed.json").is_warning
