"""Latency and CPU per event at a steady load, over the number of partitions, compared with Kafka Streams."""
