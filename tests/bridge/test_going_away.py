"""A server that goes away, or fails, after it has answered: health reports it, and the bridge lives and goes on."""

import asyncio
import time
from email.utils import formatdate
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web

from tests.bridge.at_once import outcome
from tests.bridge.gateway import Gateway, ReceivedRequest, gateway, passes
from tests.bridge.running import Bridge
from tests.bridge.scene import AUTH, Scene, Trial

pytestmark = pytest.mark.asyncio(loop_scope="session")

STALLED_AFTER = 2


async def at_work(trial: Trial, gate: Gateway, **settings: str) -> Bridge:
    """Start a bridge, and wait until it has brought something live."""
    variables = {"PREFECT_API_URL": gate.url, "PREFECT_API_AUTH_STRING": AUTH}
    given = {"BRIDGE_EVENTS": trial.feed.name, "BRIDGE_SINCE": trial.began, "STALLED_AFTER": f"{STALLED_AFTER}s"}
    bridge = trial.deployment.bridge(variables=variables, **given, **settings)
    await bridge.listens()
    sent = await trial.feed.send(3)
    await trial.deployment.there([event["id"] for event in sent])
    return bridge


async def exact(trial: Trial, bridge: Bridge) -> None:
    over = await trial.over(bridge)
    assert over.figures.is_exact, over
    assert "Traceback" not in bridge.log


def spans(seen: list[ReceivedRequest]) -> list[float]:
    """The seconds from each request to the next."""
    return [later.at - sooner.at for sooner, later in pairwise(seen)]


async def health_says_so_until_it_recovers_by_itself(scene: Scene) -> None:
    async def trouble(_: web.Request) -> web.Response:
        return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")

    async with gateway(scene.server.url) as gate:
        with scene.trial() as trial:
            bridge = await at_work(trial, gate)
            await bridge.answers("/healthz", 200)
            assert (await bridge.metrics())["live"] == 1
            began, gate.instead = time.monotonic(), trouble
            await gate.hang_up()
            answer = await bridge.answers("/healthz", 503, 30)
            assert gate.url in answer.text
            said = await bridge.metrics()
            assert said["live"] == 0
            assert said["server_silence_seconds"] > STALLED_AFTER - 1
            assert said["standstill_seconds"] > STALLED_AFTER - 1
            await bridge.answers("/readyz", 200)
            await trial.feed.send(20)
            await asyncio.sleep(max(0.0, began + 6 - time.monotonic()))
            listening, reading = (gate.asked(f"/events/{what}") for what in ("out", "filter"))
            tried = spans([seen for seen in listening if seen.at > began])
            assert 2 <= len(tried) <= 6
            assert tried[-1] > 1.5 * tried[0]
            assert len([seen for seen in reading if seen.at > began]) <= 7
            gate.instead = passes
            await bridge.answers("/healthz", 200, 60)
            await trial.deployment.there(await trial.stored())
            said = await bridge.metrics()
            assert said["reconnects_total"] >= 1
            assert said["standstill_seconds"] == 0
            assert "502" in bridge.log
            assert "answers again" in bridge.log
            await exact(trial, bridge)


async def it_waits_as_long_as_it_is_asked_to(scene: Scene) -> None:
    """The server asks in seconds, and by a date, which has no fractions of a second."""
    asked: list[float] = []

    async def later(request: web.Request) -> web.Response | None:
        if "/events/filter" not in request.path:
            return None
        asked.append(time.monotonic())
        if len(asked) > 2:
            return None
        after = "3" if len(asked) == 1 else formatdate(time.time() + 4, usegmt=True)
        return web.Response(status=429, text="Too Many Requests", headers={"Retry-After": after})

    async with gateway(scene.server.url) as gate:
        with scene.trial() as trial:
            bridge = await at_work(trial, gate)
            gate.instead = later
            await gate.hang_up()
            sent = await trial.feed.send(3)
            await trial.deployment.there([event["id"] for event in sent])
            await exact(trial, bridge)
            first, second, third, *_ = asked
            assert second - first >= 3
            assert third - second >= 3


async def without_the_live_stream_sweeps_bring_everything(scene: Scene) -> None:
    """Somebody's proxy knows no websockets."""

    async def no_upgrade(request: web.Request) -> web.Response | None:
        return web.Response(status=400, text="Bad Request") if "/events/out" in request.path else None

    async with gateway(scene.server.url) as gate:
        gate.instead = no_upgrade
        with scene.trial() as trial:
            variables = {"PREFECT_API_URL": gate.url, "PREFECT_API_AUTH_STRING": AUTH}
            given = {"BRIDGE_EVENTS": trial.feed.name, "BRIDGE_SINCE": trial.began}
            bridge = trial.deployment.bridge(variables=variables, **given)
            await bridge.ready()
            await trial.feed.send(60)
            await trial.deployment.there(await trial.stored())
            assert (await bridge.metrics())["live"] == 0
            await bridge.answers("/healthz", 200)
            await exact(trial, bridge)
            assert "400" in bridge.log


CASES = {
    "health says so, until it recovers by itself": health_says_so_until_it_recovers_by_itself,
    "it waits as long as it is asked to": it_waits_as_long_as_it_is_asked_to,
    "without the live stream, sweeps bring everything": without_the_live_stream_sweeps_bring_everything,
}


@pytest.mark.parametrize("case", CASES)
async def test_a_server_that_goes_away(came: dict[str, Any], case: str) -> None:
    outcome(came, case)
