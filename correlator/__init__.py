"""The lifecycle correlator reads raw Prefect events from Kafka and publishes joined lifecycle records."""

__version__ = "0.1.0"
