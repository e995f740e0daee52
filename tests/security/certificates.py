"""The certificates and keys of a Kafka with TLS and of its clients, as PEM files."""

from datetime import UTC, datetime
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization

KEY_PASSWORD = "of-the-key"


def write(directory: Path) -> None:
    """Brokers' as Kafka reads them (key and chain in one file), clients' as we do (``….crt``, ``….key``)."""
    ours, others, its_own = trustme.CA(), trustme.CA(), trustme.CA()
    ours.cert_pem.write_to_path(directory / "ca.pem")
    others.cert_pem.write_to_path(directory / "other-ca.pem")

    for name, issued in (
        ("broker", ours.issue_cert("127.0.0.1", "localhost")),
        ("expired", ours.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC))),
        ("elsewhere", ours.issue_cert("kafka.example.org")),
    ):
        (directory / f"{name}.pem").write_bytes(_pkcs8(issued.private_key_pem.bytes()) + _chain(issued))
    (directory / "self-signed.pem").write_bytes(_pkcs8(its_own.private_key_pem.bytes()) + its_own.cert_pem.bytes())

    for name, ca in (("client", ours), ("stranger", others)):
        issued = ca.issue_cert("correlator.example.org", common_name="correlator")
        key = issued.private_key_pem.bytes()
        (directory / f"{name}.crt").write_bytes(_chain(issued))
        (directory / f"{name}.key").write_bytes(_pkcs8(key))
        (directory / f"{name}.locked.key").write_bytes(_pkcs8(key, KEY_PASSWORD))


def _chain(issued: trustme.LeafCert) -> bytes:
    return b"".join(blob.bytes() for blob in issued.cert_chain_pems)


def _pkcs8(key: bytes, password: str | None = None) -> bytes:
    """The only form of a key that Kafka reads."""
    lock = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return serialization.load_pem_private_key(key, None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock
    )
