"""The stage under test: its settings, its topics, and whether it has read all there is."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from chaos.identity import SECOND
from chaos.plots import TIGHT_TIMING
from chaos.truth import GRACE, REMEMBER
from support.deployment import CORRELATOR, PARTITIONS, Deployment

SESSION_TIMEOUT = 6
"""Seconds: the least that a broker allows by default."""
PATIENCE = 10.0
"""Seconds that a question to Kafka may take."""


class Stage(Deployment):
    """A deployment whose Kafka may be away while it is looked at."""

    def __init__(
        self, bootstrap_servers: str, *, brokers: int, store: str, one_hop: bool, partitions: int = PARTITIONS
    ) -> None:
        super().__init__(
            bootstrap_servers,
            "chaos",
            REPLICATION_FACTOR=f"{brokers}",
            INPUT_KEYED_BY="subject" if one_hop else "any",
            SESSION_TIMEOUT=f"{SESSION_TIMEOUT}",
            TIGHT_TIMING=f"{TIGHT_TIMING}",
            GRACE=f"{GRACE // SECOND}",
            REMEMBER=f"{REMEMBER // SECOND}",
            STORE=store,
            PARTITIONS=f"{partitions}",
        )
        self.one_hop, self.partitions = one_hop, partitions

    async def create_topics(self) -> None:
        """Create the input and all others, and wait until the input can be written to. Raises `RuntimeError` with what
        the command said.

        A partition that is written to before its leader is ready loses records that were acknowledged: librdkafka has
        several batches under way, the broker refuses the first as too early, takes the second, and takes the first
        for a repetition when it comes again.
        """
        creating = await asyncio.create_subprocess_exec(
            *(CORRELATOR, "topics", "create"),
            env=self.environment(),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await creating.communicate()
        if creating.returncode:
            raise RuntimeError(said.decode())
        await self.ends(self.events)

    async def is_through(self) -> bool:
        """Whether the committed offsets are at the ends of its inputs; also not, where Kafka does not answer."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await super().is_through()
        except (KafkaError, OSError, TimeoutError):
            return False

    async def is_whole(self) -> bool:
        """Whether every replica of its topics, and of Kafka's own, is in sync."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers, request_timeout_ms=int(PATIENCE * 1000))
        try:
            async with asyncio.timeout(PATIENCE):
                await admin.start()
                described = await admin.describe_topics()
        except (KafkaError, OSError, TimeoutError):
            return False
        finally:
            await admin.close()
        partitions = [partition for topic in described for partition in topic["partitions"]]
        return all(len(partition["isr"]) == len(partition["replicas"]) for partition in partitions)

    async def remembered(self) -> set[bytes]:
        """The subjects that its changelog holds: what a worker that started now would know of."""
        entries = {record.key: record.value for record in await self.read(self.changelog)}
        # What begins with a NUL is no subject's, but the stage's own.
        return {key for key, value in entries.items() if key and value is not None and not key.startswith(b"\0")}
