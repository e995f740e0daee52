"""The join on Quix Streams: a stateful function over a dataframe, its state in RocksDB with a changelog.

Its commit interval is its default of 5 s with either guarantee: with ``exactly-once``, that is how long a reader of
committed records waits.
"""

from typing import Any, Literal, cast

from quixstreams import Application

from bench.peers.bare_confluent import FETCHING
from bench.peers.join import SUBMITTED, Job, Start, parsed, record, told


def pair(event: dict[str, Any], key: bytes, _timestamp: int, _headers: Any, state: Any) -> dict[str, Any] | None:
    """A record, if the event ends an open run."""
    if event["event"] == SUBMITTED:
        state.set("start", [event["id"], event["occurred"]])
        return None
    known = state.get("start")
    if known is None or known[0] != event["follows"]:
        return None
    state.delete("start")
    return record(key.decode(), Start(*known), event)


def main(job: Job) -> None:
    """Run until SIGTERM."""
    app = Application(
        broker_address=job.broker,
        consumer_group=job.app_id,
        processing_guarantee=cast(Literal["at-least-once", "exactly-once"], job.guarantee),
        auto_offset_reset="earliest",
        state_dir=job.state,
        consumer_extra_config=FETCHING,
        producer_extra_config={"partitioner": "murmur2_random"},
        loglevel="WARNING",
    )
    events = app.dataframe(app.topic(job.input, value_deserializer="bytes"))
    found = events.apply(parsed).filter(is_there)
    records = found.apply(pair, stateful=True, metadata=True).filter(is_there)
    records.to_topic(app.topic(job.output, value_serializer="json"))
    app.run()


def is_there(value: object) -> bool:
    """Whether the value is not None."""
    return value is not None


if __name__ == "__main__":
    main(told())
