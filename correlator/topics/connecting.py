"""Connects to a broker. aiokafka only logs why it cannot, so we try each broker first and look at its answer."""

import asyncio
import socket
from collections.abc import Mapping
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import AIOKafkaConnection, OAuthAuthenticator, collect_hosts
from aiokafka.errors import KafkaConnectionError, KafkaError, SaslAuthenticationFailed
from aiokafka.protocol.metadata import MetadataRequest

from correlator.topics.connection_errors import Reason, explained, unreachable
from correlator.topics.errors import TopicsError
from correlator.topics.versions import Versions, lacking

CONNECTING: Final = 10.0
"""Seconds that connecting may take in all: a broker that is just starting is waited for."""

CONNECTION_ANSWERS_WITHIN: Final = 5.0
"""Seconds that a broker may take for each answer when it is tried."""

PAUSE: Final = 0.3
"""Seconds between repetitions."""

_SERVERS = "bootstrap_servers"


async def connect(client: Mapping[str, Any], client_id: str) -> AIOKafkaAdminClient:
    """A started admin client, connected to the first broker that accepts us. ``client``: see `client_of`.

    Raises `TopicsError` if no broker accepts us within `CONNECTING` seconds, or if one refuses for good.
    """
    said = unreachable(client[_SERVERS])
    try:
        async with asyncio.timeout(CONNECTING):
            while True:
                found = await _first(client)
                if isinstance(found, str):
                    admin = await _started(dict(client, bootstrap_servers=found, client_id=client_id))
                    if admin is not None:
                        return admin
                elif found.may_pass:
                    said = found
                else:
                    raise TopicsError(found.sentence)
                await asyncio.sleep(PAUSE)
    except (TimeoutError, UnicodeError):  # UnicodeError: no host can have this name
        raise TopicsError(said.sentence) from None


async def _started(client: Mapping[str, Any]) -> AIOKafkaAdminClient | None:
    """A started admin client; None if the broker has just gone."""
    admin = AIOKafkaAdminClient(request_timeout_ms=int(CONNECTING * 1000), **client)
    try:
        await admin.start()
    except BaseException as error:
        await admin.close()
        if isinstance(error, KafkaConnectionError):
            return None
        raise
    return admin


async def _first(client: Mapping[str, Any]) -> str | Reason:
    """The first broker that accepts us, or else the reason that is least likely to pass. All are tried at once, so that
    one that hangs does not keep us from the others.
    """
    attempts = [asyncio.create_task(_answer(server, client)) for server in client[_SERVERS]]
    try:
        for attempt in asyncio.as_completed(attempts):
            if isinstance(found := await attempt, str):
                return found
        reasons = [reason for attempt in attempts if isinstance(reason := attempt.result(), Reason)]
        return min([*reasons, unreachable(client[_SERVERS])], key=lambda reason: reason.may_pass)
    finally:
        for attempt in attempts:
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)


async def _answer(server: str, client: Mapping[str, Any]) -> str | Reason | None:
    """The broker's address if it accepts us, or why it does not; None if it does not answer."""
    ((host, port, _),) = collect_hosts([server], randomize=False)
    try:
        await _resolve(host, port)
        versions = await _try(host, port, {name: value for name, value in client.items() if name != _SERVERS})
    except (KafkaError, OSError, TimeoutError) as error:
        return explained(error, f"{host}:{port}", client)
    return lacking(f"{host}:{port}", versions) or server


async def _resolve(host: str, port: int) -> None:
    """Look a name up before connecting. uvloop would do that while it connects, but if that is cancelled, it abandons
    the look-up, and asyncio logs its failure as one that was never retrieved.
    """
    async with asyncio.timeout(CONNECTION_ANSWERS_WITHIN):
        await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)


async def _try(host: str, port: int, given: Mapping[str, Any]) -> Versions:
    """The request versions that the broker knows, if it accepts us."""
    connection: Any = _Connection(host, port, request_timeout_ms=int(CONNECTION_ANSWERS_WITHIN * 1000), **given)  # type: ignore[no-untyped-call]
    try:
        await connection.connect()
        await connection.send(MetadataRequest([]))  # a listener that requires SASL only shows it here
        versions: Versions = connection._versions
        return versions
    finally:
        connection.close()


class _Connection(AIOKafkaConnection):
    def authenticator_oauth(self) -> "_Bearer":
        return _Bearer(OAuthAuthenticator(sasl_oauth_token_provider=self._sasl_oauth_token_provider))


class _Bearer:
    """Reads the answer to a token, which aiokafka ignores: it is empty only if the token was accepted."""

    def __init__(self, authenticator: OAuthAuthenticator) -> None:
        self._authenticator = authenticator

    async def step(self, answer: bytes | None) -> tuple[bytes, bool] | None:
        if answer:
            raise SaslAuthenticationFailed
        message: tuple[bytes, bool] | None = await self._authenticator.step(answer)
        return message
