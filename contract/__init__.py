"""The contract, written from what the code declares and publishes: ``topics/``, the tables of ``docs/records.md``."""
