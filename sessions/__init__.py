"""A session on a real Prefect server, with a check that its records say what was done: ``make prefect-session``."""
