"""Secrets stay in their files. test_ways_in.py checks the process list and the log of a running worker."""

from pathlib import Path

import pytest

from correlator.client import client_of
from correlator.engine.credentials import credentials_of
from correlator.settings import Settings
from tests.security.secured import PASSWORD


def settings(file: Path) -> Settings:
    user = {"sasl_username": "etl", "sasl_password_file": file}
    return Settings(security_protocol="sasl_plaintext", sasl_mechanism="PLAIN", **user)


def test_settings_and_credentials_do_not_show_them(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    client = client_of(settings(file))
    assert client["sasl_plain_password"] == PASSWORD
    for shown in (repr(settings(file)), settings(file).model_dump_json(), repr(credentials_of(client))):
        assert PASSWORD not in shown


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_end_of_a_line_is_no_part_of_a_secret(tmp_path: Path, end: str) -> None:
    """Editors and `echo` add a newline at the end; blanks belong to the secret."""
    file = tmp_path / "password"
    file.write_text(f" pass word {end}", newline="")
    assert client_of(settings(file))["sasl_plain_password"] == " pass word "
