"""How fast: transport, potential, particles and whole runs, beside peers and the limits of the machine,
measured in one run.
"""
