"""What the web port answers in which condition, and that it serves nothing else."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from correlator.engine import Standstill
from correlator.metrics import Metrics
from correlator.settings import Settings
from correlator.web import create_web
from tests.page.reading import Page
from tests.page.views import HOUR, Showing, run, view, worker
from tests.web.conditions import condition


@pytest.fixture
async def served() -> AsyncIterator[Callable[..., Any]]:
    clients: list[TestClient[Any, Any]] = []

    async def serve(*, ready: bool = True, still: float = 0, view: Any = None, **settings: Any) -> TestClient[Any, Any]:
        metrics = Metrics(wall_clock=lambda: 0)
        now = condition(ready=ready, standstill=Standstill("prefect.events-3", still))
        metrics.watch(lambda: now)
        web = create_web(Settings(**settings), metrics, lambda: now, view and Showing(view))
        client = TestClient(TestServer(web))
        clients.append(client)
        await client.start_server()
        return client

    yield serve
    for client in clients:
        await client.close()


CONDITIONS = {  # ready, seconds of standstill: /healthz, /readyz
    "all is well": (True, 0, 200, 200),
    "it recovers": (False, 0, 200, 503),
    "it stands still, not for long": (True, 60, 200, 200),
    "it stands still": (True, 60.1, 503, 200),
    "it stands still in recovery": (False, 60.1, 503, 503),
}


@pytest.mark.parametrize("ready, still, healthz, readyz", CONDITIONS.values(), ids=CONDITIONS)
async def test_health_and_readiness_are_two_questions(served, ready, still, healthz, readyz):
    client = await served(ready=ready, still=still)
    assert ((await client.get("/healthz")).status, (await client.get("/readyz")).status) == (healthz, readyz)
    assert (await client.get("/metrics")).status == 200


async def test_how_long_is_too_long_is_a_setting(served):
    client = await served(still=61, stalled_after="2m")
    assert (await client.get("/healthz")).status == 200


async def test_bad_health_says_what_stands_still_and_for_how_long(served):
    answer = await (await served(still=75.4)).get("/healthz")
    assert await answer.text() == "prefect.events-3 has stood still for 75 s\n"


async def test_metrics_are_what_prometheus_reads(served):
    answer = await (await served()).get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert "prefect_correlator_ready 1.0" in await answer.text()


@pytest.mark.parametrize(
    "path", ["/", "/open.json", "/part", "/table", "/table/", "/graph", "/stats", "/router", "/healthz/", "/metrics/x"]
)
async def test_nothing_else_is_served(served, path):
    assert (await (await served()).get(path)).status == 404


async def test_the_page_is_what_there_is_to_see_at_the_moment(served):
    views = [view(), view((), [run(1, ago=HOUR)])]
    client = await served(view=lambda: views.pop(0))
    pages = [Page(await (await client.get("/")).text()) for _ in range(2)]
    assert [len(page.rows("last")) for page in pages] == [0, 1]


async def test_every_look_at_the_page_has_one_address(served):
    """A browser that reloads the page keeps its scroll position only if the address is the same."""
    client = await served(view=lambda: view([worker("w", ago=HOUR)], refresh=10))
    plain = await client.get("/", allow_redirects=False)
    assert (plain.status, plain.headers["Location"]) == (302, "?zoom=1")
    for query in ("zoom=1", "zoom=4&hold=1", "zoom=16&rows=all"):
        answer = await client.get(f"/?{query}", allow_redirects=False)
        assert answer.status == 200
        (zoom, *_) = (it for it in Page(await answer.text()).all("p[@class='zoom']/a") if it.get("aria-current"))
        assert zoom.get("href") == f"?{query}#timeline"


async def test_what_an_address_asks_that_is_not_offered_is_ignored(served):
    client = await served(view=lambda: view([worker("w", ago=HOUR)], refresh=10))
    odd = await (await client.get("/", params={"zoom": "<script>", "hold": "maybe", "x": "1"})).text()
    assert odd == await (await client.get("/?zoom=1")).text()


SERVED = {"/": "text/html", "/open.json": "application/json", "/part": "application/octet-stream"}


@pytest.mark.parametrize("path, content_type", SERVED.items())
async def test_a_browser_keeps_nothing_of_what_is_shown_and_loads_nothing_for_it(served, path, content_type):
    """The page has names in it that anybody may have chosen."""
    answer = await (await served(view=view)).get(path)
    assert (answer.status, answer.content_type) == (200, content_type)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", *SERVED])
async def test_nothing_can_be_changed(served, method, path):
    assert (await (await served(view=view)).request(method, path)).status == 405
