"""Faust's assignor, made to work for static members that come back at another URL."""

from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from faust.assignor.client_assignment import ClientMetadata
from faust.assignor.partition_assignor import PartitionAssignor


class Assignor(PartitionAssignor):
    """Faust's assignor. A static member that restarts gets its old assignment, which names the URL that it had then
    (KIP-345). Faust would take that for the assignment of another member, and read nothing.
    """

    def on_assignment(  # type: ignore[override]
        self,  # aiokafka has a class method here, and Faust has not
        assignment: ConsumerProtocolMemberMetadata,
    ) -> None:
        """Accept an assignment as ours, whatever URL it was made for."""
        metadata = ClientMetadata.loads(self._decompress(assignment.user_data))
        metadata.url = str(self._url)
        assignment.user_data = self._compress(metadata.dumps())
        super().on_assignment(assignment)
