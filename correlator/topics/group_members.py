"""The members of our consumer group: workers of our deployment, or of another that has our app id by mistake.

Two such deployments would share the changelog and the topic between the stages, and mix what they read.
"""

from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from aiokafka.errors import for_code

from correlator.topics.requests import DescribeGroup


async def members(admin: AIOKafkaAdminClient, group: str) -> set[frozenset[str]]:
    """What each member of the group reads, as far as it says so. Raises aiokafka's errors."""
    node = await admin.find_coordinator(group)
    response: Any = await admin._send_request_to_node(node, DescribeGroup(group))
    found: set[frozenset[str]] = set()
    for code, _, _, protocol_type, _, described, _ in response.groups:
        if code:
            raise for_code(code)(group)
        if protocol_type == "consumer":
            for *_, metadata, _ in described:
                if metadata:
                    found.add(frozenset(ConsumerProtocolMemberMetadata.decode(metadata).subscription))
    return found
