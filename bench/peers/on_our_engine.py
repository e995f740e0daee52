"""The join on the stage's own engine, exactly once: what the engine alone costs. In the project's own environment."""

import gc
from collections.abc import Iterator

import orjson
import uvloop

from bench.peers.join import SUBMITTED, Job, Start, parsed, record, told
from correlator.engine import (
    MAX_BATCH,
    CommittedTable,
    Engine,
    MemoryStore,
    Message,
    Options,
    Slice,
    Step,
    die,
    leave,
    run,
)
from support.deployment import PARTITIONS

TABLE = "starts"


class Join:
    """The join as a stage of the engine: a slice goes in, a step comes out."""

    def __init__(self, table: CommittedTable, output: str) -> None:
        self._table, self._output = table, output

    def assigned(self, partition: int, end: int) -> Iterator[Step]:
        return iter(())

    def revoked(self, partition: int) -> None:
        pass

    def idle(self, partition: int, end: int, *, caught_up: bool) -> Iterator[Step]:
        return iter(())

    def __call__(self, slice_: Slice) -> Iterator[Step]:
        starts: dict[bytes, bytes | None] = {}
        messages = []
        for one in slice_.records:
            if (event := parsed(one.value or b"")) is None:
                continue
            key = one.key or b""
            if event["event"] == SUBMITTED:
                starts[key] = orjson.dumps([event["id"], event["occurred"]])
                continue
            known = starts[key] if key in starts else self._table.get_committed(slice_.partition, key)
            if known is not None and (start := Start(*orjson.loads(known))).id == event["follows"]:
                starts[key] = None
                value = orjson.dumps(record(key.decode(), start, event))
                messages.append(Message(self._output, slice_.partition, key, value, []))
        yield Step(messages, starts, slice_.end)


async def main(job: Job) -> None:
    """Run until SIGTERM."""
    options = Options(
        job.app_id,
        f"{job.app_id}-worker:",
        {"bootstrap_servers": [job.broker]},
        slice_records=4000,
        session_timeout=30.0,
        instance_id=None,
        stall_limit=300.0,
        max_batch=MAX_BATCH,
        datadir=job.state,
    )
    engine = Engine(options, fail=die)
    table = engine.add_table(TABLE, MemoryStore(), PARTITIONS)
    engine.add_stage(job.input, Join(table, job.output), table)
    if not await run(engine):
        leave(0)


if __name__ == "__main__":
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    uvloop.run(main(told()))
