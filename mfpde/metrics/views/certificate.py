"""How far everything that a run shows is from the best possible."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from mfpde.certificates.dual import Bound, lower_bound
from mfpde.certificates.free_energy import free_energy_gap
from mfpde.certificates.oracle import Oracle, build_oracle
from mfpde.metrics.views.density import DensityView
from mfpde.models.changing import at_time
from mfpde.models.kinds import as_network, as_potential
from mfpde.models.problem import Problem

#: of several sides, the one whose function a bound is made of: what it bounds from below serves all
PREFERRED = ("density", "nodes", "networks")


class CertificateView:
    """Lower bounds of the least energy over all probability measures, at one time."""

    def __init__(self, model: Problem, sides: Mapping[str, Any]):
        self.name = next(name for name in PREFERRED if name in sides)
        self.side, network = sides[self.name], as_network(model)
        assert network is not None
        #: with the lambda of the present time
        self.network = at_time(network, self.side.time)

    @cached_property
    def oracle(self) -> Oracle | None:
        """Searches; None without data points."""
        return build_oracle(self.network)

    @property
    def kind(self) -> str:
        """What the bounds are worth."""
        if self.oracle is None:
            return "the trivial bound 0: without data points no better one is known"
        if not self.bound.proven:
            return f"an estimate, no bound: {self.oracle.why_estimate}"
        return "proven for all probability measures on the domain, not for cells alone"

    @cached_property
    def bound(self) -> Bound:
        """The best lower bound of E*."""
        side = self.side
        if self.name == "density":
            return self._from(side.prediction, side.solver.state.energy)
        if self.name == "nodes":
            return self._from(side.prediction, float(side.values["energy"][0]))
        widest, _ = side.ladder.of_width(max(side.ladder.units))
        # the mixture of all replicates is a measure too, and nearer to the mean field than each
        return self._from(
            side.predictions[widest].mean(axis=0), float(np.mean(side.values["energy"][widest]))
        )

    def _from(self, f: np.ndarray, energy: float) -> Bound:
        return lower_bound(self.network, self.oracle, f, energy)


def certificate_of(model: Problem, sides: Mapping[str, Any]) -> CertificateView | None:
    """The view of a network that is shown; None where E is not known to be convex, or F is what decays."""
    if as_network(model) is None or not any(name in sides for name in PREFERRED):
        return None
    return CertificateView(model, sides)


def has_free_energy_gap(density: DensityView) -> bool:
    """Whether F is convex and decays: with diffusion, of a network or of a potential without interaction."""
    potential = as_potential(density.model)
    convex = potential.interaction is None if potential is not None else as_network(density.model) is not None
    return density.solver.stepper.tau > 0 and convex


def free_energy_gap_of(density: DensityView) -> float:
    """See `free_energy_gap`."""
    return free_energy_gap(density.solver)
