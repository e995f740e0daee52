"""Names that are made from a deployment's app id: of its internal topics and of its transactional ids."""

from typing import Final

LONGEST_NAME: Final = 249
"""Kafka's limit for the name of a topic, which is part of a directory's name
(org.apache.kafka.common.internals.Topic).
"""

TABLE: Final = "subjects"
"""The name of the table with the subjects' states."""

CHANGELOG_SUFFIX: Final = f"-{TABLE}-changelog"
"""What Faust appends to the app id to name the table's changelog: the longest of our suffixes."""


def lifecycles(app_id: str) -> str:
    """The internal topic between the two stages."""
    return f"{app_id}-lifecycles"


def changelog(app_id: str) -> str:
    """The changelog of the table of subjects."""
    return f"{app_id}{CHANGELOG_SUFFIX}"


def bridge(app_id: str) -> str:
    """The topic of the bridge's position; also the bridge's transactional id, as a deployment has one of each."""
    return f"{app_id}-bridge"


def worker_ids(app_id: str) -> str:
    """The prefix of the transactional ids of a deployment's workers, which are also their client ids in the group. No
    app id has a colon, so no other deployment's ids begin with it.
    """
    return f"{app_id}-worker:"
