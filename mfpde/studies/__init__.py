"""Questions that need many runs of one case."""
