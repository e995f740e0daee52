"""Why a broker does not let us in, in sentences for people."""

import ssl
from asyncio import IncompleteReadError
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from correlator.values import PREFIX

_ALERT = 0x1503
"""How TLS begins what it says to those who do not speak it; aiokafka takes it for the length of an answer."""


class Reason(NamedTuple):
    """Why a broker does not let us in."""

    sentence: str
    may_pass: bool = False
    """Whether a broker that is just starting, or what stands before it, may do the same."""


def unreachable(servers: Iterable[str]) -> Reason:
    """Where no broker says anything."""
    return Reason(
        f"No Kafka broker answers at {','.join(servers)}: see that one runs there, or set {PREFIX}BOOTSTRAP_SERVERS.",
        may_pass=True,
    )


def explained(error: BaseException, server: str, client: Mapping[str, Any]) -> Reason | None:
    """What an error on connecting means; None where it says nothing."""
    match error:
        case KafkaConnectionError(__cause__=Exception() as cause):
            return explained(cause, server, client)
        case ssl.SSLCertVerificationError(verify_message=str(reason)):
            return Reason(_distrusted(server, reason))
        case ssl.SSLError(reason=str(alert)) if "CERTIFICATE" in alert or "UNKNOWN_CA" in alert:
            return Reason(_untrusted(server))
        case IncompleteReadError(expected=int(length)) if length >> 16 == _ALERT:
            return Reason(f"Kafka at {server} wants TLS: set {PREFIX}SECURITY_PROTOCOL to ssl or sasl_ssl.")
        case ConnectionRefusedError():
            return None
        case EOFError() | ConnectionError() | ssl.SSLError():
            return Reason(
                f"Kafka at {server} breaks off when we come by {client['security_protocol'].lower()}:"
                f" see that {PREFIX}BOOTSTRAP_SERVERS names a listener that {PREFIX}SECURITY_PROTOCOL fits.",
                may_pass=True,
            )
        case UnsupportedSaslMechanismError():
            return Reason(
                f"Kafka at {server} does not offer {client['sasl_mechanism']}:"
                f" set {PREFIX}SASL_MECHANISM to one that it does."
            )
        case AuthenticationFailedError() | SaslAuthenticationFailed():
            return Reason(_unknown(server, client))
        case IllegalSaslStateError():
            return Reason(f"Kafka at {server} wants no SASL there: see {PREFIX}SECURITY_PROTOCOL.")
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


def _untrusted(server: str) -> str:
    return (
        f"Kafka at {server} wants a certificate of ours, one that it trusts:"
        f" see {PREFIX}SSL_CERT_FILE and {PREFIX}SSL_KEY_FILE."
    )
