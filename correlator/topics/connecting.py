"""Connecting to a broker: aiokafka only logs why it cannot, so we try each broker first and look at the answer."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import AIOKafkaConnection, OAuthAuthenticator, collect_hosts
from aiokafka.errors import KafkaConnectionError, KafkaError, SaslAuthenticationFailed
from aiokafka.protocol.metadata import MetadataRequest

from correlator.topics.connection_errors import Reason, explained, unreachable
from correlator.topics.errors import TopicsError

CONNECTING: Final = 10.0
"""Seconds that a broker may take to let us in: one that is just starting is waited for."""

KNOCKING: Final = 5.0
"""Seconds that each answer may take when we knock."""

PAUSE: Final = 0.3
"""Seconds between repetitions."""

_SERVERS = "bootstrap_servers"


async def connect(client: Mapping[str, Any], client_id: str) -> AIOKafkaAdminClient:
    """An admin client that has started, of the first broker that lets us in; ``client``: see `client_of`.

    Raises `TopicsError` where none does within `CONNECTING`, or one says that it never will.
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
    except (TimeoutError, UnicodeError):  # the latter: a name that cannot be one of a host
        raise TopicsError(said.sentence) from None


async def _started(client: Mapping[str, Any]) -> AIOKafkaAdminClient | None:
    """None where the broker is gone in this moment."""
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
    """The first broker that lets us in, or the surest reason of all why none does. We knock at all of them at once:
    one that hangs does not keep us from the others.
    """
    knocks = [asyncio.create_task(_answer(server, client)) for server in client[_SERVERS]]
    try:
        for knock in asyncio.as_completed(knocks):
            if isinstance(found := await knock, str):
                return found
        reasons = [reason for knock in knocks if isinstance(reason := knock.result(), Reason)]
        return min([*reasons, unreachable(client[_SERVERS])], key=lambda reason: reason.may_pass)
    finally:
        for knock in knocks:
            knock.cancel()
        await asyncio.gather(*knocks, return_exceptions=True)


async def _answer(server: str, client: Mapping[str, Any]) -> str | Reason | None:
    """The broker, or why it does not let us in; None where it says nothing."""
    ((host, port, _),) = collect_hosts([server], randomize=False)
    try:
        await _knock(host, port, {name: value for name, value in client.items() if name != _SERVERS})
    except (KafkaError, OSError, TimeoutError) as error:
        return explained(error, f"{host}:{port}", client)
    return server


async def _knock(host: str, port: int, given: Mapping[str, Any]) -> None:
    connection: Any = _Connection(host, port, request_timeout_ms=int(KNOCKING * 1000), **given)  # type: ignore[no-untyped-call]
    try:
        await connection.connect()
        await connection.send(MetadataRequest([]))  # where SASL is wanted and not spoken, the first question shows it
    finally:
        connection.close()


class _Connection(AIOKafkaConnection):
    def authenticator_oauth(self) -> "_Bearer":
        return _Bearer(OAuthAuthenticator(sasl_oauth_token_provider=self._sasl_oauth_token_provider))


class _Bearer:
    """Reads the answer to a token, as aiokafka does not: it is empty only where the token was taken."""

    def __init__(self, authenticator: OAuthAuthenticator) -> None:
        self._authenticator = authenticator

    async def step(self, answer: bytes | None) -> tuple[bytes, bool] | None:
        if answer:
            raise SaslAuthenticationFailed
        message: tuple[bytes, bool] | None = await self._authenticator.step(answer)
        return message
