"""What must be on the broker: the declared topics, creating those that are missing, saying what differs."""

from correlator.topics.checking import Difference, check
from correlator.topics.creating import create
from correlator.topics.declared import Role, TopicSpec, declared
from correlator.topics.errors import TopicsError
from correlator.topics.layout import Layout, prepare

__all__ = ["Difference", "Layout", "Role", "TopicSpec", "TopicsError", "check", "create", "declared", "prepare"]
