"""How aiokafka's clients connect: the connection settings, with the files that they name read."""

import ssl
from pathlib import Path
from typing import Any

from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import AuthenticationFailedError

from correlator.connection import Connection
from correlator.settings import SettingsError
from correlator.values import PREFIX


def client_of(connection: Connection) -> dict[str, Any]:
    """What every one of aiokafka's clients is given. Raises `SettingsError`."""
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
        client["sasl_plain_password"] = _secret("SASL_PASSWORD_FILE", connection.sasl_password_file)
    return client


class TokenFile(AbstractTokenProvider):
    """A bearer token in a file that somebody else keeps fresh, as Kubernetes does with projected tokens."""

    def __init__(self, path: Path) -> None:
        """Raises `SettingsError` where there is no token to begin with."""
        self._path = path
        self._read()

    async def token(self) -> str:
        """The token as it is now. Raises what aiokafka tries again after, where there is none at the moment."""
        try:
            return self._read()
        except SettingsError as error:
            raise AuthenticationFailedError(str(error)) from None

    def _read(self) -> str:
        return _secret("SASL_TOKEN_FILE", self._path)


def _ssl_context(connection: Connection) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if connection.ssl_ca_file is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts these and no others
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_verify_locations(cafile=connection.ssl_ca_file)
        except OSError as error:
            raise _unusable("SSL_CA_FILE", connection.ssl_ca_file, error) from None
    if connection.ssl_cert_file is not None:
        password = None
        if connection.ssl_key_password_file is not None:
            password = _secret("SSL_KEY_PASSWORD_FILE", connection.ssl_key_password_file)
        for which, path in (("SSL_CERT_FILE", connection.ssl_cert_file), ("SSL_KEY_FILE", connection.ssl_key_file)):
            _readable(which, path)
        try:  # without a password OpenSSL would ask for one at the terminal
            context.load_cert_chain(connection.ssl_cert_file, connection.ssl_key_file, password or "")
        except OSError as error:
            raise _unusable("SSL_CERT_FILE", connection.ssl_cert_file, error) from None
    return context


def _secret(setting: str, path: Path) -> str:
    try:
        secret = path.read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(setting, path, error) from None
    if not secret:
        raise SettingsError(f"{PREFIX}{setting} names {path}, which is empty.")
    return secret


def _readable(setting: str, path: Path | None) -> None:
    try:
        if path is not None:
            path.open().close()
    except OSError as error:
        raise _unusable(setting, path, error) from None


def _unusable(setting: str, path: Path | None, error: OSError | UnicodeDecodeError) -> SettingsError:
    match error:
        case ssl.SSLError() if setting == "SSL_CA_FILE":
            reason = "which holds no certificate in PEM"
        case ssl.SSLError():
            reason = "which with its key is no pair in PEM, or the key's password is another one"
        case OSError(strerror=str(text)):
            reason = f"which cannot be read: {text}"
        case _:
            reason = "which is no text"
    return SettingsError(f"{PREFIX}{setting} names {path}, {reason}.")
