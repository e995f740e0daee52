"""Makes this worker's own report."""

import asyncio

from correlator import page
from correlator.event import Kind
from correlator.glance.recent import RecentRecords
from correlator.glance.report import MAX_SUBJECTS, PartitionReport, WorkerReport
from correlator.stage.correlate import Correlate


class OwnReport:
    """This worker's own report. It is made in bounded pieces, and the stage goes on between them."""

    def __init__(self, client_id: str, correlate: Correlate, recent: RecentRecords) -> None:
        """``client_id``: this worker's client id in the group."""
        self._client_id, self._correlate, self._recent = client_id, correlate, recent

    async def report(self) -> WorkerReport:
        """The report as of now."""
        holdings = [it for number in sorted(self._correlate.partitions) if (it := await self._holding(number))]
        durations = self._recent.durations.copied()
        return WorkerReport(
            self._client_id,
            holdings,
            self._recent.records,
            self._recent.total,
            await asyncio.to_thread(page.usual_durations, durations),
        )

    async def _holding(self, partition: int) -> PartitionReport | None:
        """The report of a partition; None if the partition was revoked meanwhile."""
        total: dict[Kind, int] = {}
        shown: list[page.Summary] = []
        for kind in Kind:
            found = self._correlate.open_in(partition, kind, MAX_SUBJECTS)
            if found is None:
                return None
            total[kind], lifecycles = found
            shown += map(page.summarize, lifecycles)
            await asyncio.sleep(0)
        return PartitionReport(partition, total, shown)
