"""``deploy/`` on a real Kubernetes: a tour of what happens to pods there, with chaos' verdict: ``make kubernetes``."""
