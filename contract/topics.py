"""The contract in ``topics/``: generated from what the code declares and publishes, so that it says nothing else.

``python -m contract.topics`` writes it; with ``--check`` it says what is out of date, with exit code 1.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import orjson
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from contract import examples
from contract.asyncapi import document
from contract.messages import TIME
from correlator.event import JSON, Kind
from correlator.records.models import MODELS
from correlator.settings import Settings
from correlator.topics.declared import declared

DIRECTORY: Final = Path(__file__).parents[1] / "topics"
"""In the project's own checkout."""

ASYNCAPI: Final = "asyncapi.json"
TOPICS: Final = "topics.json"


def files() -> dict[str, bytes]:
    """The files of the contract by name, for the default settings."""
    settings = Settings.model_construct()  # the defaults, whatever the environment says
    contents: dict[str, object] = {
        TOPICS: _topics(settings),
        ASYNCAPI: document(settings),
        **{f"{kind}.schema.json": schema(kind) for kind in Kind},
    }
    return {name: orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n" for name, content in contents.items()}


def schema(kind: Kind) -> JsonSchemaValue:
    """The JSON Schema of a record, with examples. It takes keys that it does not know: later versions add some."""
    generated = MODELS[kind].model_json_schema(mode="serialization", schema_generator=_Plain)
    shown = [example.payload for example in examples.of_records(kind, "")]
    return {"$schema": _Plain.schema_dialect, **_unbroken(generated), "examples": shown}


class _Plain(GenerateJsonSchema):
    """Without a title for every property, which only repeats its name; with times as they are written."""

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:
        return {"type": "string", "format": "date-time", "pattern": TIME}

    def field_title_should_be_set(self, schema: core_schema.CoreSchema | core_schema.ModelField) -> bool:
        return False


def _unbroken(schema: JsonSchemaValue) -> JsonSchemaValue:
    """With descriptions on one line: where the source breaks them means nothing."""
    return {
        key: " ".join(part.split())
        if key == "description" and isinstance(part, str)
        else _unbroken(part)
        if isinstance(part, dict)
        else part
        for key, part in schema.items()
    }


def _topics(settings: Settings) -> list[JSON]:
    return [
        {
            "name": spec.name,
            "role": spec.role,
            "keyed_by": spec.key,
            "partitions": spec.partitions,
            "replication_factor": spec.replication_factor,
            "config": dict(spec.config),
        }
        for spec in declared(settings)
    ]


def main(arguments: Sequence[str]) -> int:
    """Write the contract, or check it; returns the exit code."""
    wanted = files()
    if "--check" in arguments:
        stale = [name for name, content in wanted.items() if _read(DIRECTORY / name) != content]
        for name in stale:
            sys.stderr.write(f"topics/{name} is not what the code says: run `make contract`.\n")
        return 1 if stale else 0
    DIRECTORY.mkdir(exist_ok=True)
    for name, content in wanted.items():
        (DIRECTORY / name).write_bytes(content)
    return 0


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
