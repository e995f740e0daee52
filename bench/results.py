"""All results of a bench, in no particular format."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from bench.contenders import Contender
from bench.figures import Spread, Summary, spread, summary
from bench.inputs import Input
from bench.run import Run


class Results(NamedTuple):
    """The results of one bench."""

    at: datetime
    contenders: list[Contender]
    """The contenders that took part."""
    missing: list[Contender]
    """The contenders that could not be set up."""
    inputs: dict[tuple[str, bool], Input]
    """By name, and by whether it is the shorter one for slow contenders."""
    runs: Sequence[Run]
    shape: str
    """The machine in words."""
    versions: list[str]

    @property
    def rounds(self) -> int:
        """How often each contender ran."""
        return len(self.runs) // (len(self.names) * len(self.contenders))

    @property
    def names(self) -> list[str]:
        """The names of the inputs."""
        return list(dict.fromkeys(name for name, _ in self.inputs))

    def on(self, input_: str) -> Iterator[tuple[Contender, Input, Summary]]:
        """Each contender, the input it read, and its summary."""
        for one in self.contenders:
            runs = [run for run in self.runs if (run.contender, run.input) == (one.name, input_)]
            yield one, self.inputs[input_, one.slow], summary(runs)

    @property
    def conditions(self) -> str:
        """How fast and how busy the machine itself was, and how much that varied from run to run."""
        work, load = spread(1000 * run.calibration for run in self.runs), spread(run.load for run in self.runs)
        assert work is not None
        assert load is not None
        return (
            f"before a run, a fixed piece of work took {work.median:.1f} ms of CPU ({work.least:.1f}–{work.most:.1f}),"
            f" and the load was {load.median:.1f} ({load.least:.1f}–{load.most:.1f})"
        )


def described(input_: Input) -> str:
    """An input in a few words."""
    return f"{input_.name}: {input_.events:,} events, with the start and the end of {input_.pairs:,} runs"


def rate(figure: Spread | None) -> str:
    """Events per second, in thousands: ``54.3 (48.0–60.1)``. Runs do not repeat to more digits."""
    if figure is None:
        return "–"
    median, least, most = (_three(value / 1000) for value in figure)
    return median if figure.least == figure.most else f"{median} ({least}–{most})"


def megabytes(figure: Spread | None) -> str:
    """Memory: only the median, as it hardly varies."""
    return "–" if figure is None else f"{figure.median / 1e6:,.0f}"


def _three(value: float) -> str:
    """The number with three significant digits."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
