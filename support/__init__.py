"""What tests, `chaos/` and `bench/` have in common: a deployment of their own, made-up events, a group's progress."""
