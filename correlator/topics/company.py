"""Who else is in our consumer group: workers of our deployment, or of another that has our app id by mistake.

Two such deployments would share the changelog and the topic between the stages, and mix what they read.
"""

from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from aiokafka.errors import for_code

from correlator.topics.asking import AskGroup


async def strangers(admin: AIOKafkaAdminClient, group: str, input_: str) -> set[str]:
    """The topics that those members of the group read who do not read ``input_``. Raises aiokafka's errors."""
    node = await admin.find_coordinator(group)
    response: Any = await admin._send_request_to_node(node, AskGroup(group))
    found: set[str] = set()
    for code, _, _, protocol_type, _, members, _ in response.groups:
        if code:
            raise for_code(code)(group)
        if protocol_type == "consumer":
            for *_, metadata, _ in members:
                topics = set(ConsumerProtocolMemberMetadata.decode(metadata).subscription) if metadata else {input_}
                found |= topics if input_ not in topics else set()
    return found
