"""What is measured: distances between measures, statistics over replicates, health of a run."""
