"""What an address asks of the page."""

import pytest

from correlator.page import Look


@pytest.mark.parametrize(
    "query, look",
    [
        ({"zoom": "1"}, Look()),
        ({"zoom": "4"}, Look(zoom=4)),
        ({"zoom": "16", "hold": "1", "rows": "all"}, Look(16, True, True)),
    ],
)
def test_an_address_asks_for_a_look_and_a_look_has_an_address(query, look):
    assert Look.asked(query) == look
    assert look.address == "?" + "&".join(f"{key}={value}" for key, value in query.items())


@pytest.mark.parametrize(
    "query",
    [
        {"zoom": "5"},
        {"zoom": "04"},
        {"zoom": "\u0664"},
        {"zoom": "-4"},
        {"zoom": ""},
        {"zoom": "4;width:1px"},
        {"hold": "yes"},
        {"hold": "0"},
        {"rows": "1"},
        {"Zoom": "4", "unknown": "1"},
    ],
)
def test_what_is_not_offered_is_ignored(query):
    assert Look.asked(query) == Look()
