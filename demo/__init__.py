"""The stage at work on a laptop: the demo, and a feed of a real Prefect session as if it happened now."""
