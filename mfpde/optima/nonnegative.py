"""The optimum of spikes as `mfpde optimum` tells it: the table of `optimum`, for nonnegative measures."""

import time
from dataclasses import dataclass, field
from typing import Any

from mfpde.models.spikes import Spikes
from mfpde.optima import spikes


@dataclass(frozen=True)
class NonnegativeOptimum:
    """The least J over all nonnegative measures, with proof; `table` is what --json prints."""

    problem: Spikes = field(repr=False)
    found: spikes.Optimum = field(repr=False)
    seconds: float
    tolerance: float

    @property
    def energy(self) -> float:
        """The least J found."""
        return float(self.found.energy)

    @property
    def table(self) -> dict[str, Any]:
        """Plain numbers by stable keys; the dual is eta, at most 1 at the optimum."""
        names, found = self.problem.parameters.names, self.found
        atoms = [
            {"mass": float(mass)} | {name: float(v) for name, v in zip(names, place, strict=True)}
            for mass, place in zip(found.masses, found.places.T, strict=True)
        ]
        components = self.problem.parameters.components
        return {
            "energy": self.energy,
            "lower_bound": float(found.lower),
            "gap": float(found.gap),
            "total_variation": float(found.masses.sum()),
            "atoms": sorted(atoms, key=lambda atom: -atom["mass"]),
            "dual": {"max": float(found.eta), "bound": 1.0},
            "domain": "continuum",
            "box": {c.name: list(c.domain) if c.domain else [None, None] for c in components},
            "certified": bool(found.gap <= self.tolerance * self.problem.constant),
            "seconds": self.seconds,
            "method": "sliding Frank-Wolfe",
            "proven": True,
            "tolerance": self.tolerance,
            "attained": True,
        }

    def __repr__(self) -> str:
        from mfpde.optima.report import optimum_text

        return optimum_text(self.table)


def find_nonnegative(problem: Spikes, tolerance: float) -> NonnegativeOptimum:
    """The least J over nonnegative measures, up to a tolerance relative to J of the measure 0.

    Raises:
        RunError: the gap stayed larger.
    """
    start = time.perf_counter()
    found = spikes.spikes_optimum(problem, tolerance)
    return NonnegativeOptimum(problem, found, time.perf_counter() - start, tolerance)
