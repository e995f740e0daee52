"""The settings that say how to reach Kafka: its addresses, encryption, and authentication.

Secrets are read from files only, because environments are listed, inherited and logged.
"""

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

from correlator.settings.errors import VARIABLE_PREFIX
from correlator.settings.values import AnyCase, Servers, UpperCase

SecurityProtocol = Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]

_SSL: Final = ("ssl_ca_file", "ssl_cert_file", "ssl_key_file", "ssl_key_password_file")
_SASL: Final = ("sasl_mechanism", "sasl_username", "sasl_password_file", "sasl_token_file")
_PASSWORD: Final = ("sasl_username", "sasl_password_file")


class Connection(BaseSettings):
    """Kafka's addresses, TLS and SASL."""

    bootstrap_servers: Servers = Field(("localhost:9092",), description="Kafka: `host:port`, commas between several.")
    security_protocol: Annotated[SecurityProtocol, AnyCase] = Field(
        "plaintext",
        description="`plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`.",
    )
    ssl_ca_file: Path | None = Field(
        None,
        description="CA certificates (PEM) for verifying the brokers. Default: the system's CAs.",
    )
    ssl_cert_file: Path | None = Field(None, description="Client certificate (PEM), if the brokers ask for one.")
    ssl_key_file: Path | None = Field(None, description="The client certificate's private key (PEM).")
    ssl_key_password_file: Path | None = Field(None, description="A file that holds the key's password, if it has one.")
    sasl_mechanism: Annotated[Mechanism, UpperCase] | None = Field(
        None,
        description="`SCRAM-SHA-512`, `SCRAM-SHA-256`, `PLAIN` or `OAUTHBEARER`.",
    )
    sasl_username: str | None = Field(None, description="User name for SCRAM and PLAIN.")
    sasl_password_file: Path | None = Field(
        None, description="A file that holds the password for SCRAM and PLAIN; read once."
    )
    sasl_token_file: Path | None = Field(
        None,
        description="A file that holds the bearer token for OAUTHBEARER; read for every connection, so a renewed token"
        " needs no restart.",
    )

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        """Check that every setting has an effect and none is missing: a secret without effect is a mistake."""
        if not self.uses_ssl:
            self._refuse(_SSL, "SECURITY_PROTOCOL is `ssl` or `sasl_ssl`")
        if not self.uses_sasl:
            self._refuse(_SASL, "SECURITY_PROTOCOL is `sasl_ssl` or `sasl_plaintext`")
        elif self.sasl_mechanism is None:
            self._require(("sasl_mechanism",), f"SECURITY_PROTOCOL is `{self.security_protocol}`")
        elif self.sasl_mechanism == "OAUTHBEARER":
            self._require(("sasl_token_file",), "SASL_MECHANISM is `OAUTHBEARER`")
            self._refuse(_PASSWORD, "SASL_MECHANISM is `PLAIN` or a SCRAM mechanism")
        else:
            self._require(_PASSWORD, f"SASL_MECHANISM is `{self.sasl_mechanism}`")
            self._refuse(("sasl_token_file",), "SASL_MECHANISM is `OAUTHBEARER`")
        if self.ssl_cert_file is not None:
            self._require(("ssl_key_file",), "SSL_CERT_FILE is set")
        else:
            self._refuse(("ssl_key_file",), "SSL_CERT_FILE is set, too")
        if self.ssl_key_file is None:
            self._refuse(("ssl_key_password_file",), "SSL_KEY_FILE is set, too")
        return self

    @property
    def uses_ssl(self) -> bool:
        """Whether the connection is encrypted."""
        return self.security_protocol in {"ssl", "sasl_ssl"}

    @property
    def uses_sasl(self) -> bool:
        """Whether we authenticate by SASL."""
        return self.security_protocol in {"sasl_plaintext", "sasl_ssl"}

    def _require(self, fields: tuple[str, ...], because: str) -> None:
        for field in fields:
            if getattr(self, field) is None:
                raise ValueError(f"{VARIABLE_PREFIX}{field.upper()} must be set because {VARIABLE_PREFIX}{because}")

    def _refuse(self, fields: tuple[str, ...], unless: str) -> None:
        for field in fields:
            if getattr(self, field) is not None:
                raise ValueError(
                    f"{VARIABLE_PREFIX}{field.upper()} is set but has no effect unless {VARIABLE_PREFIX}{unless}"
                )
