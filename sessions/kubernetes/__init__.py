"""A session on a real Kubernetes, with a check of its records against the Kubernetes API: ``make
kubernetes-session``.
"""
