"""The join as Faust's documentation suggests: an agent, a table, ``send``. In the project's own environment.

At least once, and it loses data when it is killed.
"""

import sys
from typing import Any

import faust

from bench.peers.join import EXECUTED, SUBMITTED, Job, Start, record, told
from support.deployment import PARTITIONS


def create_app(job: Job) -> faust.App:
    """The app, with Faust's defaults except for the names and the web server, which is off."""
    app = faust.App(
        job.app_id,
        broker=f"kafka://{job.broker}",
        topic_partitions=PARTITIONS,
        web_enabled=False,
        topic_disable_leader=True,
        datadir=job.state,
    )
    events = app.topic(job.input, value_serializer="json", key_type=str, key_serializer="raw")
    records = app.topic(job.output, value_serializer="json")
    starts = app.Table("starts", partitions=PARTITIONS)

    @app.agent(events)
    async def correlate(stream: Any) -> None:
        async for run, event in stream.items():
            if event["event"] == SUBMITTED:
                starts[run] = [event["id"], event["occurred"]]
            elif event["event"] == EXECUTED and run in starts and starts[run][0] == event["follows"]:
                await records.send(key=run, value=record(run, Start(*starts.pop(run)), event))

    return app


if __name__ == "__main__":
    app = create_app(told())
    sys.argv[1:] = ["worker", "--loglevel", "error"]
    app.main()
