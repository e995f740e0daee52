"""A session on a real Kubernetes, and whether its records say what its API did: ``make kubernetes-session``."""
