"""The kinds of things that are one file each. The schema, the help and the documentation list them from here.

A new entry of a kind is a new file in the kind's package (`Registry`); a new kind is a line here.
"""

from typing import Any

from mfpde.registry import Registry

LIMITERS: Registry[Any] = Registry("mfpde.eulerian.limiters", "LIMITER", "limiter", first="fromm")
LAWS: Registry[Any] = Registry("mfpde.laws", "LAW", "law", first="normal")
LOSSES: Registry[Any] = Registry("mfpde.models.losses", "LOSS", "loss", first="square")
PENALTIES: Registry[Any] = Registry("mfpde.models.penalties", "PENALTY", "penalty", first="power")
FEATURES: Registry[Any] = Registry("mfpde.models.features", "FEATURES", "feature map", first="perceptron")
PROBLEM_TABLES: Registry[Any] = Registry("mfpde.case.problems", "TABLE", "kind of model", first="network")
PROBLEMS: Registry[Any] = Registry("mfpde.models.problems", "BUILD", "kind of model", first="network")
EXACT: Registry[Any] = Registry("mfpde.exact", "SOLUTION", "exact solution", first="gaussian")
FIGURES: Registry[Any] = Registry("mfpde.figures", "NEEDS", "figure", first="overview")
BIRTHS: Registry[Any] = Registry("mfpde.eulerian.births", "SCHEME", "scheme of births", first="reborn")
UNIT_BIRTHS: Registry[Any] = Registry("mfpde.lagrangian.births", "SCHEME", "scheme of births")
OPTIMISERS: Registry[Any] = Registry(
    "mfpde.lagrangian.optimisers", "OPTIMISER", "optimiser", first="gradient"
)


def figures_of(runs: str) -> tuple[str, ...]:
    """Names of the figures of "one" run, or of "several"."""
    return tuple(name for name in FIGURES if (FIGURES.constant(name, "RUNS") or "one") == runs)


def figures_in_words(runs: str) -> str:
    """The same with what each needs, such as "chaos (with replicates), energy", for a help text."""
    needs = {name: FIGURES.constant(name, "NEEDS") for name in figures_of(runs)}
    return ", ".join(f"{name} (with {needed})" if needed else name for name, needed in needs.items())
