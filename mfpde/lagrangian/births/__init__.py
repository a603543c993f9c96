"""Schemes of births for units, as in `mfpde.eulerian.births`: by jumps, and by weights.

To add one, add a module that defines `SCHEME`, a subclass of `mfpde.lagrangian.born.Born`.
"""
