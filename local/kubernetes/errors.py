"""What can go wrong with a local Kubernetes. Every message is one sentence for people."""


class NoKubernetes(Exception):
    """No Kubernetes can be had here, or it did not come up; the message says what is missing, or what to do."""
