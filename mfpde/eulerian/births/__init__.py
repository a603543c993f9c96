"""Schemes of births: what becomes of the mass that the reaction kills, by the names of their files.

To add one, add a module that defines `SCHEME`, a subclass of `mfpde.eulerian.reaction.Reaction`. Units follow
the scheme of the same name in `mfpde.lagrangian.births`.
"""
