"""How long an event takes, and what it costs, at a steady load: over the number of partitions, beside Kafka Streams."""
