"""What is measured while a run goes: distances between measures, resolution, invariants, health."""
