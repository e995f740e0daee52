"""The same join as Faust's documentation would have it: an agent, a table, ``send``. What the stage is measured
against.

``python -m bench.naive APP_ID BROKER INPUT OUTPUT PARTITIONS``. It pairs by ``follows`` only, publishes a fifth of the
record, and loses data when it is killed: it does less, and not for sure."""

import sys
from datetime import datetime
from typing import Any

import faust


def create_app(app_id: str, broker: str, input_: str, output: str, partitions: int) -> faust.App:
    app = faust.App(
        app_id, broker=f"kafka://{broker}", topic_partitions=partitions, web_enabled=False, topic_disable_leader=True
    )
    raw = app.topic(input_, value_serializer="json", key_type=str, key_serializer="raw")
    records = app.topic(output, value_serializer="json")
    starts = app.Table("starts", partitions=partitions)

    @app.agent(raw)
    async def correlate(stream: Any) -> None:
        async for run, event in stream.items():
            if event["event"] == "prefect.worker.submitted-flow-run":
                starts[run] = {"id": event["id"], "occurred": event["occurred"]}
            elif run in starts and starts[run]["id"] == event["follows"]:
                start = starts.pop(run)
                span = datetime.fromisoformat(event["occurred"]) - datetime.fromisoformat(start["occurred"])
                await records.send(key=run, value={"flow_run": run, "duration_seconds": span.total_seconds()})

    return app


if __name__ == "__main__":
    app_id, broker, input_, output, partitions = sys.argv[1:]
    app = create_app(app_id, broker, input_, output, int(partitions))
    sys.argv[1:] = ["worker", "--loglevel", "error"]
    app.main()
