"""Optima of problems, found apart from any flow, with a certificate."""
