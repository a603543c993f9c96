"""Feature maps phi(z; x), by the names of their files; see `feature_map`."""
