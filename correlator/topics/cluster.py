"""The broker, as far as topics go: what is there, and creating. Passing faults are tried again, others are one sentence."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple, TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidReplicationFactorError,
    KafkaConnectionError,
    KafkaError,
    NoError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)

from correlator.settings import PREFIX, Settings
from correlator.topics.declared import TopicSpec

CONNECTING: Final = 10.0
"""Seconds that a broker may take to answer at all: one that starts at the same time is waited for."""

ASKING: Final = 15.0
"""Seconds that a request may take, with its repetitions."""

PAUSE: Final = 0.3
"""Seconds between repetitions."""

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class TopicsError(Exception):
    """Something about the topics does not allow to go on. The text says what and what to do, a sentence (and line) each."""


class Topic(NamedTuple):
    """A topic as it is."""

    partitions: int
    config: Mapping[str, str]
    """All of its configuration, defaults included."""
