"""Where a worker is reached: as a setting says it, and as the group may say it, which may be anything."""

import pytest

from correlator.address import Address, Reached, address, reached
from correlator.settings import Settings

SAID = {
    "10.2.3.4": Address("10.2.3.4", 8080),
    "10.2.3.4:9000": Address("10.2.3.4", 9000),
    "worker-1.example.com": Address("worker-1.example.com", 8080),
    "Worker_1:80": Address("worker_1", 80),
    "fd00::7": Address("fd00::7", 8080),
    "[fd00::7]": Address("fd00::7", 8080),
    "[fd00::7]:65535": Address("fd00::7", 65535),
}
WRONG = [
    *("", ":8080", "a:0", "a:65536", "a:x", "http://a:1", "a/b", "u@a", "a b", "a:1:2", "[a]:1", "[fd00::7", "-a"),
    *("a?b", "a#b", "é", "x" * 254, "fd00::7%eth0"),
]


@pytest.mark.parametrize("text, expected", SAID.items())
def test_what_a_setting_may_say(text: str, expected: Address):
    assert address(text, 8080) == expected
    assert Settings(web_advertised=text, web_port=8080).reached("machine").address == expected


@pytest.mark.parametrize("text", WRONG)
def test_what_it_may_not(text: str):
    with pytest.raises(ValueError, match="must be host or host:port"):
        address(text, 8080)


@pytest.mark.parametrize(
    "settings, expected",
    [
        ({}, "machine:8080"),
        ({"web_host": "::"}, "machine:8080"),
        ({"web_host": "127.0.0.1", "web_port": 9000}, "127.0.0.1:9000"),
        ({"web_host": "127.0.0.1", "web_advertised": "10.0.0.1:7"}, "10.0.0.1:7"),
        ({"web_port": 0, "web_advertised": "10.0.0.1:7"}, "None"),
    ],
)
def test_where_a_worker_is_reached_that_does_not_say(settings: dict[str, object], expected: str):
    assert str(Settings(**settings).reached("machine").address) == expected


def test_a_machine_whose_name_is_no_address_is_not_reached():
    told = Settings().reached("my machine")
    assert told.address is None
    assert reached(told.url) is None


@pytest.mark.parametrize("port", [0, 8080])
@pytest.mark.parametrize("instance", [None, "correlator-2"])
@pytest.mark.parametrize("host", ["10.2.3.4", "fd00::7", "machine", "My_Machine"])
def test_what_the_group_is_told_is_what_others_read(host: str, instance: str | None, port: int):
    told = Settings(web_advertised=host, web_port=port, instance_id=instance).reached("machine")
    assert reached(told.url) == told


HOSTILE = [
    *("", "x", "http://", "http://a", "http://a:0x50/", "https://a:1/", "file:///etc/passwd", "ftp://a:1/"),
    *("http://user@a:1/", "http://user:secret@a:1/", "http://a:1/path", "http://a:1/?query", "http://a:99999/"),
    *("http://a:1/#<script>", "http://a:1/#" + "n" * 254, "http://[fd00::7%25eth0]:1/", "javascript:alert(1)"),
    *("http://a b:1/", "http://a\r\nX: y:1/", "http://é:1/#\u202e", "//a:1", "http://[::1:1/", "http://a:-1/"),
]


@pytest.mark.parametrize("url", HOSTILE)
def test_whatever_else_the_group_says_is_no_address(url: str):
    assert reached(url) is None


def test_a_name_or_else_the_address_is_what_a_worker_is_called():
    where = Address("a", 1)
    assert reached("http://a:1/#one") == Reached(where, "one")
    assert reached("http://a:1/") == Reached(where, "a:1")
