"""A local Kafka for the demo, the tests and the bench: see ``local_kafka``."""

from local.broker import Broker
from local.errors import BrokerFailed, NoKafka
from local.kafka import local_kafka

__all__ = ["Broker", "BrokerFailed", "NoKafka", "local_kafka"]
