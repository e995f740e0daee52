"""The connection settings of aiokafka's clients as Faust's credentials."""

from collections.abc import Mapping
from typing import Any

from faust.auth import Credentials, OAuthCredentials, SASLCredentials, SSLCredentials


def credentials_of(client: Mapping[str, Any]) -> Credentials | None:
    """Faust's credentials for the settings of aiokafka's clients; None for plaintext without authentication."""
    context = client.get("ssl_context")
    if "sasl_oauth_token_provider" in client:
        return OAuthCredentials(oauth_cb=client["sasl_oauth_token_provider"], ssl_context=context)
    if "sasl_mechanism" in client:
        return SASLCredentials(
            mechanism=client["sasl_mechanism"],
            username=client["sasl_plain_username"],
            password=client["sasl_plain_password"],
            ssl_context=context,
        )
    return None if context is None else SSLCredentials(context)
