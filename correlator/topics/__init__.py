"""What must be on the broker: the declared topics, creating those that are missing, saying what differs, and what we
must be allowed to do.
"""

from correlator.topics.checking import Difference, check
from correlator.topics.creating import create
from correlator.topics.declared import Purpose, TopicSpec, declared, declared_for_bridge
from correlator.topics.errors import TopicsError
from correlator.topics.permissions import Operation, Permission, Resource, needed, needed_by_bridge
from correlator.topics.startup import Layout, Room, prepare, prepare_for_bridge

__all__ = [
    "Difference",
    "Layout",
    "Operation",
    "Permission",
    "Purpose",
    "Resource",
    "Room",
    "TopicSpec",
    "TopicsError",
    "check",
    "create",
    "declared",
    "declared_for_bridge",
    "needed",
    "needed_by_bridge",
    "prepare",
    "prepare_for_bridge",
]
