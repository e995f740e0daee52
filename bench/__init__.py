"""How fast the stage is, and others on a like job: in one run, in turns, on one local Kafka. See docs/bench.md."""
