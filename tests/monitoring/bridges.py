"""What a bridge's port says to Prometheus, without a bridge: its own metrics, of events that are made up."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from correlator.bridge.answers import ServerEvent
from correlator.bridge.metrics import Metrics, State
from correlator.bridge.outbox import Way
from correlator.bridge.publishing import Committed
from correlator.moments import SECOND, Moment
from correlator.prefect import MEANINGS

WELL = State(silence=3.5, live=True, pages_to_read=1, reconnects=1, standstill=0)


def now() -> Moment:
    return Moment(time.time_ns() // 1000)


def metrics() -> Metrics:
    """As they are where nothing has come yet."""
    made = Metrics(wall_clock=now)
    made.watch(lambda: WELL)
    return made


def done() -> Committed:
    """An event of each name, by each way, a second after it was received; and one too large."""
    at = now() - 1 * SECOND
    events = [
        (ServerEvent(uuid.uuid4().bytes, name, at, "", at, "subject", b"{}"), way)
        for name in [*MEANINGS, "prefect.flow-run.Completed", "prefect.deployment.created"]
        for way in Way
    ]
    return Committed(events, oversized=1)


@contextmanager
def serving(metrics: Metrics, port: int) -> Iterator[None]:
    """Serve them for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            written = metrics.write()
            self.send_response(200)
            self.send_header("Content-Type", metrics.content_type)
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        serves = threading.Thread(target=server.serve_forever)
        serves.start()
        try:
            yield
        finally:
            server.shutdown()
            serves.join()
