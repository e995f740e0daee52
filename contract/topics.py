"""The contract in ``topics/``, generated from what the code declares and publishes, so that the two cannot differ.

``python -m contract.topics`` writes it; with ``--check``, it reports what is out of date and exits with 1.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import griffe
import msgspec
import orjson

from contract import examples
from contract.asyncapi import document
from correlator.event import JSON, Kind
from correlator.records import models
from correlator.records.models import MODELS
from correlator.settings import Settings
from correlator.topics.declared import declared, declared_for_bridge

DIRECTORY: Final = Path(__file__).parents[1] / "topics"
"""The file or directory in the project's checkout."""

ASYNCAPI: Final = "asyncapi.json"
TOPICS: Final = "topics.json"
REFERENCE: Final = "#/$defs/{name}"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_SOURCE: Final = griffe.load(models.__name__)
"""The source of the models, which has their docstrings."""


def files() -> dict[str, bytes]:
    """The contract's files by name, for the default settings."""
    settings = Settings.model_construct()  # the defaults, whatever the environment says
    contents: dict[str, object] = {
        TOPICS: _topics(settings),
        ASYNCAPI: document(settings),
        **{f"{kind}.schema.json": schema(kind) for kind in Kind},
    }
    return {name: orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n" for name, content in contents.items()}


def schema(kind: Kind) -> dict[str, Any]:
    """The JSON Schema of a record, with examples. It allows unknown keys, since later versions add some."""
    model = MODELS[kind]
    _, components = msgspec.json.schema_components([model], ref_template=REFERENCE)
    choices = {REFERENCE.format(name=name): part["enum"] for name, part in components.items() if "enum" in part}
    structs = ((name, part) for name, part in sorted(components.items()) if "enum" not in part)
    parts = {name: _described(name, part, choices) for name, part in structs}
    record = parts.pop(model.__name__)
    shown = [example.payload for example in examples.of_records(kind, "")]
    return {"$schema": DIALECT, "$defs": parts, **record, "examples": shown}


def _described(name: str, part: dict[str, Any], choices: Mapping[str, list[str]]) -> dict[str, Any]:
    """The schema of a model with the descriptions of its fields, which are only in its source. ``choices``: the values
    of enumerations, by reference.
    """
    fields = _SOURCE[name].all_members
    properties = {
        field: _in_order({**_typed(told, choices), "description": _text(fields[field])})
        for field, told in part["properties"].items()
    }
    described = {**part, "description": _text(_SOURCE[name]), "properties": properties, "required": list(properties)}
    described.pop("additionalProperties", None)  # closed to extra keys only where we read it back ourselves
    return _in_order(described)


def _text(said: griffe.Object | griffe.Alias) -> str:
    """A docstring on one line."""
    assert said.docstring is not None, f"{said.path} has no docstring"
    return " ".join(said.docstring.value.split())


def _typed(told: dict[str, Any], choices: Mapping[str, list[str]]) -> dict[str, Any]:
    """A field's schema with an enumeration's values in place of the reference, and with the type, which some tools
    require.
    """
    if "anyOf" in told:
        return {"anyOf": [_typed(choice, choices) for choice in told["anyOf"]]}
    if (values := choices.get(told.get("$ref", ""))) is not None:
        told = {"enum": values}
    return _in_order({"type": "string", **told} if "enum" in told else told)


def _in_order(part: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(part.items()))


def _topics(settings: Settings) -> list[JSON]:
    return [
        {
            "name": spec.name,
            "purpose": spec.purpose,
            "keyed_by": spec.key,
            "partitions": spec.partitions,
            "replication_factor": spec.replication_factor,
            "config": dict(spec.config),
        }
        for spec in (*declared(settings), *declared_for_bridge(settings)[1:])
    ]


def main(arguments: Sequence[str]) -> int:
    """Write the contract, or check it; returns the exit code."""
    wanted = files()
    if "--check" in arguments:
        stale = [name for name, content in wanted.items() if _read(DIRECTORY / name) != content]
        for name in stale:
            sys.stderr.write(f"topics/{name} is out of date: run `make contract`.\n")
        return 1 if stale else 0
    DIRECTORY.mkdir(exist_ok=True)
    for name, content in wanted.items():
        (DIRECTORY / name).write_bytes(content)
    return 0


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
