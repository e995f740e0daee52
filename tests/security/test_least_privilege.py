"""Every permission that `needed` lists is needed, and a worker names the missing ones. test_ways_in.py shows that they
are enough.
"""

import asyncio
import re
from enum import Enum
from pathlib import Path

import pytest

from correlator.settings import Settings
from correlator.topics import Operation, Permission, Resource, TopicsError, check, create, needed
from tests.security import documented
from tests.security.secured import PASSWORD, SecuredBroker
from tests.security.starting import Ended, start_and_end

APP = "least"
WITHIN = 45
"""Seconds to wait for what takes 15 on an idle machine."""

NEEDED = list(needed(Settings(app_id=APP)))
ASKED = [
    (it, operation) for it in NEEDED for operation in it.operations if it.resource is not Resource.TRANSACTIONAL_ID
]


class Creating(Enum):
    """The permissions that a worker needs only to create topics."""

    CREATE = 5  # org.apache.kafka.common.acl.AclOperation


@pytest.fixture(scope="module")
def topics(secured: SecuredBroker) -> None:
    asyncio.run(create(Settings(bootstrap_servers=(secured.addresses["ADMIN"],), app_id=APP, partitions=1)))


def start(kafka: SecuredBroker, directory: Path, allowed: list[Permission], **settings: str) -> Ended:
    """A worker with these permissions and no others."""
    asyncio.run(allow(kafka, directory.name, allowed))
    wanted = {"APP_ID": APP, "DATA_DIR": str(directory), "CREATE_TOPICS": "false", "LOG_LEVEL": "error", **settings}
    return start_and_end(
        kafka.settings("TLS", "SCRAM-SHA-512", SASL_USERNAME=directory.name) | wanted, directory / "log"
    )


async def allow(kafka: SecuredBroker, user: str, allowed: list[Permission]) -> None:
    await kafka.make_user(user, PASSWORD)
    async with kafka.administrator() as administrator:
        await administrator.allow(user, allowed)


def told(permission: Permission, operation: Operation) -> tuple[str, int]:
    """The sentence of docs/security.md about a missing permission, which has the default names."""
    by_default = Settings().app_id
    name = permission.name.replace(APP, by_default)
    said, code = documented.denials()[documented.missing(permission._replace(name=name), operation)]
    return said.replace(by_default, APP), code


@pytest.mark.parametrize(
    "lacking, operation", ASKED, ids=[f"{operation.name} on {it.resource} {it.name}" for it, operation in ASKED]
)
def test_a_worker_that_lacks_one_thing_refuses_to_start(
    secured: SecuredBroker, topics: None, tmp_path: Path, lacking: Permission, operation: Operation
) -> None:
    left = lacking._replace(operations=tuple(it for it in lacking.operations if it is not operation))
    ended = start(secured, tmp_path, [left if it is lacking else it for it in NEEDED])
    assert ended.code == 1
    assert ended.seconds < WITHIN
    assert (ended.said.strip(), ended.code) == told(lacking, operation)


def test_a_worker_that_may_not_write_its_transactions_ends(
    secured: SecuredBroker, topics: None, tmp_path: Path
) -> None:
    ended = start(secured, tmp_path, [it for it in NEEDED if it.resource is not Resource.TRANSACTIONAL_ID])
    assert ended.code == 1
    assert ended.seconds < WITHIN
    said, code = told(NEEDED[-1], Operation.WRITE)
    (sentence,) = ended.said.splitlines()
    assert re.search(re.escape(said).replace("…", r"\S+") + "$", sentence)
    assert ended.code == code


def test_a_worker_that_is_allowed_nothing_says_it_all_at_once(secured: SecuredBroker, tmp_path: Path) -> None:
    ended = start(secured, tmp_path, [])
    assert ended.code == 1
    assert [line.split(" on the ")[1].split(":")[0] for line in ended.said.splitlines()] == [
        f"{it.resource} {it.name}" for it in NEEDED if it.resource is not Resource.TRANSACTIONAL_ID
    ]


def test_creating_topics_needs_no_more_than_create_on_each(
    secured: SecuredBroker, topics: None, tmp_path: Path
) -> None:
    """Nothing on the cluster. What is not named after the app id is there already; the input always must be."""
    app = "creating"
    allowed = [it for it in needed(Settings(app_id=app)) if it.resource is not Resource.TRANSACTIONAL_ID]
    made = [it for it in allowed if it.resource is Resource.TOPIC and it.name.startswith(app)]
    create_them = [it._replace(operations=(Creating.CREATE,)) for it in made]
    own = {"APP_ID": app, "CREATE_TOPICS": "true", "LOG_LEVEL": "info"}
    ended = start(secured, tmp_path, [*allowed, *create_them], **own)
    for topic in made:
        assert f"created the topic {topic.name}" in ended.said
    assert "no permission for the transactional id" in ended.said  # for this test's sake, as it ends by it


def test_who_may_not_create_topics_hears_what_to_do(secured: SecuredBroker, topics: None, tmp_path: Path) -> None:
    app = "uncreated"
    ended = start(secured, tmp_path, list(needed(Settings(app_id=app))), APP_ID=app, CREATE_TOPICS="true")
    assert ended.code == 1
    assert ended.said == (
        f"No permission to create {app}-lifecycles and {app}-subjects-changelog: allow CREATE on them,"
        " or have them created and set CORRELATOR_CREATE_TOPICS=false.\n"
    )


async def test_who_may_not_look_at_topics_hears_what_to_do(secured: SecuredBroker, topics: None) -> None:
    """This is for commands that only check: a worker at its start names all missing permissions at once."""
    await allow(secured, "blind", [it for it in NEEDED if it.name != "prefect.events"])
    reach = secured.settings("TLS", "SCRAM-SHA-512", SASL_USERNAME="blind")
    settings = Settings(**{name.lower(): value for name, value in reach.items()}, app_id=APP)
    with pytest.raises(TopicsError) as caught:
        await check(settings)
    said = "No permission to describe prefect.events: allow DESCRIBE and DESCRIBE_CONFIGS on it."
    assert str(caught.value) == said


def test_the_table_in_the_documentation_is_up_to_date() -> None:
    page = documented.PAGE.read_text()
    assert page == documented.with_permissions(page), "run python -m tests.security.documented"
