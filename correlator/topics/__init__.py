"""The topics that must be on the broker, and the permissions that we must have there: declares, creates and checks
them.
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
