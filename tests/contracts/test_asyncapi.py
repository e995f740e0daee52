"""The AsyncAPI document by the official schema, and its examples by what it says of them.

``asyncapi-3.0.0.schema.json.gz`` is ``schemas/3.0.0.json`` of the npm package ``@asyncapi/specs`` 6.11.1, unchanged;
Copyright 2016-2025 AsyncAPI Initiative (http://www.asyncapi.com/), Apache-2.0 as this project. ``make contract-check``
asks the official parser besides.
"""

import gzip
import hashlib
from copy import deepcopy
from pathlib import Path

import jsonschema
import orjson
import pytest

from contract import topics

OFFICIAL = gzip.decompress(Path(__file__).with_name("asyncapi-3.0.0.schema.json.gz").read_bytes())
DOCUMENT = orjson.loads((topics.DIRECTORY / topics.ASYNCAPI).read_bytes())
MESSAGES = {
    f"{channel} {name}": message
    for channel, told in DOCUMENT["channels"].items()
    for name, message in told["messages"].items()
}


@pytest.fixture(scope="module")
def official():
    return jsonschema.Draft7Validator(orjson.loads(OFFICIAL))


def test_the_schema_is_the_official_one():
    assert hashlib.sha256(OFFICIAL).hexdigest() == "d4571a420e6ffb7fcc7066c95a6db1202f299a3c51daa103d0706bf30f95e626"


def test_the_document_is_valid(official):
    assert [error.message for error in official.iter_errors(DOCUMENT)] == []


@pytest.mark.parametrize(
    "path, value",
    [
        (("info", "version"), None),
        (("channels", "workerUptime", "adress"), "misspelt"),
        (("channels", "workerUptime", "bindings", "kafka", "partitions"), "eight"),
        (("channels", "workerUptime", "messages", "record", "examples"), {}),
        (("operations", "readEvents", "action"), "read"),
    ],
    ids=lambda part: "/".join(part) if isinstance(part, tuple) else "",
)
def test_the_schema_refuses_what_is_wrong(official, path, value):
    wrong = deepcopy(DOCUMENT)
    part = wrong
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    assert not official.is_valid(wrong)


def resolved(schema):
    """A payload's schema: there, or in the file beside the document."""
    reference = schema.get("$ref")
    return schema if reference is None else orjson.loads((topics.DIRECTORY / reference).read_bytes())


def valid(schema, value):
    jsonschema.validate(value, schema, jsonschema.Draft202012Validator, format_checker=jsonschema.FormatChecker())


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_every_message_has_examples_and_they_are_what_it_says(message):
    assert message["examples"]
    for example in message["examples"]:
        valid(resolved(message["payload"]), example["payload"])
        if "headers" in message:
            valid(message["headers"], example["headers"])
            assert set(example["headers"]) <= set(message["headers"]["properties"])


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_every_header_and_field_says_what_it_is(message):
    told = [message.get("headers", {"properties": {}}), resolved(message["payload"])]
    assert all(field["description"] for part in told for field in part.get("properties", {}).values())


def test_messages_are_keyed():
    keys = {name: message.get("bindings", {}).get("kafka", {}).get("key") for name, message in MESSAGES.items()}
    assert [name for name, key in keys.items() if key is None] == ["events event"]  # keyed as whoever feeds it likes
