"""Latency and CPU over the number of partitions, as lines."""

from collections.abc import Callable, Iterator
from math import ceil, log10
from typing import Final, NamedTuple

from jinja2 import Environment

from bench.figures import Spread
from bench.live.results import Results, Row
from bench.setting_up import ROOT

TEMPLATE: Final = ROOT / "bench" / "live" / "chart.svg.jinja"
_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 230, 200, 60, 60, 50
_COLOURS: Final = {"stage-1": "one", "stage-2": "two", "before-1": "was one", "before-2": "was two"}


class Point(NamedTuple):
    """A median and its spread, in pixels."""

    x: float
    y: float
    least: float
    most: float


class Line(NamedTuple):
    """A contender in a panel."""

    title: str
    kind: str
    points: list[Point]


class Mark(NamedTuple):
    """A mark on an axis."""

    at: float
    told: str


class Axis(NamedTuple):
    """The values that are marked, and a function that places a value between the first (0) and the last of them (1)."""

    marks: list[float]
    place: Callable[[float], float]


class Panel(NamedTuple):
    """A figure over the number of partitions, at the first rate measured."""

    x: float
    title: str
    lines: list[Line]
    across: list[Mark]
    up: list[Mark]


def drawn(results: Results) -> str:
    """The picture, as SVG that suits light and dark pages."""
    panels = list(_panels(results))
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(TEMPLATE.read_text())
    rate = results.loads[0].rate
    return (
        template.render(
            panels=panels,
            title=f"{rate:,} events a second, over the number of partitions",
            width=_LEFT + len(panels) * (_WIDTH + _GAP) + 10,
            height=_TOP + _HEIGHT + 40 + 18 * len(panels[0].lines),
            top=_TOP,
            panel_width=_WIDTH,
            panel_height=_HEIGHT,
        )
        + "\n"
    )


def _panels(results: Results) -> Iterator[Panel]:
    figures: tuple[tuple[str, Callable[[Row], Spread | None], float, Callable[[float], Axis]], ...] = (
        ("p50, ms", lambda row: row.p50, 1000, _tenfold),
        ("p99, ms", lambda row: row.p99, 1000, _tenfold),
        ("CPU, cores", lambda row: row.cores, 1, _even),
    )
    rate = results.loads[0].rate
    loads = [load for load in results.loads if load.rate == rate]
    for number, (title, figure, factor, scale) in enumerate(figures):
        left = _LEFT + number * (_WIDTH + _GAP)
        place = {load: left + 20 + index * (_WIDTH - 40) / max(1, len(loads) - 1) for index, load in enumerate(loads)}
        found = [
            (row, spread) for load in loads for row in results.at_load(load) if (spread := figure(row)) is not None
        ]
        axis = scale(max((spread.most * factor for _, spread in found), default=1.0))

        def y(value: float, axis: Axis = axis, factor: float = factor) -> float:
            return round(_TOP + _HEIGHT - axis.place(value * factor) * _HEIGHT, 1)

        lines = [
            Line(
                one.title,
                _COLOURS.get(one.name, "other"),
                [
                    Point(round(place[row.load], 1), *(y(value) for value in spread))
                    for row, spread in found
                    if row.contender is one
                ],
            )
            for one in results.contenders
        ]
        across = [Mark(round(place[load], 1), f"{load.partitions}") for load in loads]
        yield Panel(left, title, lines, across, [Mark(y(mark / factor), f"{mark:,g}") for mark in axis.marks])


def _even(most: float) -> Axis:
    """A linear axis from 0 to a round number no less than ``most``."""
    step = next(s for power in range(-3, 5) for s in (10.0**power, 2 * 10.0**power, 5 * 10.0**power) if most / s <= 5)
    count = int(most / step) + 1
    return Axis([round(step * number, 6) for number in range(count + 1)], lambda value: value / (count * step))


def _tenfold(most: float) -> Axis:
    """A logarithmic axis from 10 to a power of ten no less than ``most``."""
    powers = max(2, ceil(log10(most))) - 1
    return Axis([10.0 * 10**number for number in range(powers + 1)], lambda value: max(0.0, log10(value / 10)) / powers)
