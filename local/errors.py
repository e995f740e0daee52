"""What can go wrong with a local Kafka. Every message is one sentence for people."""


class NoKafka(Exception):
    """No Kafka is available here; the message says what to install."""


class BrokerFailed(Exception):
    """A Kafka broker that should have come up did not, or ended by itself; the message has its last words."""
