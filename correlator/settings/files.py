"""Reads the files that settings name: secrets and certificates. Errors name the setting."""

import ssl
from pathlib import Path

from correlator.settings.errors import SettingsError


def secret(variable: str, path: Path) -> str:
    """The secret in a file that the setting ``variable`` names. Raises `SettingsError`."""
    try:
        text = path.read_text().rstrip("\r\n")
    except UnicodeDecodeError:
        raise unusable(variable, path, "which is not text") from None
    except OSError as error:
        raise unreadable(variable, path, error) from None
    if not text:
        raise unusable(variable, path, "which is empty")
    return text


def trusting(variable: str, path: Path) -> ssl.SSLContext:
    """An SSL context that trusts the certificates in a file, and no others. Raises `SettingsError`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise unusable(variable, path, "which holds no certificate in PEM") from None
    except OSError as error:
        raise unreadable(variable, path, error) from None
    return context


def unreadable(variable: str, path: Path, error: OSError) -> SettingsError:
    """The error for a file that cannot be read."""
    return unusable(variable, path, f"which cannot be read: {error.strerror}")


def unusable(variable: str, path: Path, reason: str) -> SettingsError:
    """The error for a file that cannot be used. ``reason`` completes the sentence that names the file."""
    return SettingsError(f"{variable} names {path}, {reason}.")
