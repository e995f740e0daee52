"""What a broker does not permit, on a real one that has an authorizer."""

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest

from correlator.settings import Settings
from correlator.topics import TopicsError, check, create, prepare
from tests.commands.running import correlator

TOPIC, CLUSTER = 2, 4  # org.apache.kafka.common.resource.ResourceType
LITERAL = 3  # PatternType
ALL, CREATE, DESCRIBE_CONFIGS = 2, 5, 10  # org.apache.kafka.common.acl.AclOperation
DENY, ALLOW = 2, 3  # AclPermissionType

AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "true",
}


async def rule(admin, resource, name, operation, permission):
    await admin._send_request(CreateAclsRequest(resource, name, LITERAL, "User:*", "*", operation, permission))


@pytest.fixture
async def forbidding(own_kafka):
    """A Kafka on which nobody may create a topic, and the internal ones of ``etl`` are missing."""
    broker = own_kafka(AUTHORIZER).bootstrap_servers
    settings = Settings(bootstrap_servers=(broker,), app_id="etl", partitions=1)
    await create(settings.model_copy(update={"app_id": "other"}))
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    for resource, name in ((CLUSTER, "kafka-cluster"), (TOPIC, "*")):
        await rule(admin, resource, name, ALL, ALLOW)
        await rule(admin, resource, name, CREATE, DENY)
    yield settings, admin
    await admin.close()


async def test_no_permission(forbidding):
    settings, admin = forbidding
    internal = "etl-lifecycles and etl-subjects-changelog"
    told = (
        f"No permission to create {internal}: allow CREATE on them,"
        " or have them created and set CORRELATOR_CREATE_TOPICS=false."
    )
    for ask in (create, prepare):
        with pytest.raises(TopicsError) as caught:
            await ask(settings)
        assert str(caught.value) == told
    environment = {"BOOTSTRAP_SERVERS": settings.bootstrap_servers[0], "APP_ID": "etl", "LOG_LEVEL": "error"}
    for command in (("topics", "create"), ("worker",)):
        done = correlator(*command, **environment)
        assert (done.returncode, done.stderr) == (1, f"{told}\n")

    await rule(admin, TOPIC, settings.topic_dead_letter, DESCRIBE_CONFIGS, DENY)
    with pytest.raises(TopicsError) as caught:
        await check(settings)
    assert str(caught.value) == (
        f"No permission to look at {settings.topic_dead_letter}: allow DESCRIBE and DESCRIBE_CONFIGS on it."
    )
