"""A start that fails: one sentence that names the cause, exit code 1 (2 for a bad setting), and no traceback."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme
from aiohttp import web

from correlator.bridge.api import Api, Interval
from correlator.bridge.failures import Failure
from correlator.bridge.server import server_of
from correlator.settings import Settings
from local.ports import free_ports
from tests.bridge.gateway import LOOPBACK, gateway, serving
from tests.bridge.scene import AUTH, Scene

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRONG = "wrong:also-not-to-be-told"
AT_A_TIME = 3
URL, CA = "PREFECT_API_URL", "PREFECT_API_SSL_CERT_FILE"
AUTH_STRING, KEY = "PREFECT_API_AUTH_STRING", "PREFECT_API_KEY"


class Refusal(NamedTuple):
    """A reason why a bridge does not start."""

    variables: Mapping[str, str]
    """Environment variables; empty ones are left out."""
    says: tuple[str, ...]
    code: int = 1
    settings: Mapping[str, str] = {}
    arguments: tuple[str, ...] = ()


async def html(_: web.Request) -> web.Response:
    return web.Response(text="<!doctype html><h1>Welcome to nginx!</h1>", content_type="text/html")


async def not_found(_: web.Request) -> web.Response:
    return web.json_response({"detail": "Not Found"}, status=404)


async def trouble(_: web.Request) -> web.Response:
    return web.Response(status=500, text="Internal Server Error")


async def unauthorized(_: web.Request) -> web.Response:
    return web.json_response({"detail": "Invalid authentication credentials"}, status=401)


async def other_json(_: web.Request) -> web.Response:
    return web.json_response({"status": "green", "number_of_nodes": 1})


async def to_login(_: web.Request) -> web.Response:
    raise web.HTTPFound("https://login.example.com/")


async def without_events(request: web.Request) -> web.Response | None:
    """Answer like Prefect 2, or like a proxy that blocks a path of Prefect 3."""
    return await not_found(request) if "/events" in request.path else None


ANSWERING = (html, trouble, unauthorized, other_json, to_login)


@asynccontextmanager
async def addresses(scene: Scene, directory: Path) -> AsyncIterator[dict[str, str]]:
    """The addresses of servers that refuse, by name."""
    ca, found = trustme.CA(), {}
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(LOOPBACK).configure_cert(tls)
    elsewhere = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("prefect.example.com").configure_cert(elsewhere)
    ca.cert_pem.write_to_path(str(directory / "ca.pem"))
    async with AsyncExitStack() as stack:
        for answer in ANSWERING:
            (port,) = free_ports(1)
            await stack.enter_async_context(serving(answer, port))
            found[answer.__name__] = f"http://{LOOPBACK}:{port}/api"
        blocked = await stack.enter_async_context(gateway(scene.server.url))
        blocked.instead = without_events
        found["without_events"] = blocked.url
        found["tls"] = (await stack.enter_async_context(gateway(scene.server.url, tls))).url
        found["elsewhere"] = (await stack.enter_async_context(gateway(scene.server.url, elsewhere))).url
        silent = stack.enter_context(socket.create_server((LOOPBACK, 0)))  # the kernel lets clients in, and nobody else
        found["silent"] = f"http://{LOOPBACK}:{silent.getsockname()[1]}/api"
        yield found


def refusals(scene: Scene, at: Mapping[str, str], directory: Path) -> dict[str, Refusal]:
    """The reasons why a process does not start, and what it must say."""
    (nobody,) = free_ports(1)
    rubbish, missing = directory / "rubbish.pem", f"{directory / 'missing'}"
    rubbish.write_text("no certificate")
    return {
        "nothing there": Refusal({URL: f"http://{LOOPBACK}:{nobody}/api"}, (f"{LOOPBACK}:{nobody}", URL)),
        "it says nothing": Refusal({URL: at["silent"]}, (at["silent"], "in time")),
        "a web page": Refusal({URL: at["html"]}, (at["html"], URL)),
        "without events": Refusal({URL: at["without_events"]}, (at["without_events"], "404")),
        "wrong key": Refusal({URL: at["unauthorized"], KEY: WRONG, AUTH_STRING: ""}, (at["unauthorized"], KEY)),
        "wrong auth string": Refusal({AUTH_STRING: WRONG}, (scene.server.url, AUTH_STRING)),
        "a private CA": Refusal({URL: at["tls"]}, (at["tls"], CA)),
        "no URL": Refusal({URL: ""}, (URL,), 2),
        "a CA file that is none": Refusal({URL: at["tls"], CA: f"{rubbish}"}, (CA, f"{rubbish}"), 2),
        "a file with a key that is not there": Refusal(
            {AUTH_STRING: ""}, ("CORRELATOR_PREFECT_API_KEY_FILE", missing), 2, {"PREFECT_API_KEY_FILE": missing}
        ),
        "no date": Refusal({}, ("yesterday",), 2, arguments=("--since", "yesterday")),
        "no Kafka": Refusal({}, (f"{LOOPBACK}:{nobody}",), 1, {"BOOTSTRAP_SERVERS": f"{LOOPBACK}:{nobody}"}),
        "no topics, and none to be created": Refusal(
            {}, ("-events", "-bridge", "topics create --bridge"), 1, {"CREATE_TOPICS": "false"}
        ),
    }


def refused_by(scene: Scene, at: Mapping[str, str], directory: Path) -> dict[str, Refusal]:
    """More ways in which a server refuses, tried without starting a process."""
    wrong_file = directory / "wrong-auth"
    wrong_file.write_text(f"{WRONG}\n")
    return {
        "an unknown name": Refusal({URL: "http://prefect.invalid:4200/api"}, ("prefect.invalid", URL)),
        "another API": Refusal({URL: at["other_json"]}, (at["other_json"], URL)),
        "without /api": Refusal({URL: scene.server.url.removesuffix("/api")}, (URL, "/api")),
        "nothing but 500": Refusal({URL: at["trouble"]}, (at["trouble"], "500")),
        "a login page": Refusal({URL: at["to_login"]}, (at["to_login"], "302")),
        "no auth string": Refusal({AUTH_STRING: ""}, (scene.server.url, AUTH_STRING, KEY)),
        "wrong auth string in a file": Refusal(
            {AUTH_STRING: ""}, (scene.server.url,), settings={"prefect_api_auth_string_file": f"{wrong_file}"}
        ),
        "another name in its certificate": Refusal(
            {URL: at["elsewhere"], CA: f"{directory / 'ca.pem'}"}, (at["elsewhere"], "certificate")
        ),
        "TLS where none is spoken": Refusal({URL: scene.server.url.replace("http:", "https:")}, ("https:", "TLS")),
        "no TLS where it is spoken": Refusal({URL: at["tls"].replace("https:", "http:")}, ("http:", URL)),
    }


@pytest.mark.timeout(240)
async def test_a_start_that_cannot_be(scene: Scene, tmp_path: Path) -> None:
    places = asyncio.Semaphore(AT_A_TIME)

    async def start(refusal: Refusal) -> tuple[int, str]:
        async with places:
            with scene.trial() as trial:
                variables = {AUTH_STRING: AUTH, **refusal.variables}
                bridge = trial.deployment.bridge(*refusal.arguments, variables=variables, **refusal.settings)
                return await bridge.ends(60), bridge.log

    async def ask(refusal: Refusal) -> tuple[int, str]:
        variables = {"PREFECT_HOME": f"{tmp_path}", URL: scene.server.url, AUTH_STRING: AUTH, **refusal.variables}
        async with Api(server_of(Settings(**refusal.settings), variables), ()) as api:
            try:
                await api.page(Interval(api.now), limit=0)
            except Failure as failure:
                return 1, f"{failure}"
        return 0, ""

    async with addresses(scene, tmp_path) as at:
        started, asked = refusals(scene, at, tmp_path), refused_by(scene, at, tmp_path)
        came = await asyncio.gather(*map(start, started.values()), *map(ask, asked.values()))
    assert wrong({**started, **asked}, came) == []


def wrong(given: Mapping[str, Refusal], came: Iterable[tuple[int, str]]) -> list[str]:
    """The cases that did not end as they should."""
    outcomes = zip(given.items(), came, strict=True)
    return [f"{name}: {code}: {log}" for (name, it), (code, log) in outcomes if not is_right(it, code, log)]


def is_right(refusal: Refusal, code: int, log: str) -> bool:
    """Whether a start ended as it should, with sentences that name the cause and no secret."""
    sentences, secrets = [line for line in log.splitlines() if " INFO " not in line], (AUTH.partition(":")[2], WRONG)
    return (
        code == refusal.code
        and bool(sentences)
        and all(line.endswith(".") and line[0].isupper() for line in sentences)
        and all(word in log for word in refusal.says)
        and not any(secret in log for secret in secrets)
    )
