"""A run link names an experiment and, where there are any, hypotheses."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_aexp.work.runs.run_link import put_link, run_link


def test_a_link_of_an_experiment_alone_matches_its_usual_file() -> None:
    assert run_link("E005") == {
        "experiment_id": "E005",
        "experiment_path": "kb/research/experiments/E005-*.md",
        "hypothesis_id": None,
        "sub_hypothesis_id": None,
    }
    assert run_link("E005", "H001", "H0012", "elsewhere.md") == {
        "experiment_id": "E005",
        "experiment_path": "elsewhere.md",
        "hypothesis_id": "H001",
        "sub_hypothesis_id": "H0012",
    }


@pytest.mark.parametrize(
    "wrong", ["E1", "e001", "E001\n", "E001 ", "", "H001", 1, None, "E\u0660\u0660\u0661"]
)
def test_what_is_not_an_experiment_id_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="is not an experiment id: write E"):
        run_link(wrong)


@pytest.mark.parametrize("wrong", ["H1", "h001", "E001", "", 1])
@pytest.mark.parametrize("place", ["hypothesis_id", "sub_hypothesis_id"])
def test_what_is_not_a_hypothesis_id_is_refused(place: str, wrong: Any) -> None:
    with pytest.raises(ValueError, match="such as H001"):
        run_link("E001", **{place: wrong})


def test_a_new_link_takes_the_place_of_every_older_form() -> None:
    from pytest_aexp.model.runs.run_files import RUN_LINK_KEYS

    document: dict[str, Any] = {key: {"experiment_id": "E001"} for key in RUN_LINK_KEYS}
    document["status"] = "complete"
    put_link(document, run_link("E002"))
    links = [value for key, value in document.items() if key in RUN_LINK_KEYS]
    assert links == [run_link("E002")]
    assert document["status"] == "complete"
