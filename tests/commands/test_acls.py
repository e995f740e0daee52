"""``correlator topics acls``: commands to paste into a shell, which allow what a worker needs and nothing else."""

import shlex
from argparse import ArgumentParser

import pytest

from correlator.settings import Settings
from correlator.topics import Operation, Permission, Resource, needed
from tests.commands.running import correlator

BY_DEFAULT = """\
--operation READ --operation DESCRIBE_CONFIGS --topic prefect.events
--operation WRITE --operation DESCRIBE_CONFIGS --topic prefect.worker-uptime
--operation WRITE --operation DESCRIBE_CONFIGS --topic prefect.flow-run-duration
--operation WRITE --operation DESCRIBE_CONFIGS --topic prefect.events.dead-letter
--operation READ --operation WRITE --operation DESCRIBE_CONFIGS --topic prefect-correlator-lifecycles
--operation READ --operation WRITE --operation DESCRIBE_CONFIGS --topic prefect-correlator-subjects-changelog
--operation READ --group prefect-correlator
--operation WRITE --transactional-id prefect-correlator-worker: --resource-pattern-type prefixed
"""


def test_by_default():
    done = correlator("topics", "acls")
    begin = "kafka-acls.sh --bootstrap-server localhost:9092 --add --allow-principal User:correlator "
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "".join(begin + line for line in BY_DEFAULT.splitlines(keepends=True))


SETTINGS = {
    "others' names": {"app_id": "etl", "topic_events": "raw", "topic_dead_letter": "etl.bad"},
    "one hop": {"input_keyed_by": "subject"},
    "several brokers": {"bootstrap_servers": "one.invalid:9092,two.invalid:9092"},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_shell_reads_what_is_needed_and_for_whom(settings):
    """The broker is not asked: whoever runs the commands may be somebody else, elsewhere."""
    principal = "User:CN=the stage,O=Ours & Co"
    done = correlator(
        "topics", "acls", "--principal", principal, **{name.upper(): value for name, value in settings.items()}
    )
    assert (done.returncode, done.stderr) == (0, "")
    commands = [read(line) for line in done.stdout.splitlines()]
    assert {whom for whom, _, _ in commands} == {principal}
    assert {servers for _, servers, _ in commands} == {settings.get("bootstrap_servers", "localhost:9092")}
    assert [it for _, _, it in commands] == [it._replace(why="") for it in needed(Settings(**settings))]


def read(line: str) -> tuple[str, str, Permission]:
    """Whom a command allows, at which brokers, and what: as kafka-acls does."""
    parser = ArgumentParser(allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--bootstrap-server", required=True)
    parser.add_argument("--add", action="store_true", required=True)
    parser.add_argument("--allow-principal", required=True)
    parser.add_argument("--operation", action="append", required=True)
    parser.add_argument("--resource-pattern-type", choices=["literal", "prefixed"], default="literal")
    of = parser.add_mutually_exclusive_group(required=True)
    for resource in Resource:
        of.add_argument(f"--{resource}", dest=resource.name)
    program, *arguments = shlex.split(line)
    assert program == "kafka-acls.sh"
    said = parser.parse_args(arguments)
    ((resource, name),) = ((it, name) for it in Resource if (name := getattr(said, it.name)) is not None)
    operations = tuple(Operation[it] for it in said.operation)
    what = Permission(resource, name, said.resource_pattern_type == "prefixed", operations, "")
    return said.allow_principal, said.bootstrap_server, what
