"""Faust's assignor, for members that come back elsewhere."""

from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from faust.assignor.client_assignment import ClientMetadata
from faust.assignor.partition_assignor import PartitionAssignor


class Assignor(PartitionAssignor):
    """Faust's. A static member that restarts is given the assignment that it had, made when it was reached at another
    URL (KIP-345); Faust takes that for somebody else's, and reads nothing.
    """

    def on_assignment(  # type: ignore[override]
        self,  # aiokafka has a class method here, and Faust has not
        assignment: ConsumerProtocolMemberMetadata,
    ) -> None:
        """Take an assignment as ours, whatever our URL was when it was made."""
        told = ClientMetadata.loads(self._decompress(assignment.user_data))
        told.url = str(self._url)
        assignment.user_data = self._compress(told.dumps())
        super().on_assignment(assignment)
