"""Brings the events of a Prefect server to the raw topic: each once, none missing. Bridge and stage do not need each
other.
"""
