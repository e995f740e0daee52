"""Asks the broker what it authorizes us to do, before the stage starts: the first dead letter would be too late."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)

from correlator.topics.permissions import Permission, Resource
from correlator.topics.requests import DescribeGroup, DescribeTopics

_NOTHING: Final = 0
"""The bits of no operation."""


async def missing(admin: AIOKafkaAdminClient, permissions: Iterable[Permission]) -> list[Permission]:
    """The permissions for topics and groups that are missing, each with the operations that are not allowed.

    It makes no difference whether a topic exists. Kafka gives no such answer about transactional ids: a worker finds
    out when it takes its own, right after this. Raises aiokafka's errors.
    """
    wanted = list(permissions)
    topics = [permission.name for permission in wanted if permission.resource is Resource.TOPIC]
    groups = [permission.name for permission in wanted if permission.resource is Resource.GROUP]
    allowed = {Resource.TOPIC: await _topics(admin, topics), Resource.GROUP: await _groups(admin, groups)}
    lacking = []
    for permission in wanted:
        codes = allowed.get(permission.resource)
        if codes is None:
            continue
        operations = tuple(it for it in permission.operations if not codes[permission.name] >> it.value & 1)
        if operations:
            lacking.append(permission._replace(operations=operations))
    return lacking


async def _topics(admin: AIOKafkaAdminClient, names: list[str]) -> Mapping[str, int]:
    response: Any = await admin._send_request(DescribeTopics(names))
    allowed = {}
    for code, name, *_, operations in response.topics:
        error = for_code(code)
        if code and error not in {TopicAuthorizationFailedError, UnknownTopicOrPartitionError}:
            raise error(name)
        allowed[name] = _NOTHING if error is TopicAuthorizationFailedError else operations
    return allowed


async def _groups(admin: AIOKafkaAdminClient, names: list[str]) -> Mapping[str, int]:
    allowed = {}
    for name in names:
        try:
            node = await admin.find_coordinator(name)
        except GroupAuthorizationFailedError:
            allowed[name] = _NOTHING
            continue
        response: Any = await admin._send_request_to_node(node, DescribeGroup(name))
        for group in response.groups:
            error = for_code(group[0])
            if group[0] and error is not GroupAuthorizationFailedError:
                raise error(name)
            allowed[name] = _NOTHING if group[0] else group[-1]
    return allowed
