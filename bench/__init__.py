"""Benchmarks of the stage and its peers on a similar job, taking turns on one local Kafka. See docs/bench.md."""
