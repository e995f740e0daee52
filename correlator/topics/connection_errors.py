"""Why a connection to a broker fails, in sentences for people."""

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

from correlator.settings import variable

_ALERT = 0x1503
"""The first bytes of a TLS alert, which a client without TLS gets. aiokafka takes them for the length of an answer."""


class Reason(NamedTuple):
    """Why a connection fails."""

    sentence: str
    may_pass: bool = False
    """Whether the reason may pass: a broker that is just starting, or a proxy in front of it, looks the same."""


def unreachable(servers: Iterable[str]) -> Reason:
    """The reason if no broker answers at all."""
    return Reason(
        f"No Kafka broker answers at {','.join(servers)}:"
        f" check that one is running there, or set {variable('bootstrap_servers')}.",
        may_pass=True,
    )


def explained(error: BaseException, server: str, client: Mapping[str, Any]) -> Reason | None:
    """The reason that an error on connecting shows; None if it shows none."""
    match error:
        case KafkaConnectionError(__cause__=Exception() as cause):
            return explained(cause, server, client)
        case ssl.SSLCertVerificationError(verify_message=str(reason)):
            return Reason(_distrusted(server, reason))
        case ssl.SSLError(reason=str(alert)) if "CERTIFICATE" in alert or "UNKNOWN_CA" in alert:
            return Reason(_untrusted(server))
        case IncompleteReadError(expected=int(length)) if length >> 16 == _ALERT:
            return Reason(f"Kafka at {server} requires TLS: set {variable('security_protocol')} to ssl or sasl_ssl.")
        case ConnectionRefusedError():
            return None
        case EOFError() | ConnectionError() | ssl.SSLError():
            return Reason(
                f"Kafka at {server} closed the connection over {client['security_protocol'].lower()}:"
                f" check that {variable('bootstrap_servers')} points to a listener using"
                f" {variable('security_protocol')}.",
                may_pass=True,
            )
        case UnsupportedSaslMechanismError():
            return Reason(
                f"Kafka at {server} does not offer {client['sasl_mechanism']}:"
                f" set {variable('sasl_mechanism')} to one that it offers."
            )
        case AuthenticationFailedError() | SaslAuthenticationFailed():
            return Reason(_unknown(server, client))
        case IllegalSaslStateError():
            return Reason(
                f"Kafka at {server} does not use SASL on this listener: check {variable('security_protocol')}."
            )
    return None


def _distrusted(server: str, reason: str) -> str:
    if "expired" in reason:
        return f"The certificate of Kafka at {server} has expired: renew it."
    if "Hostname mismatch" in reason or "IP address mismatch" in reason:
        return (
            f"The certificate of Kafka at {server} is for another name:"
            f" use the host name in the certificate in {variable('bootstrap_servers')}."
        )
    return (
        f"The certificate of Kafka at {server} is not signed by a trusted CA ({reason}):"
        f" set {variable('ssl_ca_file')} to the certificate of the CA that signed it."
    )


def _unknown(server: str, client: Mapping[str, Any]) -> str:
    if "sasl_oauth_token_provider" in client:
        return (
            f"Kafka at {server} rejected the token in {variable('sasl_token_file')}:"
            " check that it has not expired and is meant for Kafka."
        )
    return (
        f"Kafka at {server} rejected the user {client.get('sasl_plain_username')!r} with this password:"
        f" check {variable('sasl_username')} and the file in {variable('sasl_password_file')}."
    )


def _untrusted(server: str) -> str:
    return (
        f"Kafka at {server} requires a client certificate that it trusts:"
        f" check {variable('ssl_cert_file')} and {variable('ssl_key_file')}."
    )
