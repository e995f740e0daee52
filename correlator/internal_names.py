"""Names that a deployment's app id gives: of its internal topics, and of its workers' transactions."""

from typing import Final

LONGEST_NAME: Final = 249
"""Kafka's limit for a topic's name (org.apache.kafka.common.internals.Topic): it is part of a directory's name."""

TABLE: Final = "subjects"
"""The table that open lifecycles are kept in."""

CHANGELOG_SUFFIX: Final = f"-{TABLE}-changelog"
"""What Faust appends to the app id to name the table's changelog: the longest of our suffixes."""


def lifecycles(app_id: str) -> str:
    """The internal topic between the two stages."""
    return f"{app_id}-lifecycles"


def changelog(app_id: str) -> str:
    """The changelog of the table of subjects."""
    return f"{app_id}{CHANGELOG_SUFFIX}"


def bridge(app_id: str) -> str:
    """The topic that the bridge's position is in; also its transactional id, as there is one of either."""
    return f"{app_id}-bridge"


def worker_ids(app_id: str) -> str:
    """What the transactional ids of a deployment's workers begin with, which are their client ids in the group, too. No
    app id has a colon, so nobody else's begin like that.
    """
    return f"{app_id}-worker:"
