"""The results as a picture: a bar for each contender's median, with whiskers from the minimum to the maximum."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from jinja2 import Environment

from bench.figures import Spread
from bench.results import Results, described
from bench.setting_up import ROOT

TEMPLATE: Final = ROOT / "bench" / "chart.svg.jinja"
WIDTH: Final = 860
_LEFT, _RIGHT = 262, 78
_GROUP, _ROW, _BAR = 44, 30, 10


class Bar(NamedTuple):
    """A median and its whiskers, in pixels from the axis."""

    y: float
    width: float
    least: float
    most: float
    kind: str
    figure: str


class Row(NamedTuple):
    """A contender in a group."""

    y: float
    title: str
    ours: bool
    bars: list[Bar]


class Group(NamedTuple):
    """An input, with a scale of its own."""

    y: float
    title: str
    rows: list[Row]


def drawn(results: Results) -> str:
    """The picture, as SVG that suits light and dark pages."""
    groups = list(_groups(results))
    last = groups[-1].rows[-1].y if groups and groups[-1].rows else 0
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(TEMPLATE.read_text())
    return template.render(groups=groups, width=WIDTH, height=last + _ROW + 36, left=_LEFT, bar=_BAR) + "\n"


def _groups(results: Results) -> Iterator[Group]:
    y = 40.0
    for name in results.names:
        found = [(one, summary) for one, _, summary in results.on(name) if summary.whole is not None]
        most = max((figure.most for _, one in found for figure in (one.whole, one.warm) if figure), default=1.0)
        scale = (WIDTH - _LEFT - _RIGHT) / most
        rows = []
        for number, (one, summary) in enumerate(found):
            top = y + _GROUP + number * _ROW
            bars = [
                _bar(figure, top + place * (_BAR + 2), scale, kind)
                for place, (kind, figure) in enumerate((("whole", summary.whole), ("warm", summary.warm)))
                if figure is not None
            ]
            guarantee = "" if one.name.startswith("stage") else f", {one.guarantee}"
            rows.append(Row(top, f"{one.title}{guarantee}", one.name.startswith("stage"), bars))
        yield Group(y, described(results.inputs[name, False]), rows)
        y += _GROUP + len(found) * _ROW + 16


def _bar(figure: Spread, y: float, scale: float, kind: str) -> Bar:
    median, least, most = (round(value * scale, 1) for value in figure)
    return Bar(y, median, least, most, kind, f"{figure.median / 1000:,.1f}k")
