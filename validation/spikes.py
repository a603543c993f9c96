"""Rates of conic particle descent by the ratio of its two step lengths: `python -m validation.spikes`.

The case `spikes` with steps alpha of masses and beta of places, the larger of them .01: the excess of J over
the least after 3000 steps, the rate per step over the last thousand, and that of the slowest mode about the
optimum (Chizat, arXiv:1907.10300). These are masses a and places theta of one particle per spike, whose rates
are eigenvalues of D^1/2 H D^1/2 with the Hessian H of J and D = diag(4 alpha a, beta / a), and the spread of
the particles of a spike, at rates beta lambda |eta''|, of which the excess goes at twice the rate; and the
masses left in other maxima of eta, which vanish at rates 4 alpha lambda (1 - eta), the excess with them.
"""

from typing import NamedTuple

import numpy as np

from mfpde.case.load import load_case
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.models import build_model
from mfpde.models.spikes import Spikes
from mfpde.models.spikes_bound import Certificate
from mfpde.optima.spikes import Optimum, objective, spikes_optimum, value_and_slope

RATIOS = (0.1, 1.0, 10.0)
LONGEST, STEPS, TAIL = 0.01, 3000, 1000
#: of J, below which an excess is rounding
ROUNDING = 1e-12


class Rates(NamedTuple):
    """What is measured of one ratio alpha / beta, and what is expected."""

    ratio: float
    excess: float  #: J after the last step, less the least
    measured: float  #: -d log excess per step, over the tail
    expected: float


def measure(ratio: float, steps: int = STEPS, tail: int = TAIL) -> Rates:
    """Descend with one ratio of step lengths."""
    alpha, beta = LONGEST * min(1.0, ratio), LONGEST * min(1.0, 1 / ratio)
    step = 2 * beta
    changes = {"dynamics.birth_death": 4 * ratio, "lagrangian.fixed_step": step, "eulerian.enabled": False}
    times = {"time": steps * step, "output.every": tail * step, "output.fields_every": tail * step}
    case = load_case("spikes").replace(changes | times)
    problem = build_model(case)
    assert isinstance(problem, Spikes)
    best = spikes_optimum(problem, 1e-13)
    flow = build_flow(case, problem, Ladder([100], [1], 0))
    found = []
    for until in (steps - tail, steps):
        flow.advance(until * step)
        state = flow.backend.download(flow.state)
        found.append(objective(problem, state[:-1], flow.backend.masses(flow.state)) - best.energy)
    measured = float(np.log(max(found[0], ROUNDING) / max(found[1], ROUNDING))) / tail
    return Rates(ratio, found[1], measured, slowest(problem, best, alpha, beta))


def slowest(problem: Spikes, best: Optimum, alpha: float, beta: float) -> float:
    """The rate per step of the excess about the optimum, by its slowest mode."""
    shape, packed, h = best.places.shape, np.concatenate([best.masses, best.places.ravel()]), 1e-5

    def slope(x: np.ndarray) -> np.ndarray:
        return value_and_slope(problem, x, shape)[1]

    hessian = np.array(
        [(slope(packed + h * e) - slope(packed - h * e)) / (2 * h) for e in np.eye(len(packed))]
    )
    conic = np.sqrt(np.concatenate([4 * alpha * best.masses, np.tile(beta / best.masses, shape[0])]))
    together = np.linalg.eigvalsh(conic[:, None] * (hessian + hessian.T) / 2 * conic).min()
    certificate = Certificate(problem, best.places, best.masses)
    spread = np.inf
    for place in best.places.T:
        ends = [certificate(place[:, None] + s * h * np.eye(shape[0]))[1:] for s in (1, -1)]
        second = (ends[0] - ends[1]) / (2 * h)
        spread = min(spread, float(np.linalg.eigvalsh(-(second + second.T) / 2).min()))
    left = 4 * alpha * (problem.strength - other_maximum(problem, certificate))
    return min(2 * float(together), 2 * beta * spread, left)


def other_maximum(problem: Spikes, certificate: Certificate, points: int = 128) -> float:
    """h at the highest of its maxima on the torus that are none of the optimum's atoms."""
    axes = [np.linspace(*c.domain, points, endpoint=False) for c in problem.parameters.components if c.domain]
    grid = np.meshgrid(*axes, indexing="ij")
    h = certificate(np.array([g.ravel() for g in grid]))[0].reshape(grid[0].shape)
    highest = np.ones(h.shape, dtype=bool)
    for axis in range(h.ndim):
        for by in (1, -1):
            highest &= h >= np.roll(h, by, axis)
    others = h[highest & (h < 0.99 * problem.strength)]
    return float(others.max(initial=-np.inf))


def main() -> None:
    """Print the table."""
    print("alpha/beta  log10 (J_3000 - J*)  rate per step, measured  expected")
    for ratio in RATIOS:
        its = measure(ratio)
        size = np.log10(max(its.excess, ROUNDING))
        print(f"{its.ratio:10g}  {size:19.3f}  {its.measured:23.2e}  {its.expected:8.2e}")


if __name__ == "__main__":
    main()
