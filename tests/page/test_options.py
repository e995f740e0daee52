"""The options of the page, which its address sets."""

import pytest

from correlator.page import PageOptions


@pytest.mark.parametrize(
    "query, options",
    [
        ({"zoom": "1"}, PageOptions()),
        ({"zoom": "4"}, PageOptions(zoom=4)),
        ({"zoom": "16", "hold": "1", "rows": "all"}, PageOptions(16, True, True)),
    ],
)
def test_an_address_sets_options_and_options_have_an_address(query, options):
    assert PageOptions.from_query(query) == options
    assert options.address == "?" + "&".join(f"{key}={value}" for key, value in query.items())


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
    assert PageOptions.from_query(query) == PageOptions()
