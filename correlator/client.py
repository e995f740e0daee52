"""The settings of aiokafka's clients: made from the connection settings, with the files that these name."""

import ssl
from pathlib import Path
from typing import Any

from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import AuthenticationFailedError

from correlator.settings import Connection, SettingsError, files, variable


def client_of(connection: Connection) -> dict[str, Any]:
    """The keyword arguments for every client of aiokafka. Raises `SettingsError`."""
    client: dict[str, Any] = {
        "bootstrap_servers": list(connection.bootstrap_servers),
        "security_protocol": connection.security_protocol.upper(),
    }
    if connection.uses_ssl:
        client["ssl_context"] = _ssl_context(connection)
    if connection.sasl_mechanism is not None:
        client["sasl_mechanism"] = connection.sasl_mechanism
    if connection.sasl_token_file is not None:
        client["sasl_oauth_token_provider"] = TokenFile(connection.sasl_token_file)
    if connection.sasl_password_file is not None:
        client["sasl_plain_username"] = connection.sasl_username
        client["sasl_plain_password"] = files.secret(variable("sasl_password_file"), connection.sasl_password_file)
    return client


class TokenFile(AbstractTokenProvider):
    """A bearer token in a file that something else renews, as Kubernetes does with projected tokens."""

    def __init__(self, path: Path) -> None:
        """Raises `SettingsError` if there is no token at the start."""
        self._path = path
        self._read()

    async def token(self) -> str:
        """The current token. If there is none at the moment, raises an error after which aiokafka tries again."""
        try:
            return self._read()
        except SettingsError as error:
            raise AuthenticationFailedError(str(error)) from None

    def _read(self) -> str:
        return files.secret(variable("sasl_token_file"), self._path)


def _ssl_context(connection: Connection) -> ssl.SSLContext:
    if connection.ssl_ca_file is None:
        context = ssl.create_default_context()
    else:
        context = files.trusting(variable("ssl_ca_file"), connection.ssl_ca_file)
    if connection.ssl_cert_file is not None and connection.ssl_key_file is not None:
        password = None
        if connection.ssl_key_password_file is not None:
            password = files.secret(variable("ssl_key_password_file"), connection.ssl_key_password_file)
        _load_own(context, connection.ssl_cert_file, connection.ssl_key_file, password)
    return context


def _load_own(context: ssl.SSLContext, certificate: Path, key: Path, password: str | None) -> None:
    for field, path in (("ssl_cert_file", certificate), ("ssl_key_file", key)):
        try:
            path.open().close()  # the error of `load_cert_chain` does not say which file
        except OSError as error:
            raise files.unreadable(variable(field), path, error) from None
    locked = False

    def unlock() -> str:
        nonlocal locked
        locked = True
        return password or ""

    try:
        context.load_cert_chain(certificate, key, unlock)  # without `unlock` OpenSSL would ask at the terminal
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise files.unusable(variable("ssl_key_file"), key, f"which is not the key of {certificate}") from None
        if locked:
            reason = f"which is locked: check that {variable('ssl_key_password_file')} names a file with its password"
            raise files.unusable(variable("ssl_key_file"), key, reason) from None
        raise files.unusable(
            variable("ssl_cert_file"), certificate, "which is not PEM, or else its key is not"
        ) from None
