"""The chart of runs over time, a row of bars for each machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LEFT, WIDTH, LANE, TOP = 132.0, 760.0, 46.0, 8.0
"""Where the bars begin, how wide all of them are, how high a machine's lane is, and the top."""
MOST_LANES = 12
MOST_BINS = 96
_BAR_LIMIT = 14.0
_BAR_ROOM = LANE - 12
_DAY = 86400
_STEPS = (600, 3600, 6 * 3600, _DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 28 * _DAY, 91 * _DAY)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = 4 * _DAY
_END = 7_258_118_400
"""The year 2200: what is said to have happened later, or before 1970, is not drawn."""

Point = tuple[float | None, str, bool]
"""When a run started in seconds since 1970, on which machine, and whether it is complete."""


@dataclass(frozen=True, slots=True)
class Bar:
    """The runs of one machine in one stretch of time; the part that is not complete lies on top."""

    x: float
    width: float
    complete: tuple[float, float]
    """Top and height of the lower part."""
    other: tuple[float, float]
    tooltip: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One machine's bars, standing on the line at ``base``."""

    machine: str
    base: float
    runs: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """The picture; ``undrawn`` counts the runs that do not say when they were."""

    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, str], ...]
    """Dates on the axis, and where."""
    first: str
    last: str
    stretch: str
    highest: int
    undrawn: int

    @property
    def height(self) -> float:
        """The height of the lanes together."""
        return TOP + LANE * len(self.lanes)


def chart_of(points: Sequence[Point]) -> Chart | None:
    """The chart of these runs; None if none says when it was."""
    dated = [(at, machine, done) for at, machine, done in points if at and 0 < at < _END]
    if not dated:
        return None
    first, last = min(at for at, _, _ in dated), max(at for at, _, _ in dated)
    axis = _Axis.over(first, last)
    names = _lane_names(Counter(machine for _, machine, _ in dated))
    counts = Counter((names[machine], axis.bin(at), done) for at, machine, done in dated)
    highest = max(Counter((names[machine], axis.bin(at)) for at, machine, _ in dated).values())
    lanes = tuple(
        _lane(name, TOP + LANE * (row + 1), axis, counts, highest)
        for row, name in enumerate(dict.fromkeys(names.values()))
    )
    undrawn = len(points) - len(dated)
    ends = (_date(first), _date(last))
    return Chart(lanes, axis.ticks(), *ends, axis.stretch, highest, undrawn)


def _lane_names(runs: Counter[str]) -> dict[str, str]:
    """The lane of each machine: the busiest have their own, in the order of their names."""
    busiest = sorted(runs, key=lambda machine: (-runs[machine], machine))
    own = busiest if len(busiest) <= MOST_LANES else busiest[: MOST_LANES - 1]
    names = {machine: machine for machine in sorted(own)}
    rest = busiest[len(own) :]
    return names | dict.fromkeys(rest, f"{len(rest):,} others")


@dataclass(frozen=True, slots=True)
class _Axis:
    start: int
    step: int
    bins: int

    @classmethod
    def over(cls, first: float, last: float) -> _Axis:
        # One bin less, since the first may begin before the first run.
        step = next((s for s in _STEPS if (last - first) / s < MOST_BINS - 1), _STEPS[-1])
        while (last - first) / step >= MOST_BINS - 1:
            step *= 2
        # Weeks begin on a Monday; the day that time is counted from was a Thursday.
        start = int((first - _MONDAY) // step) * step + _MONDAY
        return cls(start, step, int((last - start) // step) + 1)

    def bin(self, at: float) -> int:
        return int((at - self.start) // self.step)

    @property
    def stretch(self) -> str:
        if self.step < _DAY:
            return {600: "10 minutes", 3600: "an hour"}.get(self.step, f"{self.step // 3600} hours")
        days = self.step // _DAY
        return "a day" if days == 1 else f"{days:,} days"

    def name(self, number: int) -> str:
        written = "%Y-%m-%d" if self.step >= _DAY else "%Y-%m-%d %H:%M"
        return (_EPOCH + timedelta(seconds=self.start + number * self.step)).strftime(written)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        step = -(-self.bins // 6)
        return tuple(
            (round(LEFT + WIDTH * number / self.bins, 1), self.name(number))
            for number in range(0, self.bins, step)
            if number + step / 2 < self.bins or number == 0
        )


def _lane(
    name: str, base: float, axis: _Axis, counts: Counter[tuple[str, int, bool]], highest: int
) -> Lane:
    room = WIDTH / axis.bins
    width = min(room * 0.84, _BAR_LIMIT)
    bars, runs = [], 0
    for number in range(axis.bins):
        complete, other = counts[name, number, True], counts[name, number, False]
        if complete or other:
            runs += complete + other
            low, high = (_height(count, highest) for count in (complete, other))
            x = LEFT + room * number + (room - width) / 2
            parts = (
                f"{complete:,} complete" if complete else "",
                f"{other:,} not" if other else "",
            )
            tooltip = f"{name}, {axis.name(number)}: {', '.join(filter(None, parts))}"
            lower, upper = (round(base - low, 1), low), (round(base - low - high, 1), high)
            bars.append(Bar(round(x, 1), round(width, 1), lower, upper, tooltip))
    return Lane(name, base, runs, tuple(bars))


def _height(count: int, highest: int) -> float:
    return round(max(_BAR_ROOM * count / highest, 1.5), 1) if count else 0.0


def _date(at: float) -> str:
    return (_EPOCH + timedelta(seconds=int(at))).strftime("%Y-%m-%d")
