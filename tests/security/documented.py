"""The tables of docs/security.md: as they stand there, and, by ``python -m tests.security.documented``, anew."""

import asyncio
import re
import tempfile
from pathlib import Path
from typing import Final

from correlator.settings import Settings
from correlator.topics import needed
from tests.security.refusals import refusals as all_refusals
from tests.security.secured import PASSWORD, USER, SecuredBroker, secured_kafka
from tests.security.starting import start_and_end

PAGE: Final = Path(__file__).parents[2] / "docs" / "security.md"

_ROW = re.compile(r"\| (?P<what>.+?) \| (?P<said>.+) \| (?P<code>\d) \|")


def refusals() -> dict[str, tuple[str, int]]:
    """What is said and the exit code, by what is wrong."""
    rows = map(_ROW.fullmatch, _part(PAGE.read_text(), "refusals").splitlines())
    return {row["what"]: (row["said"], int(row["code"])) for row in rows if row}


def as_written(said: str, kafka: SecuredBroker) -> str:
    """What a worker said, without what differs from run to run."""
    for address in kafka.addresses.values():
        said = said.replace(address, "HOST:PORT")
    said = said.replace("127.0.0.1:1", "HOST:PORT").replace(str(kafka.directory), "/run/secrets")
    return re.sub(r"(whom we trust) \(.+?\)", r"\1 (…)", said.strip())  # in the words of each version of OpenSSL


def permissions() -> str:
    """The table of what a worker must be allowed to do, with the names of the settings in place of their values."""
    names = {field: "{" + field + "}" for field in Settings.model_fields if field.startswith("topic_")}
    settings = Settings(app_id="APP-ID")
    values = {getattr(settings, field): name for field, name in names.items()}
    rows = []
    for it in needed(settings):
        name = values.get(it.name, it.name.replace("APP-ID", "{app_id}"))
        pattern = "prefixed" if it.prefixed else "literal"
        operations = ", ".join(operation.name for operation in it.operations)
        rows.append(f"| {it.resource} | `{name}` | {pattern} | {operations} | {it.why} |\n")
    return "".join(rows)


def with_permissions(page: str) -> str:
    """The page with the table as it should be."""
    head = "| resource | name | pattern | operations | why |\n|---|---|---|---|---|\n"
    return _with(page, "permissions", head + permissions())


def _part(page: str, name: str) -> str:
    return page.split(f"<!-- {name} -->\n")[1].split(f"<!-- /{name} -->\n", maxsplit=1)[0]


def _with(page: str, name: str, part: str) -> str:
    return page.replace(f"<!-- {name} -->\n{_part(page, name)}", f"<!-- {name} -->\n{part}")


def _tell(kafka: SecuredBroker) -> str:
    rows = ["| what is wrong | what the worker says | exit code |\n|---|---|---|\n"]
    for case in all_refusals(kafka):
        ended = start_and_end(case.settings, kafka.directory / "log")
        rows.append(f"| {case.what} | {as_written(ended.said, kafka)} | {ended.code} |\n")
    return "".join(rows)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory, secured_kafka(Path(directory)) as broker:
        asyncio.run(broker.make_user(USER, PASSWORD))
        PAGE.write_text(_with(with_permissions(PAGE.read_text()), "refusals", _tell(broker)))
