"""All results of a live bench."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from bench.contenders import Contender
from bench.figures import Spread, spread
from bench.live.run import Load, Measurement


class Row(NamedTuple):
    """A contender at a load: medians and spreads."""

    contender: Contender
    load: Load
    p50: Spread | None
    p99: Spread | None
    cores: Spread | None
    event: Spread | None
    memory: Spread | None
    sockets: Spread | None
    threads: Spread | None
    failures: tuple[str, ...]


class Results(NamedTuple):
    """The results of one live bench."""

    at: datetime
    contenders: list[Contender]
    loads: Sequence[Load]
    seen: Sequence[Measurement]
    shape: str
    """The machine in words."""
    versions: list[str]
    brokers: int

    @property
    def rounds(self) -> int:
        """How often each contender ran."""
        return len(self.seen) // (len(self.loads) * len(self.contenders))

    def at_load(self, load: Load) -> Iterator[Row]:
        """The figures of each contender at a load."""
        for one in self.contenders:
            its = [seen for seen in self.seen if (seen.contender, seen.load) == (one.name, load)]
            good = [seen for seen in its if seen.failure is None]

            def of(figure: Callable[[Measurement], float | None], good: list[Measurement] = good) -> Spread | None:
                return spread(value for seen in good if (value := figure(seen)) is not None)

            yield Row(
                one,
                load,
                of(lambda seen: seen.p50),
                of(lambda seen: seen.p99),
                of(lambda seen: seen.cores),
                of(lambda seen: seen.event),
                of(lambda seen: seen.memory),
                of(lambda seen: seen.sockets),
                of(lambda seen: seen.threads),
                tuple(seen.failure for seen in its if seen.failure is not None),
            )
