"""How fast transport, potential, particles and whole runs are, beside peers and the machine's limits."""
