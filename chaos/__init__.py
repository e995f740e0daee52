"""Faults thrown at the stage on a real Kafka, and a verdict by what must have been published: ``make chaos``."""
