"""What must be on the broker: the declared topics, creating those that are missing, saying what differs, and what we
must be allowed to do.
"""

from correlator.topics.checking import Difference, check
from correlator.topics.creating import create
from correlator.topics.declared import Role, TopicSpec, declared
from correlator.topics.errors import TopicsError
from correlator.topics.permissions import Operation, Permission, Resource, needed
from correlator.topics.startup import Layout, prepare

__all__ = [
    "Difference",
    "Layout",
    "Operation",
    "Permission",
    "Resource",
    "Role",
    "TopicSpec",
    "TopicsError",
    "check",
    "create",
    "declared",
    "needed",
    "prepare",
]
