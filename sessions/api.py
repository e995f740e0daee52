"""A client of Prefect's API."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

import aiohttp
import msgspec
import orjson

from sessions.deeds import State

_Body: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

_TRIES: Final = 20
"""How often a request is repeated while SQLite is locked."""


class Refused(Exception):
    """The API refused a request; the message says which."""


class _Page(msgspec.Struct):
    events: list[msgspec.Raw]
    total: int
    next_page: str | None = None


class Api:
    """A client of a server on this machine."""

    def __init__(self, url: str, auth: str | None = None) -> None:
        """``auth``: the server's authentication string, ``user:password``."""
        self._url = url
        self._one = asyncio.Lock()
        """Held by each request: concurrent ones would lock SQLite against each other."""
        connections = aiohttp.TCPConnector(force_close=True)  # the server closes connections that are idle for 5 s
        headers = {} if auth is None else {"Authorization": f"Basic {b64encode(auth.encode()).decode()}"}
        self._client = aiohttp.ClientSession(
            connector=connections, headers=headers, timeout=aiohttp.ClientTimeout(total=60)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def is_up(self) -> bool:
        """Whether the server answers."""
        try:
            async with self._client.get(f"{self._url}/health") as answer:
                return answer.status == 200
        except (OSError, TimeoutError, aiohttp.ClientError):
            return False

    async def pool(self, name: str, type_: str = "process", **more: Any) -> None:
        """Create a work pool."""
        await self._ask("POST", "/work_pools/", {"name": name, "type": type_, **more})

    async def deploy(self, name: str, pool: str, function: str, path: str, **more: Any) -> str:
        """Create a deployment of a function in ``flows.py``, and return its id."""
        flow = await self._ask("POST", "/flows/", {"name": function.replace("_", "-")})
        deployment = {
            "name": name,
            "flow_id": flow["id"],
            "work_pool_name": pool,
            "entrypoint": f"flows.py:{function}",
            "path": path,
            "pull_steps": [{"prefect.deployments.steps.set_working_directory": {"directory": path}}],
            "parameter_openapi_schema": {"type": "object", "properties": {}},
            "enforce_parameter_schema": False,
            "tags": ["session"],
            **more,
        }
        return str((await self._ask("POST", "/deployments/", deployment))["id"])

    async def deployment(self, flow: str, name: str) -> str | None:
        """The id of a deployment, once it is there."""
        try:
            return str((await self._ask("GET", f"/deployments/name/{flow}/{name}"))["id"])
        except Refused:
            return None

    async def run(
        self, deployment: str, parameters: Mapping[str, Any], after: timedelta = timedelta(), **more: Any
    ) -> str:
        """Create a run of a deployment, and return its id."""
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": (datetime.now(UTC) + after).isoformat()}}
        asked = {"parameters": dict(parameters), "state": state, **more}
        return str((await self._ask("POST", f"/deployments/{deployment}/create_flow_run", asked))["id"])

    async def state(self, run: str) -> str:
        """The type of a flow run's current state."""
        return str((await self._ask("GET", f"/flow_runs/{run}"))["state"]["type"])

    async def set_state(self, run: str, type_: str, name: str, *, force: bool = False) -> None:
        """Set the state of a flow run. Raises `Refused` if the server does not accept it."""
        asked = {"state": {"type": type_, "name": name}, "force": force}
        answer = await self._ask("POST", f"/flow_runs/{run}/set_state", asked)
        if answer["status"] != "ACCEPT":
            raise Refused(f"{run} was not set to {name}: {answer['status']} {answer.get('details')}.")

    async def states(self, run: str) -> list[State]:
        """All states that a flow run has been in, in order."""
        said = await self._ask("GET", f"/flow_run_states/?flow_run_id={run}")
        states = [
            State(type=state["type"], name=state["name"], at=datetime.fromisoformat(state["timestamp"]).astimezone(UTC))
            for state in said
        ]
        return sorted(states, key=lambda state: state.at)

    async def count(self, events: Sequence[str], run: str) -> int:
        """How many events with these names a flow run has."""
        wanted = {"event": {"name": list(events)}, "related": {"id": [f"prefect.flow-run.{run}"]}}
        return int((await self._ask("POST", "/events/filter", {"filter": _ever(wanted), "limit": 1}))["total"])

    async def emit(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Send events, as Prefect's clients do."""
        await self._ask("POST", "/events", events)

    async def total(self, prefixes: Sequence[str] = ()) -> int:
        """How many events the server has; if prefixes are given, only those whose names begin with one of them."""
        wanted = _ever(_named(prefixes))
        return (await self._page("POST", "/events/filter", {"filter": wanted, "limit": 1})).total

    async def events(self) -> list[dict[str, Any]]:
        """All events of the server, in the order in which they occurred."""
        return [orjson.loads(event) for event in await self.raw_events()]

    async def raw_events(self, prefixes: Sequence[str] = ()) -> list[bytes]:
        """The same as bytes, as the server wrote them; if prefixes are given, only events whose names begin with one of
        them.
        """
        wanted = _ever({"order": "ASC", **_named(prefixes)})
        page = await self._page("POST", "/events/filter", {"filter": wanted, "limit": 50})
        found = list(page.events)
        while page.next_page:
            page = await self._page("GET", page.next_page.removeprefix(self._url))
            found += page.events
        return [bytes(event) for event in found]

    async def _page(self, method: str, path: str, body: _Body = None) -> "_Page":
        return msgspec.json.decode(await self._answer(method, path, body), type=_Page)

    async def _ask(self, method: str, path: str, body: _Body = None) -> Any:
        answer = await self._answer(method, path, body)
        return orjson.loads(answer) if answer else None

    async def _answer(self, method: str, path: str, body: _Body) -> bytes:
        for _ in range(_TRIES):
            status, answer = await self._request(method, path, body)
            if status < 400:
                return answer
            if status != 503:
                raise Refused(f"{method} {path}: {status} {answer[:400].decode(errors='replace')}.")
            await asyncio.sleep(2)
        raise Refused(f"{method} {path}: the server answered 503 {_TRIES} times.")

    async def _request(self, method: str, path: str, body: _Body) -> tuple[int, bytes]:
        try:
            async with self._one, self._client.request(method, f"{self._url}{path}", json=body) as answer:
                return answer.status, await answer.read()
        except (OSError, TimeoutError, aiohttp.ClientError) as error:
            raise Refused(f"{method} {path}: {type(error).__name__} {error}.") from None


def _named(prefixes: Sequence[str]) -> dict[str, Any]:
    return {"event": {"prefix": list(prefixes)}} if prefixes else {}


def _ever(wanted: Mapping[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC)
    since, until = now - timedelta(hours=6), now + timedelta(days=1)
    return {"occurred": {"since": since.isoformat(), "until": until.isoformat()}, **wanted}
