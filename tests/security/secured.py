"""A secured Kafka: a listener for each way to authenticate, and an authorizer that forbids what is not allowed."""

import base64
import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest

from correlator.topics import Permission, Resource
from local.config import Node
from local.jvm import JvmBroker
from local.ports import free_ports
from tests.security import certificates
from tests.security.scram import AddUser

USER, PASSWORD = "correlator", "not-to-be-told"
TOKEN = "eyJ"
"""How every token begins: `{"` in base 64."""

REAUTHENTICATE = 2
"""Seconds after which a client of RENEWED must authenticate again."""

PROTOCOLS = {
    "ADMIN": "PLAINTEXT",
    "TLS": "SASL_SSL",
    "RENEWED": "SASL_SSL",
    "CLEAR": "SASL_PLAINTEXT",
    "MUTUAL": "SSL",
    "EXPIRED": "SSL",
    "ELSEWHERE": "SSL",
    "SELF": "SSL",
}
_CERTIFICATES = {"EXPIRED": "expired", "ELSEWHERE": "elsewhere", "SELF": "self-signed"}
_MODULES = "org.apache.kafka.common.security"
_JAAS = {
    "PLAIN": f'{_MODULES}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";',
    "SCRAM-SHA-256": f"{_MODULES}.scram.ScramLoginModule required;",
    "SCRAM-SHA-512": f"{_MODULES}.scram.ScramLoginModule required;",
    "OAUTHBEARER": f'{_MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
}
_OFFERED = {
    "TLS": ("SCRAM-SHA-512", "PLAIN", "OAUTHBEARER"),
    "RENEWED": ("OAUTHBEARER",),
    "CLEAR": ("SCRAM-SHA-256",),
}
_VALIDATOR = f"{_MODULES}.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler"

_ALLOW, _LITERAL, _PREFIXED = 3, 3, 4
_RESOURCES = {Resource.TOPIC: 2, Resource.GROUP: 3, Resource.TRANSACTIONAL_ID: 5}


@contextmanager
def secured_kafka(directory: Path) -> Iterator["SecuredBroker"]:
    """Have one for the length of a ``with``, in a Java virtual machine: a container would publish one port only.

    Raises `NoKafka`.
    """
    kafka = SecuredBroker(directory)
    try:
        kafka.broker.start()
        yield kafka
    finally:
        kafka.broker.stop()


class SecuredBroker:
    """The broker, its addresses by listener, the files that its clients need, and what its administrator does."""

    def __init__(self, directory: Path) -> None:
        certificates.write(directory)
        self.directory = directory
        controller, *ports = free_ports(1 + len(PROTOCOLS))
        self.addresses = {name: f"127.0.0.1:{port}" for name, port in zip(PROTOCOLS, ports, strict=True)}
        self.broker = JvmBroker(self._config(controller), Node(1, ports[0], controller))

    @property
    def description(self) -> str:
        """A description for people."""
        return f"{self.broker.description}, secured"

    async def make_user(self, name: str, password: str) -> None:
        """Create a user for both SCRAM mechanisms."""
        async with self.administrator() as administrator:
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
                await administrator.make_user(name, password, mechanism)

    @asynccontextmanager
    async def administrator(self) -> AsyncIterator["Administrator"]:
        """Whoever comes in by ADMIN may do anything."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.addresses["ADMIN"])
        await admin.start()
        try:
            yield Administrator(admin)
        finally:
            await admin.close()

    def file(self, name: str, content: str | None = None) -> str:
        """The path of a file for clients, which is written if there is ``content``."""
        path = self.directory / name
        if content is not None:
            path.write_text(content)
        return str(path)

    def settings(self, listener: str, mechanism: str | None = None, **others: str) -> dict[str, str]:
        """What a client sets to come in by a listener; ``others`` come on top, and what they leave empty goes."""
        settings = {"BOOTSTRAP_SERVERS": self.addresses[listener], "SECURITY_PROTOCOL": PROTOCOLS[listener].lower()}
        if "SSL" in PROTOCOLS[listener]:
            settings["SSL_CA_FILE"] = self.file("ca.pem")
        if listener == "MUTUAL":
            settings |= {"SSL_CERT_FILE": self.file("client.crt"), "SSL_KEY_FILE": self.file("client.key")}
        if mechanism is not None:
            settings["SASL_MECHANISM"] = mechanism
        if mechanism == "OAUTHBEARER":
            settings["SASL_TOKEN_FILE"] = self.file("token", token())
        elif mechanism is not None:
            settings |= {"SASL_USERNAME": USER, "SASL_PASSWORD_FILE": self.file("password", f"{PASSWORD}\n")}
        return {name: value for name, value in (settings | others).items() if value}

    def _config(self, controller: int) -> Mapping[str, str]:
        listeners = {**self.addresses, "CONTROLLER": f"127.0.0.1:{controller}"}
        config = {
            "listeners": ",".join(f"{name}://{address}" for name, address in listeners.items()),
            "advertised.listeners": ",".join(f"{name}://{address}" for name, address in self.addresses.items()),
            "listener.security.protocol.map": ",".join(
                f"{name}:{protocol}" for name, protocol in {**PROTOCOLS, "CONTROLLER": "PLAINTEXT"}.items()
            ),
            "inter.broker.listener.name": "ADMIN",
            "num.network.threads": "1",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
            "ssl.principal.mapping.rules": "RULE:^.*CN=([^,]+).*$/$1/",
            "listener.name.mutual.ssl.client.auth": "required",
            "listener.name.renewed.oauthbearer.connections.max.reauth.ms": f"{REAUTHENTICATE * 1000}",
        }
        for name, protocol in PROTOCOLS.items():
            mine = f"listener.name.{name.lower()}"
            if "SSL" in protocol:
                store = self.directory / f"{_CERTIFICATES.get(name, 'broker')}.pem"
                config |= {f"{mine}.ssl.keystore.type": "PEM", f"{mine}.ssl.keystore.location": str(store)}
                config |= {f"{mine}.ssl.truststore.type": "PEM", f"{mine}.ssl.truststore.location": self.file("ca.pem")}
            if name in _OFFERED:
                config[f"{mine}.sasl.enabled.mechanisms"] = ",".join(_OFFERED[name])
            for mechanism in _OFFERED.get(name, ()):
                config[f"{mine}.{mechanism.lower()}.sasl.jaas.config"] = _JAAS[mechanism]
            if "OAUTHBEARER" in _OFFERED.get(name, ()):
                config[f"{mine}.oauthbearer.sasl.server.callback.handler.class"] = _VALIDATOR
        return config


class Administrator:
    """Makes users and rules."""

    def __init__(self, admin: AIOKafkaAdminClient) -> None:
        self._admin = admin

    async def make_user(self, name: str, password: str, mechanism: str = "SCRAM-SHA-512") -> None:
        """Create a SCRAM user."""
        response: Any = await self._admin._send_request(AddUser(name, password, mechanism))
        assert [(code, message) for _, code, message, _ in response.results] == [(0, None)]

    async def allow(self, user: str, permissions: Iterable[Permission]) -> None:
        """Add rules that allow the permissions, and no more."""
        for it in permissions:
            pattern = _PREFIXED if it.prefixed else _LITERAL
            for operation in it.operations:
                request = CreateAclsRequest(
                    _RESOURCES[it.resource], it.name, pattern, f"User:{user}", "*", operation.value, _ALLOW
                )
                response: Any = await self._admin._send_request(request)
                assert [creation[0] for creation in response.creation_responses] == [0], response


def token(user: str = USER, seconds: float = 3600) -> str:
    """An unsecured token, as OAUTHBEARER's validator for tests takes them."""
    now = time.time()
    parts = ({"alg": "none"}, {"sub": user, "iat": now, "exp": now + seconds})
    return ".".join(base64.urlsafe_b64encode(json.dumps(it).encode()).rstrip(b"=").decode() for it in parts) + "."
