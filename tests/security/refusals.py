"""Mistakes that keep a worker from starting: what was done, with which settings, and the exit code."""

from collections.abc import Iterator
from typing import NamedTuple

from tests.security.certificates import KEY_PASSWORD
from tests.security.secured import USER, SecuredBroker, token

WRONG = "also-not-to-be-told"
BROKER, SETTING = 1, 2
"""Exit codes: what the broker says, and what is wrong with a setting or a file that it names."""


class Refusal(NamedTuple):
    """A worker that does not start."""

    what: str
    settings: dict[str, str]
    code: int


def refusals(kafka: SecuredBroker) -> Iterator[Refusal]:
    """All mistakes, in the order of the table."""
    for what, settings in _by_the_broker(kafka).items():
        yield Refusal(what, settings, BROKER)
    for what, settings in _by_a_file(kafka).items():
        yield Refusal(what, settings, SETTING)
    for what, settings in _by_a_setting(kafka).items():
        yield Refusal(what, settings, SETTING)


def _by_the_broker(kafka: SecuredBroker) -> dict[str, dict[str, str]]:
    scram, clear = kafka.settings("TLS", "SCRAM-SHA-512"), kafka.settings("CLEAR", "SCRAM-SHA-256")
    wrong = kafka.file("wrong-password", WRONG)
    stranger = {"SSL_CERT_FILE": kafka.file("stranger.crt"), "SSL_KEY_FILE": kafka.file("stranger.key")}
    return {
        "No broker there": {"BOOTSTRAP_SERVERS": "127.0.0.1:1"},
        "Wrong password, SCRAM": scram | {"SASL_PASSWORD_FILE": wrong},
        "Wrong password, PLAIN": kafka.settings("TLS", "PLAIN", SASL_PASSWORD_FILE=wrong),
        "Unknown user": scram | {"SASL_USERNAME": "nobody"},
        "Token expired": kafka.settings("TLS", "OAUTHBEARER", SASL_TOKEN_FILE=kafka.file("expired", token(seconds=-9))),
        "Not a token": kafka.settings("TLS", "OAUTHBEARER", SASL_TOKEN_FILE=kafka.file("no-token", WRONG)),
        "Mechanism not offered": kafka.settings("CLEAR", "PLAIN"),
        "SASL where none is used": clear | {"BOOTSTRAP_SERVERS": kafka.addresses["ADMIN"]},
        "No SASL where it is required": {"BOOTSTRAP_SERVERS": kafka.addresses["CLEAR"]},
        "No TLS where it is required": {"BOOTSTRAP_SERVERS": kafka.addresses["TLS"]},
        "TLS where none is used": kafka.settings("MUTUAL", BOOTSTRAP_SERVERS=kafka.addresses["ADMIN"]),
        "Signed by another CA": scram | {"SSL_CA_FILE": kafka.file("other-ca.pem")},
        "Signed by no CA that the system trusts": {k: v for k, v in scram.items() if k != "SSL_CA_FILE"},
        "Self-signed": kafka.settings("SELF"),
        "Expired": kafka.settings("EXPIRED"),
        "Made out to another name": kafka.settings("ELSEWHERE"),
        "Client certificate required, none set": kafka.settings("MUTUAL", SSL_CERT_FILE="", SSL_KEY_FILE=""),
        "Client certificate of another CA": kafka.settings("MUTUAL", **stranger),
    }


def _by_a_file(kafka: SecuredBroker) -> dict[str, dict[str, str]]:
    scram, bearer = kafka.settings("TLS", "SCRAM-SHA-512"), kafka.settings("TLS", "OAUTHBEARER")
    mutual, locked = kafka.settings("MUTUAL"), {"SSL_KEY_FILE": kafka.file("client.locked.key")}
    missing, empty, no_pem = kafka.file("missing"), kafka.file("empty", ""), kafka.file("no-pem", "nothing of the kind")
    wrong = kafka.file("wrong-key-password", WRONG)
    assert WRONG != KEY_PASSWORD
    return {
        "Password file missing": scram | {"SASL_PASSWORD_FILE": missing},
        "Password file empty": scram | {"SASL_PASSWORD_FILE": empty},
        "Password file not readable": scram | {"SASL_PASSWORD_FILE": str(kafka.directory)},
        "Token file missing": bearer | {"SASL_TOKEN_FILE": missing},
        "Token file empty": bearer | {"SASL_TOKEN_FILE": empty},
        "CA file missing": scram | {"SSL_CA_FILE": missing},
        "CA file not PEM": scram | {"SSL_CA_FILE": no_pem},
        "Certificate missing": mutual | {"SSL_CERT_FILE": missing},
        "Certificate not PEM": mutual | {"SSL_CERT_FILE": no_pem},
        "Key missing": mutual | {"SSL_KEY_FILE": missing},
        "Key not PEM": mutual | {"SSL_KEY_FILE": no_pem},
        "Key of another certificate": mutual | {"SSL_KEY_FILE": kafka.file("stranger.key")},
        "Key locked, no password set": mutual | locked,
        "Key locked, wrong password": mutual | locked | {"SSL_KEY_PASSWORD_FILE": wrong},
        "Key's password file missing": mutual | locked | {"SSL_KEY_PASSWORD_FILE": missing},
    }


def _by_a_setting(kafka: SecuredBroker) -> dict[str, dict[str, str]]:
    server, password = kafka.addresses["TLS"], kafka.file("password")
    user = {"SASL_USERNAME": USER, "SASL_PASSWORD_FILE": password}
    sasl = {"BOOTSTRAP_SERVERS": server, "SECURITY_PROTOCOL": "sasl_ssl"}
    return {
        "No such protocol": {"SECURITY_PROTOCOL": "tls"},
        "No such mechanism": sasl | {"SASL_MECHANISM": "GSSAPI"},
        "No mechanism": sasl,
        "No password": sasl | {"SASL_MECHANISM": "PLAIN", "SASL_USERNAME": USER},
        "No token": sasl | {"SASL_MECHANISM": "OAUTHBEARER"},
        "Password with a token": sasl | user | {"SASL_MECHANISM": "OAUTHBEARER", "SASL_TOKEN_FILE": password},
        "Password without SASL": {"SECURITY_PROTOCOL": "ssl", **user},
        "CA without TLS": {"SSL_CA_FILE": kafka.file("ca.pem")},
        "Certificate without its key": {"SECURITY_PROTOCOL": "ssl", "SSL_CERT_FILE": kafka.file("client.crt")},
        "A secret in the environment": {"SASL_PASSWORD": WRONG},
    }
