"""The server's address and our credentials: from Prefect's own variables, or its active profile."""

import pytest

from correlator.bridge.server import Server, server_of
from correlator.settings import Settings, SettingsError

URL = "http://localhost:4200/api"
PROFILES = """
active = "work"
[profiles.work]
PREFECT_API_URL = "https://prefect.example.com/api"
PREFECT_API_KEY = "pnu_work"
[profiles.home]
PREFECT_API_URL = "http://home:4200/api"
PREFECT_SERVER_ANALYTICS_ENABLED = false
"""


@pytest.fixture
def environment(tmp_path):
    """An environment without the profile of the person who runs the tests."""
    return {"PREFECT_HOME": str(tmp_path)}


def of(environment, **settings) -> Server:
    return server_of(Settings(**settings), environment)


def test_from_the_environment(environment):
    server = of(environment | {"PREFECT_API_URL": f" {URL}/ ", "PREFECT_API_KEY": "pnu_x"})
    assert (server.url, server.token) == (URL, "pnu_x")
    assert server.request_headers == {"Authorization": "Bearer pnu_x"}


def test_an_auth_string_is_basic_authentication(environment):
    server = of(environment | {"PREFECT_API_URL": URL, "PREFECT_API_AUTH_STRING": "admin:pass"})
    assert server.token == "admin:pass"
    assert server.request_headers == {"Authorization": "Basic YWRtaW46cGFzcw=="}


def test_without_a_secret(environment):
    server = of(environment | {"PREFECT_API_URL": URL})
    assert (server.token, server.request_headers) == (None, {})


@pytest.mark.parametrize(
    "field, scheme", [("prefect_api_key_file", "Bearer"), ("prefect_api_auth_string_file", "Basic")]
)
def test_a_file_is_read_whenever_it_is_asked_for(environment, tmp_path, field, scheme):
    (file := tmp_path / "secret").write_text("old\n")
    server = of(environment | {"PREFECT_API_URL": URL}, **{field: file})
    file.write_text("new\n")
    assert server.token == "new"
    assert server.request_headers["Authorization"].startswith(scheme)


@pytest.mark.parametrize(
    "more, url, token",
    [
        ({}, "https://prefect.example.com/api", "pnu_work"),
        ({"PREFECT_PROFILE": "home"}, "http://home:4200/api", None),
        ({"PREFECT_API_URL": URL}, URL, "pnu_work"),
        ({"PREFECT_API_URL": ""}, "https://prefect.example.com/api", "pnu_work"),
    ],
)
def test_from_the_active_profile(environment, tmp_path, more, url, token):
    (tmp_path / "profiles.toml").write_text(PROFILES)
    server = of(environment | more)
    assert (server.url, server.token) == (url, token)


@pytest.mark.parametrize("profiles", ["active =", "[profiles]", 'active = "gone"\n[profiles.x]', "profiles = 1", "\0"])
def test_a_profile_that_says_nothing_is_none(environment, tmp_path, profiles):
    (tmp_path / "profiles.toml").write_text(profiles)
    with pytest.raises(SettingsError, match="PREFECT_API_URL is not set"):
        of(environment)


def test_headers_for_somebodys_proxy(environment):
    more = {"PREFECT_API_URL": URL, "PREFECT_CLIENT_CUSTOM_HEADERS": '{"X-Pass": "1"}', "PREFECT_API_KEY": "k"}
    assert of(environment | more).request_headers == {"X-Pass": "1", "Authorization": "Bearer k"}


@pytest.mark.parametrize(
    "more, said",
    [
        ({}, "PREFECT_API_URL is not set"),
        ({"PREFECT_API_URL": "localhost:4200"}, "'localhost:4200' but must be the address of an API"),
        ({"PREFECT_API_URL": "http://admin:pass@x/api"}, "must not contain a user or a password"),
        ({"PREFECT_API_URL": URL, "PREFECT_API_KEY": "a\nb"}, "PREFECT_API_KEY contains a control character"),
        ({"PREFECT_API_URL": "ftp://x/api"}, "must be the address of an API"),
        ({"PREFECT_API_URL": "http://[x/api"}, "must be the address of an API"),
        ({"PREFECT_API_URL": URL, "PREFECT_CLIENT_CUSTOM_HEADERS": "[1]"}, "must be a JSON object of texts"),
        ({"PREFECT_API_URL": "https://x/api", "PREFECT_API_SSL_CERT_FILE": "/no/ca.pem"}, "names /no/ca.pem, which"),
    ],
)
def test_what_cannot_be_used_is_said(environment, more, said):
    with pytest.raises(SettingsError, match=said.replace("[", r"\[")):
        of(environment | more)


def test_a_file_that_is_not_there_is_said(environment, tmp_path):
    with pytest.raises(SettingsError, match=r"CORRELATOR_PREFECT_API_KEY_FILE names .*, which cannot be read"):
        of(environment | {"PREFECT_API_URL": URL}, prefect_api_key_file=tmp_path / "none")
