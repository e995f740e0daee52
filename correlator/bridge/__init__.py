"""From a Prefect server to the raw topic: every event once, none missing. The stage is not needed for it, nor the other
way round.
"""
