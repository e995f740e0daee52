"""``topics/`` says what the code does."""

import jsonschema
import orjson
import pytest

from contract import topics
from correlator.event import Kind
from correlator.records import bare, render
from tests.records.lifecycles import ALL


def read(name):
    return orjson.loads((topics.DIRECTORY / name).read_bytes())


@pytest.mark.parametrize("name", topics.files())
def test_nothing_has_drifted(name):
    assert (topics.DIRECTORY / name).read_bytes() == topics.files()[name], "run `make contract`"


def test_nothing_else_is_there():
    assert {path.name for path in topics.DIRECTORY.glob("*.json")} == set(topics.files())


def test_the_environment_of_whoever_generates_has_no_part_in_it(monkeypatch):
    before = topics.files()
    monkeypatch.setenv("CORRELATOR_APP_ID", "mine")
    monkeypatch.setenv("CORRELATOR_PARTITIONS", "99")
    assert topics.files() == before


@pytest.mark.parametrize("shown", [lambda decided: decided, bare], ids=["whole", "bare"])
@pytest.mark.parametrize("decided", ALL.values(), ids=ALL)
def test_every_record_is_valid_by_its_schema(decided, shown):
    schema = read(f"{decided.kind}.schema.json")
    validator = jsonschema.Draft202012Validator
    validator.check_schema(schema)
    checker = validator.FORMAT_CHECKER
    validator(schema, format_checker=checker).validate(orjson.loads(render(shown(decided), "etl").value))


@pytest.mark.parametrize("kind", Kind)
def test_every_key_is_required_and_said_what_it_is(kind):
    schema = read(f"{kind}.schema.json")
    for part in (schema, *schema["$defs"].values()):
        assert part["required"] == list(part["properties"])
        assert all(told.get("description") for told in part["properties"].values())


@pytest.mark.parametrize("kind", Kind)
def test_keys_that_later_versions_add_are_taken_everywhere(kind):
    schema = read(f"{kind}.schema.json")
    for example in schema["examples"]:
        more = {key: part | {"new": 1} if isinstance(part, dict) else part for key, part in example.items()}
        jsonschema.Draft202012Validator(schema).validate(more | {"new": 1})


def test_every_reference_of_the_asyncapi_document_leads_somewhere():
    document = read(topics.ASYNCAPI)
    references = []

    def collect(part):
        if isinstance(part, dict):
            references.extend(value for key, value in part.items() if key == "$ref")
            for value in part.values():
                collect(value)

    collect(document)
    assert len(references) == 6
    for reference in references:
        file, _, pointer = reference.partition("#")
        target = read(file.removeprefix("./")) if file else document
        for step in filter(None, pointer.split("/")):
            target = target[step]


def test_check_says_what_is_stale(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(topics, "DIRECTORY", tmp_path)
    assert topics.main(["--check"]) == 1
    assert "topics/asyncapi.json is out of date: run `make contract`." in capsys.readouterr().err
    assert topics.main([]) == 0
    assert topics.main(["--check"]) == 0
