"""The lifecycle correlator: raw Prefect events in, joined lifecycle records out, on Kafka."""

__version__ = "0.1.0"
