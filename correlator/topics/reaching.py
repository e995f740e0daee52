"""Why no broker lets us in: what aiokafka only logs, found out by knocking once ourselves."""

import ssl
from collections.abc import Mapping
from typing import Any

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from correlator.topics.errors import TopicsError
from correlator.values import PREFIX

KNOCKING = 5_000
"""Milliseconds that a broker may take to let us in or not."""

_SERVER = "bootstrap_servers"


async def refusal(client: Mapping[str, Any]) -> TopicsError | None:
    """What no repetition will change, as the first broker that says so puts it; None where it may only take a while.

    ``client`` is what aiokafka's clients are given.
    """
    for host, port, _ in collect_hosts(client[_SERVER]):
        server = f"{host}:{port}"
        given = {name: value for name, value in client.items() if name != _SERVER}
        try:
            connection = await create_conn(host, port, request_timeout_ms=KNOCKING, **given)
        except (KafkaError, OSError, TimeoutError) as error:
            sentence = explained(error, server, given)
            if sentence is not None:
                return TopicsError(sentence)
        else:
            connection.close()
            return None
    return None


def explained(error: Exception, server: str, client: Mapping[str, Any]) -> str | None:
    """What an error on connecting means; None where it may pass."""
    match error:
        case ssl.SSLCertVerificationError(verify_message=str(reason)):
            return _distrusted(server, reason)
        case ssl.SSLError():
            return (
                f"Kafka at {server} and we do not agree on TLS ({error.reason or error}):"
                f" see that {PREFIX}BOOTSTRAP_SERVERS names a listener that {PREFIX}SECURITY_PROTOCOL fits."
            )
        case UnsupportedSaslMechanismError():
            return (
                f"Kafka at {server} does not offer {client['sasl_mechanism']}:"
                f" set {PREFIX}SASL_MECHANISM to one that it does."
            )
        case AuthenticationFailedError() | SaslAuthenticationFailed():
            return _unknown(server, client)
        case IllegalSaslStateError():
            return f"Kafka at {server} wants no SASL there: see {PREFIX}SECURITY_PROTOCOL."
    return None


def _distrusted(server: str, reason: str) -> str:
    if "expired" in reason:
        return f"The certificate of Kafka at {server} has expired: have it renewed."
    if "Hostname mismatch" in reason or "IP address mismatch" in reason:
        return (
            f"The certificate of Kafka at {server} is for another name:"
            f" give {PREFIX}BOOTSTRAP_SERVERS the name that stands in it."
        )
    return (
        f"The certificate of Kafka at {server} is signed by nobody whom we trust ({reason}):"
        f" set {PREFIX}SSL_CA_FILE to the certificate of who signed it."
    )


def _unknown(server: str, client: Mapping[str, Any]) -> str:
    if "sasl_oauth_token_provider" in client:
        return f"Kafka at {server} refuses the token in {PREFIX}SASL_TOKEN_FILE: see that it is current and for Kafka."
    return (
        f"Kafka at {server} does not know the user {client.get('sasl_plain_username')!r} with this password:"
        f" see {PREFIX}SASL_USERNAME and the file in {PREFIX}SASL_PASSWORD_FILE."
    )
