"""The members of our consumer group: workers of our deployment, or of another that has our app id by mistake.

Two such deployments would share the changelog and the topic between the stages, and mix what they read.
"""

from typing import Any, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from aiokafka.errors import for_code

from correlator.topics.requests import DescribeGroup


class Member(NamedTuple):
    """A member of the group."""

    client_id: str
    reads: frozenset[str]
    """The topics that it reads."""


async def members(admin: AIOKafkaAdminClient, group: str) -> set[Member]:
    """The members of the group that say what they read. Raises aiokafka's errors."""
    node = await admin.find_coordinator(group)
    response: Any = await admin._send_request_to_node(node, DescribeGroup(group))
    found: set[Member] = set()
    for code, _, _, protocol_type, _, described, _ in response.groups:
        if code:
            raise for_code(code)(group)
        if protocol_type == "consumer":
            for _, client_id, _, metadata, _ in described:
                if metadata:
                    subscription = ConsumerProtocolMemberMetadata.decode(metadata).subscription
                    found.add(Member(client_id, frozenset(subscription)))
    return found
