"""A session on a real Prefect server, and whether its records say what was done: ``make prefect-session``."""
