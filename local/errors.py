"""What can go wrong with a local Kafka. Every message is one sentence for a person."""


class NoKafka(Exception):
    """There is no Kafka to be had here; the message says what to install."""


class BrokerFailed(Exception):
    """A Kafka broker that should have come up did not, or ended by itself; the message has its last words."""
