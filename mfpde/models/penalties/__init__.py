"""Penalties r(theta) of units, by the names of their files.

To add one, add a module that defines `PENALTY`, a class of `penalty.Penalty` with one formula. The schema's
choices for `model.penalty.kind` follow.
"""
