"""Getting in at a broker: what keeps us out, aiokafka only logs, so we knock first and see."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import AIOKafkaConnection, OAuthAuthenticator, collect_hosts
from aiokafka.errors import KafkaConnectionError, KafkaError, SaslAuthenticationFailed
from aiokafka.protocol.metadata import MetadataRequest

from correlator.topics.errors import TopicsError
from correlator.topics.reasons import Reason, explained, nobody

CONNECTING: Final = 10.0
"""Seconds that a broker may take to let us in: one that is just starting is waited for."""

KNOCKING: Final = 5.0
"""Seconds that each answer may take when we knock."""

PAUSE: Final = 0.3
"""Seconds between repetitions."""

_SERVERS = "bootstrap_servers"


async def get_in(admin: AIOKafkaAdminClient, client: Mapping[str, Any]) -> None:
    """Start ``admin``, which was given ``client`` as all of aiokafka's clients are.

    Raises `TopicsError` where no broker lets us in within `CONNECTING`, or one says that it never will.
    """
    said = nobody(client[_SERVERS])
    try:
        async with asyncio.timeout(CONNECTING):
            while True:
                reason = await _reason(client)
                if reason is None:
                    with contextlib.suppress(KafkaConnectionError):  # gone in this moment
                        await admin.start()
                        return
                elif reason.may_pass:
                    said = reason
                else:
                    raise TopicsError(reason.sentence)
                await asyncio.sleep(PAUSE)
    except (TimeoutError, UnicodeError):  # the latter: a name that cannot be one of a host
        raise TopicsError(said.sentence) from None


async def _reason(client: Mapping[str, Any]) -> Reason | None:
    """Why none of the brokers lets us in, the surest reason of all; None where one does."""
    reasons = []
    for host, port, _ in collect_hosts(client[_SERVERS], randomize=False):
        try:
            await _knock(host, port, {name: value for name, value in client.items() if name != _SERVERS})
        except (KafkaError, OSError, TimeoutError) as error:
            if (reason := explained(error, f"{host}:{port}", client)) is not None:
                reasons.append(reason)
        else:
            return None
    return min([*reasons, nobody(client[_SERVERS])], key=lambda reason: reason.may_pass)


async def _knock(host: str, port: int, given: Mapping[str, Any]) -> None:
    connection: Any = _Connection(host, port, request_timeout_ms=int(KNOCKING * 1000), **given)  # type: ignore[no-untyped-call]
    await connection.connect()
    try:
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
