"""What may lie between a bridge and its server: TLS, an ingress, a proxy; and where credentials come from."""

import base64
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web

from tests.bridge.at_once import outcome
from tests.bridge.faults import ways
from tests.bridge.gateway import LOOPBACK, Forward, Gateway, forward_proxy, gateway
from tests.bridge.running import Bridge
from tests.bridge.scene import AUTH, Scene, Trial

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY, NEXT_KEY = "pnu_not-to-be-told", "pnu_neither-this"
PAGES = 3


async def brings(trial: Trial, variables: Mapping[str, str], **settings: str) -> Bridge:
    """Start a bridge, and wait until it has brought some pages of earlier events, and then live ones."""
    before = await trial.feed.send(PAGES * 50)
    given = {"BRIDGE_EVENTS": trial.feed.name, "BRIDGE_SINCE": trial.began, **settings}
    bridge = trial.deployment.bridge(variables={"PREFECT_API_AUTH_STRING": AUTH, **variables}, **given)
    await bridge.listens()
    after = await trial.feed.send(3)
    await trial.deployment.there([event["id"] for event in (*before, *after)])
    assert ways(await bridge.metrics())["live"] > 0, bridge.log
    for secret in (AUTH.partition(":")[2], KEY, NEXT_KEY):
        assert secret not in bridge.log
    return bridge


def pages(gate: Gateway) -> int:
    return len(gate.asked("/events/filter"))


def tls(directory: Path, name: str) -> tuple[ssl.SSLContext, str]:
    """The TLS context of a server with this name, and the file of the CA that signed its certificate."""
    ca, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(name).configure_cert(context)
    ca.cert_pem.write_to_path(str(directory / "ca.pem"))
    return context, f"{directory / 'ca.pem'}"


async def tls_by_a_private_ca(scene: Scene) -> None:
    """The server behind it sees HTTP, and so its links to the next page are HTTP, too; the authentication string is in
    a file.
    """
    (directory := scene.directory()).joinpath("auth").write_text(f"{AUTH}\n")
    context, ca = tls(directory, LOOPBACK)
    async with gateway(scene.server.url, context) as gate:
        variables = {"PREFECT_API_URL": gate.url, "PREFECT_API_SSL_CERT_FILE": ca, "PREFECT_API_AUTH_STRING": ""}
        with scene.trial() as trial:
            await brings(trial, variables, PREFECT_API_AUTH_STRING_FILE=f"{directory / 'auth'}")
        assert pages(gate) > PAGES
        assert gate.asked("/events/out")


async def an_ingress_under_a_path(scene: Scene) -> None:
    """The server does not know the path, so its links to the next page lack it. Prefect's active profile has the
    address.
    """
    async with gateway(scene.server.url, prefix="/teams/data") as gate:
        profiles = f"""
            active = "ours"
            [profiles.ours]
            PREFECT_API_URL = "{gate.url}/"
            PREFECT_API_AUTH_STRING = "{AUTH}"
        """
        (directory := scene.directory()).joinpath("profiles.toml").write_text(profiles)
        none = {"PREFECT_API_AUTH_STRING": "", "PREFECT_API_URL": ""}
        with scene.trial() as trial:
            await brings(trial, {**none, "PREFECT_HOME": f"{directory}"})
        assert pages(gate) > PAGES
        assert all(seen.path.startswith("/teams/data/api/events/") for seen in gate.seen)


async def a_proxy_that_is_not_for_this_server(scene: Scene) -> None:
    nowhere = {"HTTP_PROXY": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1"}
    with scene.trial() as trial:
        await brings(trial, {**nowhere, "NO_PROXY": LOOPBACK})


async def a_forward_proxy(scene: Scene) -> None:
    """Nobody else knows the server's name."""
    async with forward_proxy(scene.server.port) as proxy:
        variables = {"PREFECT_API_URL": f"http://{Forward.NAME}/api", "HTTP_PROXY": proxy.url}
        with scene.trial() as trial:
            await brings(trial, variables)
        assert any(line.startswith("POST http://prefect.test/api/events/filter ") for line in proxy.seen), proxy.seen
        assert any(line.startswith("CONNECT prefect.test:80 ") for line in proxy.seen), proxy.seen


async def tls_through_a_forward_proxy(scene: Scene) -> None:
    context, ca = tls(scene.directory(), Forward.NAME)
    async with gateway(scene.server.url, context) as gate, forward_proxy(gate.port) as proxy:
        variables = {
            "PREFECT_API_URL": f"https://{Forward.NAME}/api",
            "PREFECT_API_SSL_CERT_FILE": ca,
            "https_proxy": proxy.url,
        }
        with scene.trial() as trial:
            await brings(trial, variables)
        assert {line.split()[1] for line in proxy.seen} == {f"{Forward.NAME}:443"}


async def a_token_against_forgery(scene: Scene) -> None:
    """With ``PREFECT_SERVER_CSRF_PROTECTION_ENABLED``, the server requires a token on POSTs. The first request for it
    is lost.
    """
    token, told = "a-token", [False]

    async def protects(request: web.Request) -> web.Response | None:
        if request.path.endswith("/csrf-token") and not told[0]:
            told[0] = True
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=500)
        if request.path.endswith("/csrf-token"):
            return web.json_response({"token": token, "client": request.query["client"]})
        if request.method == "POST" and request.headers.get("Prefect-Csrf-Token") != token:
            return web.json_response({"detail": "Missing CSRF token."}, status=403)
        return None

    async with gateway(scene.server.url) as gate:
        gate.instead = protects
        with scene.trial() as trial:
            await brings(trial, {"PREFECT_API_URL": gate.url})
        assert len(gate.asked("/csrf-token")) == 2


async def a_key_that_is_replaced(scene: Scene) -> None:
    """A bearer key as for Prefect Cloud, in a file. When it is refused, health reports that; with a new key, the bridge
    goes on.
    """
    accepted, file = [KEY], scene.directory() / "key"
    file.write_text(KEY)

    async def knows(request: web.Request) -> web.Response | None:
        known = request.headers.get("Authorization") == f"Bearer {accepted[0]}"
        return None if known else web.json_response({"detail": "Invalid authentication credentials"}, status=401)

    async with gateway(scene.server.url) as gate:
        gate.instead, gate.as_whom = knows, AUTH
        with scene.trial() as trial:
            variables = {"PREFECT_API_URL": gate.url, "PREFECT_API_AUTH_STRING": ""}
            bridge = await brings(trial, variables, PREFECT_API_KEY_FILE=f"{file}", STALLED_AFTER="2s")
            accepted[0] = NEXT_KEY
            await gate.hang_up()
            answer = await bridge.answers("/healthz", 503, 30)
            assert gate.url in answer.text
            await trial.feed.send(3)
            file.write_text(NEXT_KEY)
            await trial.deployment.there(await trial.stored())
            await bridge.answers("/healthz", 200)
            over = await trial.over(bridge)
            assert over.figures.is_exact, over
            assert "PREFECT_API_KEY" in bridge.log
            assert KEY not in bridge.log
            assert base64.b64encode(AUTH.encode()).decode() not in bridge.log


CASES = {
    "TLS by a private CA": tls_by_a_private_ca,
    "an ingress under a path": an_ingress_under_a_path,
    "a proxy that is not for this server": a_proxy_that_is_not_for_this_server,
    "a forward proxy": a_forward_proxy,
    "TLS through a forward proxy": tls_through_a_forward_proxy,
    "a token against forgery": a_token_against_forgery,
    "a key that is replaced": a_key_that_is_replaced,
}


@pytest.mark.parametrize("case", CASES)
async def test_a_way_in(came: dict[str, Any], case: str) -> None:
    outcome(came, case)
