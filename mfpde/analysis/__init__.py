"""What is told of a finished run: its contents, the comparison of both sides, statistics over replicates."""
