"""Heartbeats that name the instance id, which aiokafka's do not. So a member hears that another process has its name.

To a heartbeat without it, the group answers that it does not know the member, as if its session had ended. aiokafka
then joins again under the instance id and takes the other process's place; in the end, both processes have ended.
"""

from typing import Any, NamedTuple

from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.protocol.group import HeartbeatRequest

from correlator.engine.membership import Membership
from correlator.engine.offsets import FENCED, REFUSALS, NotOurs
from correlator.engine.requests import Heartbeat


class _Taken(NamedTuple):
    """An answer to which aiokafka does not react: it must not join again."""

    error_code: int = 0


class _NamedCoordinator(GroupCoordinator):
    replaced: NotOurs | None = None

    async def _send_req(self, request: Any) -> Any:
        """Send a request to the group's coordinator."""
        if not isinstance(request, HeartbeatRequest):
            return await super()._send_req(request)  # type: ignore[no-untyped-call]
        membership = Membership(self.group_id, self.generation, self.member_id, self._group_instance_id)
        answer = await super()._send_req(Heartbeat(membership))  # type: ignore[no-untyped-call]
        if answer.error_code != FENCED:
            return answer
        self.replaced = NotOurs(REFUSALS[FENCED])
        return _Taken()


def name_in_heartbeats(coordinator: Any) -> None:
    """Make aiokafka's coordinator name the instance id, if there is one, in its heartbeats."""
    if coordinator._group_instance_id is not None:
        coordinator.__class__ = _NamedCoordinator  # the consumer takes no other class, and makes it itself


def refusal(coordinator: Any) -> BaseException | None:
    """Why the group refuses this process for good; None if it does not. aiokafka raises that only in a poll, which
    Faust does not make.
    """
    replaced = coordinator.replaced if isinstance(coordinator, _NamedCoordinator) else None
    return replaced or getattr(coordinator, "_pending_exception", None)
