"""The kinds of things that are one file each. The schema, the help and the documentation list them from here.

A new entry of a kind is a new file in the kind's package (`Registry`); a new kind is a line here.
"""

from typing import Any

from mfpde.registry import Registry

LIMITERS: Registry[Any] = Registry("mfpde.eulerian.limiters", "LIMITER", "limiter", first="fromm")
LAWS: Registry[Any] = Registry("mfpde.laws", "LAW", "law", first="normal")
EXACT: Registry[Any] = Registry("mfpde.exact", "SOLUTION", "exact solution", first="gaussian")
FIGURES: Registry[Any] = Registry("mfpde.figures", "NEEDS", "figure", first="overview")
OPTIMISERS: Registry[Any] = Registry(
    "mfpde.lagrangian.optimisers", "OPTIMISER", "optimiser", first="gradient"
)
