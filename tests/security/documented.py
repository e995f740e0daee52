"""The tables of docs/security.md; ``python -m tests.security.documented`` updates them."""

import asyncio
import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from correlator.settings import Settings
from correlator.topics import Operation, Permission, Resource, needed, needed_by_bridge
from correlator.topics.errors import not_permitted
from tests.security.refusals import refusals as all_refusals
from tests.security.secured import PASSWORD, USER, SecuredBroker, secured_kafka
from tests.security.starting import start_and_end

PAGE: Final = Path(__file__).parents[2] / "docs" / "security.md"

_ROW = re.compile(r"\| (?P<what>.+?) \| (?P<said>.+) \| (?P<code>\d) \|")


def refusals(table: str = "refusals") -> dict[str, tuple[str, int]]:
    """The sentence and the exit code, by what is wrong."""
    rows = map(_ROW.fullmatch, _part(PAGE.read_text(), table).splitlines())
    return {row["what"]: (row["said"], int(row["code"])) for row in rows if row}


def denials() -> dict[str, tuple[str, int]]:
    """The same, by the `missing` permission; with the default names."""
    return refusals("denials")


def missing(permission: Permission, operation: Operation) -> str:
    """The table's name for a missing permission."""
    return f"{operation.name} on {permission.resource} `{permission.name}`"


def as_written(said: str, kafka: SecuredBroker) -> str:
    """What a worker said, without the parts that differ from run to run."""
    for address in kafka.addresses.values():
        said = said.replace(address, "HOST:PORT")
    said = said.replace("127.0.0.1:1", "HOST:PORT").replace(str(kafka.directory), "/run/secrets")
    return re.sub(r"(by a trusted CA) \(.+?\)", r"\1 (…)", said.strip())  # in the words of each version of OpenSSL


def permissions(needed: Callable[[Settings], Iterable[Permission]]) -> str:
    """The table of what is needed, with the names of the settings in place of their values."""
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
    """The page with the tables of permissions as they should be."""
    head = "| resource | name | pattern | operations | why |\n|---|---|---|---|---|\n"
    page = _with(page, "permissions", head + permissions(needed))
    page = _with(page, "the bridge's permissions", head + permissions(needed_by_bridge))
    return _with(page, "denials", "| missing | what the worker says | exit code |\n|---|---|---|\n" + _denials())


def _denials() -> str:
    rows = []
    for permission in needed(Settings()):
        for operation in permission.operations:
            if permission.resource is Resource.TRANSACTIONAL_ID:  # in the engine's words, which knows no permissions
                name = permission.name
                said = f"no permission for the transactional id {name}…: allow WRITE on the prefix {name}"
            else:
                left = set(permission.operations) - {operation}
                told = (operation,) if left & {Operation.READ, Operation.WRITE} else permission.operations  # DESCRIBE
                said = str(not_permitted([permission._replace(operations=told)]))
            rows.append(f"| {missing(permission, operation)} | {said} | 1 |\n")
    return "".join(rows)


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
