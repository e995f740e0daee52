"""Why a request to the server failed, in sentences for people."""

import asyncio
import ssl
import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import aiohttp

from correlator.bridge.server import API_KEY, API_URL, AUTH_STRING, CA_FILE, Server

MAX_RETRY_AFTER: Final = 300.0
"""The longest wait, in seconds, that we grant a server's Retry-After."""

_CHECK_URL: Final = f"check {API_URL}, which ends in /api for a server of your own"


class Failure(Exception):
    """A request was not answered as it should have been. The text is a sentence."""

    def __init__(self, sentence: str, *, may_pass: bool, after: float = 0.0) -> None:
        """``may_pass``: whether the failure may go away by itself. ``after``: how many seconds the server asks us to
        wait.
        """
        super().__init__(sentence)
        self.may_pass, self.after = may_pass, after


def unreachable(error: BaseException, server: Server) -> Failure:
    """The failure of a request, or a connection, that broke off."""
    match error:
        case (
            aiohttp.ClientConnectorCertificateError(certificate_error=cause)
            | aiohttp.ClientConnectorSSLError(os_error=cause)
        ):
            return _distrusted(cause, server)
        case ssl.SSLError():
            return _distrusted(error, server)
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            return Failure(
                f"The proxy on the way to {server.url} does not let us through ({error}):"
                " check HTTPS_PROXY and NO_PROXY.",
                may_pass=True,
            )
        case aiohttp.ClientConnectorDNSError():
            return Failure(f"The name of {server.url} is unknown: check {API_URL}.", may_pass=True)
        case TimeoutError() | asyncio.IncompleteReadError():
            reason = "does not answer in time"
        case aiohttp.ClientConnectorError(os_error=OSError(strerror=str(cause))):
            reason = f"does not answer ({cause})"
        case _:
            reason = f"broke the connection off ({str(error) or type(error).__name__})"
    return Failure(f"The server at {server.url} {reason}: check that it runs, or {API_URL}.", may_pass=True)


def refused(status: int, server: Server, *, after: str | None = None) -> Failure:
    """The failure of a request that the server answered with an error. ``after``: its Retry-After."""
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return unrecognized(server)
        case HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED | HTTPStatus.UNPROCESSABLE_ENTITY:
            return Failure(
                f"The server at {server.url} has no Prefect API for events (it answered {status}): {_CHECK_URL},"
                " and that the server is Prefect 3.",
                may_pass=False,
            )
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Failure(
                f"The server at {server.url} asks us to wait ({status}).", may_pass=True, after=_seconds(after)
            )
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            trouble = f"The server at {server.url} is in trouble (it answered {status})."
            return Failure(trouble, may_pass=True, after=_seconds(after))
    return Failure(f"The server at {server.url} answered {status}: {_CHECK_URL}.", may_pass=False)


def unrecognized(server: Server) -> Failure:
    """The failure to be recognized by the server."""
    if server.key is None and server.auth_string is None:
        reason = f"wants to know who we are: set {API_KEY} (Prefect Cloud) or {AUTH_STRING} (a server of your own)"
    else:
        reason = f"does not accept our {API_KEY if server.key else AUTH_STRING}: check it, or the file that holds it"
    return Failure(f"The server at {server.url} {reason}.", may_pass=False)


def foreign(what: Exception, server: Server) -> Failure:
    """The failure of a request that was answered by something other than Prefect."""
    return Failure(f"The server at {server.url} answered {what}: {_CHECK_URL}.", may_pass=False)


def _distrusted(error: BaseException, server: Server) -> Failure:
    reason = getattr(error, "verify_message", None)
    if reason is None:
        return Failure(
            f"The server at {server.url} does not speak TLS to us ({error}): check {API_URL}.", may_pass=False
        )
    return Failure(
        f"The certificate of the server at {server.url} is not trusted ({reason}): set {CA_FILE} to the"
        " certificate of the CA that signed it.",
        may_pass=False,
    )


def _seconds(after: str | None) -> float:
    """The seconds that a Retry-After asks for, as a number or by a date (RFC 9110)."""
    if after is None:
        return 0.0
    try:
        seconds = int(after) if after.strip().isdecimal() else parsedate_to_datetime(after).timestamp() - time.time()
    except ValueError:
        return 0.0
    return min(max(0.0, seconds), MAX_RETRY_AFTER)
