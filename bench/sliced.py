"""The naive join on the engine: what a slice at a time is worth by itself, exactly once included.

``python -m bench.sliced APP_ID BROKER INPUT OUTPUT PARTITIONS``, with the changelog ``<APP_ID>-starts-changelog``
made before.
"""

import gc
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime

import orjson
import uvloop

from correlator.engine import (
    MAX_BATCH,
    CommittedTable,
    Engine,
    MemoryStore,
    Message,
    Options,
    Slice,
    Transaction,
    die,
    leave,
    run,
)


class Join:
    """Pairs by ``follows`` only, and publishes a fifth of the record: what ``naive`` does."""

    def __init__(self, table: CommittedTable, output: str) -> None:
        self._table, self._output = table, output

    def assigned(self, partition: int, end: int) -> Iterator[Transaction]:
        return iter(())

    def revoked(self, partition: int) -> None:
        pass

    def idle(self, partition: int, end: int, *, caught_up: bool) -> Iterator[Transaction]:
        return iter(())

    def __call__(self, slice_: Slice) -> Iterator[Transaction]:
        starts: dict[bytes, bytes | None] = {}
        messages = []
        for record in slice_.records:
            event, run_ = orjson.loads(record.value or b""), record.key or b""
            if event["event"] == "prefect.worker.submitted-flow-run":
                starts[run_] = orjson.dumps([event["id"], event["occurred"]])
                continue
            known = starts[run_] if run_ in starts else self._table.get_committed(slice_.partition, run_)
            if known is not None and (start := orjson.loads(known))[0] == event["follows"]:
                starts[run_] = None
                span = datetime.fromisoformat(event["occurred"]) - datetime.fromisoformat(start[1])
                value = orjson.dumps({"flow_run": run_.decode(), "duration_seconds": span.total_seconds()})
                messages.append(Message(self._output, slice_.partition, run_, value, []))
        yield Transaction(messages, starts, slice_.end)


async def main(app_id: str, broker: str, input_: str, output: str, partitions: int, directory: str) -> None:
    options = Options(
        app_id,
        {"bootstrap_servers": [broker]},
        slice_records=4000,
        session_timeout=30.0,
        instance_id=None,
        stall_limit=300.0,
        max_batch=MAX_BATCH,
        datadir=directory,
    )
    engine = Engine(options, fail=die)
    table = engine.add_table("starts", MemoryStore(), partitions)
    engine.add_stage(input_, Join(table, output), table)
    if not await run(engine):
        leave(0)


if __name__ == "__main__":
    app_id, broker, input_, output, partitions = sys.argv[1:]
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    with tempfile.TemporaryDirectory() as directory:
        uvloop.run(main(app_id, broker, input_, output, int(partitions), directory))
