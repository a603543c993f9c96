"""The gap of the free energy F = E + 2 tau int mu log mu of a density on a mesh.

E is convex, so F(nu) >= F(mu) + 2 int V d(nu - mu) + 2 tau (Ent nu - Ent mu) for every density nu on the
cells; the least of the right side is at the Gibbs density of V, and F(mu) - F* <= 2 tau KL(mu | exp(-V / tau)
/ Z) = 2 (int V dmu + tau Ent mu + tau log Z).
"""

import numpy as np

from mfpde.eulerian.solver import Solver

#: shifts of V that are tried, until exponentials stay within the range of numbers
TRIES = 60


def free_energy_gap(solver: Solver) -> float:
    """The bound of F - F* on the mesh; NaN for points that have taken over, and where exponentials end."""
    if solver.carrier is not None:
        return float("nan")
    stepper, state = solver.stepper, solver.state
    mean = stepper.energy.mean_potential(state.moments)
    log_partition = _log_partition(solver, mean)
    return max(2 * (mean + stepper.tau * (state.entropy + log_partition)), 0.0)


def _log_partition(solver: Solver, mean: float) -> float:
    """log of int exp(-V / tau) over the cells."""
    backend, tau = solver.stepper.backend, solver.stepper.tau
    ones = backend.upload(np.ones(solver.mesh.shape))
    potential = solver.stepper.states.potential(solver.state.moments.linear)
    low, high = -np.inf, np.inf  # of shifts that give 0, and infinity
    shift, step = mean, tau * 40 * (2 if solver.stepper.settings.precision == "float32" else 16)
    for _ in range(TRIES):
        mass = backend.moments(backend.react(ones, potential, 1 / tau, shift)).mass
        if np.isfinite(mass) and mass > 0:
            return float(np.log(mass)) - shift / tau
        if mass == 0:
            low = shift
            shift = shift + step if np.isinf(high) else (shift + high) / 2
        else:
            high = shift
            shift = shift - step if np.isinf(low) else (shift + low) / 2
        step *= 2
    return float("nan")
