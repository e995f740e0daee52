"""``python -m contract.reference``: update the generated sections of ``docs/records.md``.

Everything between ``<!-- name -->`` and ``<!-- /name -->`` is generated: fields from the models, samples from the
recorded session, examples from their files.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from contract import examples
from contract.messages import ERRORS, HEADERS
from contract.topics import schema
from correlator.event import JSON, Kind
from correlator.settings import Settings

DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "records.md"
"""The file or directory in the project's checkout."""

_FORMATS: Final = {"uuid": "UUID", "date-time": "time"}
_TYPES: Final = {"string": "text", "number": "seconds", "integer": "integer", "boolean": "true or false"}


def sections() -> dict[str, str]:
    """The generated sections, by name."""
    settings = Settings.model_construct()
    schemas = {kind: schema(kind) for kind in Kind}
    parts: dict[str, Any] = {name: part for one in schemas.values() for name, part in one["$defs"].items()}
    return {
        **{f"fields of {kind}": _fields(schemas[kind]["properties"]) for kind in Kind},
        "fields of parts": _fields(
            {
                f"{_word(name)}.{field}": told
                for name, part in sorted(parts.items())
                for field, told in part["properties"].items()
            }
        ),
        **{f"a {kind}": _block("json", _record(examples.of_records(kind, "")[0].payload)) for kind in Kind},
        "a flow-run-duration in Kubernetes": _block("json", _record(examples.in_kubernetes("").payload)),
        "headers of a flow-run-duration": _table(
            ("header", "such as", "what it is"),
            ((f"`{name}`", f"`{value}`", HEADERS[name]) for name, value in _shown(settings).items()),
        ),
        "headers of a dead letter": _table(
            ("header", "what it is"), ((f"`{name}`", told) for name, told in ERRORS.items())
        ),
        **{name: _block(language, _example(name)) for name, language in (("kcat.sh", "sh"), ("follow.py", "python"))},
    }


def renewed(text: str) -> str:
    """The document's text with every section brought up to date. Raises KeyError for a section of an unknown name."""
    told = sections()

    def section(found: re.Match[str]) -> str:
        return f"<!-- {found[1]} -->\n{told[found[1]]}<!-- /{found[1]} -->"

    return re.sub(r"<!-- ([^/].*?) -->\n.*?<!-- /\1 -->", section, text, flags=re.DOTALL)


def _shown(settings: Settings) -> dict[str, str]:
    return examples.of_records(Kind.FLOW_RUN, settings.source)[0].headers


def _fields(properties: Mapping[str, Any]) -> str:
    rows = ((f"`{name}`", *_type(told), told["description"]) for name, told in properties.items())
    return _table(("field", "type", "null", "what it is"), rows)


def _type(told: Mapping[str, Any]) -> tuple[str, str]:
    """A field's type in words, and whether it may be null."""
    choices = [one for one in told.get("anyOf", [told]) if one != {"type": "null"}]
    (type_,) = choices
    null = "may be" if "anyOf" in told else "never"
    if "$ref" in type_:
        return _word(type_["$ref"].rpartition("/")[2]), null
    if type_["type"] == "array":
        return "list of text", null
    return _FORMATS.get(type_.get("format"), _TYPES[type_["type"]]), null


def _word(part: str) -> str:
    """The tables' name for a part of a record: mostly that of its key."""
    return part.removeprefix("FlowRun").lower()


def _record(record: JSON) -> str:
    """A record as JSON with one key per line."""
    assert isinstance(record, dict)
    lines = (f"  {orjson.dumps(key).decode()}: {orjson.dumps(value).decode()}" for key, value in record.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _example(name: str) -> str:
    return (DOCUMENT.parent / "examples" / name).read_text()


def _block(language: str, text: str) -> str:
    return f"```{language}\n{text}```\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (f"| {' | '.join(row)} |\n" for row in rows)
    return f"| {' | '.join(head)} |\n{'|---' * len(head)}|\n" + "".join(lines)


if __name__ == "__main__":
    DOCUMENT.write_text(renewed(DOCUMENT.read_text()))
