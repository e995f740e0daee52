"""What this worker tells of itself."""

import asyncio

from correlator import page
from correlator.event import Kind
from correlator.glance.part import MOST, Holding, Part
from correlator.glance.recent import Recent
from correlator.stage.correlate import Correlate


class Own:
    """This worker's own part, in bounded pieces: the stage goes on between them."""

    def __init__(self, client_id: str, correlate: Correlate, recent: Recent) -> None:
        """``client_id``: in the group."""
        self._client_id, self._correlate, self._recent = client_id, correlate, recent

    async def part(self) -> Part:
        """As it is now."""
        holdings = [it for number in sorted(self._correlate.partitions) if (it := await self._holding(number))]
        durations = self._recent.usual.copied()
        return Part(
            self._client_id,
            holdings,
            self._recent.records,
            self._recent.total,
            await asyncio.to_thread(page.known_of, durations),
        )

    async def _holding(self, partition: int) -> Holding | None:
        """None where the partition has gone meanwhile."""
        total: dict[Kind, int] = {}
        shown: list[page.Seen] = []
        for kind in Kind:
            found = self._correlate.open_in(partition, kind, MOST)
            if found is None:
                return None
            total[kind], lifecycles = found
            shown += map(page.seen, lifecycles)
            await asyncio.sleep(0)
        return Holding(partition, total, shown)
