"""The chart of runs over time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.report import chart

AT = datetime(2026, 3, 2, 8, tzinfo=UTC).timestamp()


def test_without_a_dated_run_there_is_no_chart() -> None:
    assert chart.chart_of([(None, "a", True), (-5.0, "a", True)]) is None


def test_one_run_is_one_bar_in_one_lane() -> None:
    drawn = chart.chart_of([(AT, "laptop", True)])
    assert drawn is not None
    [lane] = drawn.lanes
    [bar] = lane.bars
    assert (bar.tooltip, drawn.stretch) == ("laptop, 2026-03-02 08:00: 1 complete", "10 minutes")


def test_runs_that_are_not_complete_are_stacked_on_those_that_are() -> None:
    points = [(AT + n, "a", n > 1) for n in range(6)]
    drawn = chart.chart_of(points)
    assert drawn is not None
    [bar] = drawn.lanes[0].bars
    assert bar.tooltip.endswith(": 4 complete, 2 not")
    assert bar.other[0] + bar.other[1] == pytest.approx(bar.complete[0])


def test_weeks_begin_on_a_monday() -> None:
    drawn = chart.chart_of([(AT, "a", True), (AT + 400 * 86400, "a", True)])
    assert drawn is not None
    assert drawn.stretch == "7 days"
    assert {datetime.fromisoformat(text).weekday() for _, text in drawn.ticks} == {0}


def test_the_least_busy_machines_share_a_lane() -> None:
    points = [(AT, f"m{n:02}", True) for n in range(30) for _ in range(n + 1)]
    drawn = chart.chart_of(points)
    assert drawn is not None
    assert len(drawn.lanes) == chart.MOST_LANES
    assert (drawn.lanes[-1].machine, drawn.lanes[-1].runs) == ("19 others", 190)


@given(
    st.lists(
        st.tuples(
            st.none() | st.floats(-1e12, 1e12),
            st.sampled_from("abcdefghijklmno"),
            st.booleans(),
        ),
        max_size=60,
    )
)
def test_every_run_is_drawn_once_or_counted_and_none_outside(points: list[chart.Point]) -> None:
    drawn = chart.chart_of(points)
    dated = sum(at is not None and 0 < at < 7_258_118_400 for at, _, _ in points)
    assert (drawn is None) == (dated == 0)
    if drawn is not None:
        assert sum(lane.runs for lane in drawn.lanes) == dated == len(points) - drawn.undrawn
        for lane in drawn.lanes:
            assert len(lane.bars) <= chart.MOST_BINS
            for bar in lane.bars:
                assert chart.LEFT <= bar.x <= chart.LEFT + chart.WIDTH - bar.width + 0.2
                assert lane.base - chart.LANE < bar.other[0] <= lane.base
