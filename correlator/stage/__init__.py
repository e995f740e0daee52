"""The two stages: each a function from a slice to transactions."""
