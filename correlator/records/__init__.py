"""Renders a decided lifecycle as the key, value and headers of a Kafka record."""

from correlator.records.rendering import Record, bare, render

__all__ = ["Record", "bare", "render"]
