"""Where Prefect's server is, and our credentials for it. Both come from Prefect's own variables: in the environment, or
else in the active profile, which `prefect config set` and `prefect cloud login` write.
"""

import base64
import ssl
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import orjson
from yarl import URL

from correlator.settings import Settings, SettingsError, files, variable

API_URL: Final = "PREFECT_API_URL"
API_KEY: Final = "PREFECT_API_KEY"
AUTH_STRING: Final = "PREFECT_API_AUTH_STRING"
CA_FILE: Final = "PREFECT_API_SSL_CERT_FILE"
HEADERS: Final = "PREFECT_CLIENT_CUSTOM_HEADERS"

Secret: TypeAlias = str | Path | None
"""A secret, or the file that holds it. The file is read each time the secret is needed."""


class Server(NamedTuple):
    """A Prefect server, or a workspace of Prefect Cloud."""

    url: str
    """The address of its API, without a slash at the end."""
    key: Secret = None
    auth_string: Secret = None
    ca_file: Path | None = None
    """The certificates to trust; None for the system's."""
    headers: Mapping[str, str] = {}
    """Further headers, such as a proxy may require."""

    @property
    def token(self) -> str | None:
        """The current key or authentication string; None if there is neither. Raises `SettingsError`."""
        key = _said(variable("prefect_api_key_file"), self.key)
        return key or _said(variable("prefect_api_auth_string_file"), self.auth_string)

    @property
    def request_headers(self) -> dict[str, str]:
        """The headers of every request. Raises `SettingsError`."""
        token = self.token
        if token is None:
            return dict(self.headers)
        scheme, word = ("Bearer", token) if self.key else ("Basic", base64.b64encode(token.encode()).decode())
        return {**self.headers, "Authorization": f"{scheme} {word}"}

    def ssl_context(self) -> ssl.SSLContext:
        """The context that verifies the server's certificate. Raises `SettingsError`."""
        return ssl.create_default_context() if self.ca_file is None else files.trusting(CA_FILE, self.ca_file)


def server_of(settings: Settings, environment: Mapping[str, str]) -> Server:
    """The server named in the environment, or else in Prefect's active profile. Raises `SettingsError`."""
    said = {**_profile(environment), **{name: value for name, value in environment.items() if value}}
    for secret in (API_KEY, AUTH_STRING):
        if (value := said.get(secret)) is not None:
            said[secret] = _clean(secret, value)
    ca_file = said.get(CA_FILE)
    server = Server(
        _url(said.get(API_URL)),
        settings.prefect_api_key_file or said.get(API_KEY),
        settings.prefect_api_auth_string_file or said.get(AUTH_STRING),
        None if ca_file is None else Path(ca_file),
        _headers(said.get(HEADERS)),
    )
    if server.url.startswith("https:"):
        server.ssl_context()
    _ = server.token
    return server


def _said(setting: str, secret: Secret) -> str | None:
    return files.secret(setting, secret) if isinstance(secret, Path) else secret


def _url(said: str | None) -> str:
    if said is None:
        raise SettingsError(
            f"{API_URL} is not set: set it to the address of your Prefect server's API, such as"
            " http://localhost:4200/api."
        )
    with suppress(ValueError):
        url = URL(said.strip())
        if url.user is not None:
            raise SettingsError(f"{API_URL} must not contain a user or a password: set {AUTH_STRING} to them.")
        if url.scheme in {"http", "https"} and url.host and not url.query_string:
            return str(url).rstrip("/")
    raise SettingsError(f"{API_URL} is {said!r} but must be the address of an API, such as http://localhost:4200/api.")


def _headers(said: str | None) -> dict[str, str]:
    if said is None:
        return {}
    try:
        headers = orjson.loads(said)
    except orjson.JSONDecodeError:
        headers = None
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise SettingsError(f"{HEADERS} must be a JSON object of texts, as Prefect requires.")
    return {_clean(HEADERS, name): _clean(HEADERS, value) for name, value in headers.items()}


def _clean(variable: str, value: str) -> str:
    """The value without the line break that a shell may have left at its end. Raises `SettingsError` for any other
    control character: it would break the request's header.
    """
    if not (value := value.strip()).isprintable():
        raise SettingsError(f"{variable} contains a control character, which a header must not have.")
    return value


def _profile(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings of Prefect's active profile; none if there is no readable profile, as Prefect itself does."""
    try:
        home = Path(environment.get("PREFECT_HOME") or "~/.prefect").expanduser()
        path = Path(environment.get("PREFECT_PROFILES_PATH") or home / "profiles.toml")
        written = tomllib.loads(path.read_text())
        profile = written["profiles"][environment.get("PREFECT_PROFILE") or written["active"]]
        return {name: str(value) for name, value in profile.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError):  # RuntimeError: no home
        return {}
