"""Claims of optima and certificates: known least energies, and gaps that are never below the excess."""

from mfpde.case import load_case
from mfpde.certificates.dual import lower_bound
from mfpde.certificates.oracle import build_oracle
from mfpde.eulerian.build import build_solver
from mfpde.models.network import Network, build_network
from mfpde.optima.optimum import Optimum, find_optimum
from validation.check import Check

#: of the case relu_optimum, by an independent code (NNLS over 44 candidates, and a linear programme)
TWENTY, INTERPOLANT = 0.067285147114, 8.237236
#: of the case stuck: masses of its teacher's bumps, and lambda
BUMPS, STRENGTH = (1.0, 0.8), 0.01


def _twenty(interpolant: bool = False) -> Optimum:
    return find_optimum(build_network(load_case("relu_optimum")), interpolant=interpolant)


def energy_of_twenty(device, small: bool) -> float:
    """|E* - .067285147114|."""
    return abs(_twenty().energy - TWENTY)


def dual_of_twenty(device, small: bool) -> float:
    """|max |h| - 2 lambda TV|, which vanishes at the optimum."""
    found = _twenty()
    return abs(found.certificate.largest - 2e-3 * found.variation)


def interpolant_of_twenty(device, small: bool) -> float:
    """|F1 norm of the interpolant - 8.237236|."""
    found = _twenty(interpolant=True).interpolant
    assert found is not None
    return abs(found.variation - INTERPOLANT)


def energy_of_bumps(device, small: bool) -> float:
    """Error of E* of two atoms that do not see each other: 2 (2 lambda T)^2 + 2 lambda T^2 with T the sum of
    their masses over 1 + 4 lambda.
    """
    found = find_optimum(build_network(load_case("stuck", variant="full_clone")))
    variation = sum(BUMPS) / (1 + 4 * STRENGTH)
    return abs(found.energy - 2 * (2 * STRENGTH * variation) ** 2 - 2 * STRENGTH * variation**2)


def gap_below_excess(device, small: bool) -> float:
    """Largest of (E - E*) - gap along a run of the case relu_optimum on a coarse mesh; it must not be
    positive.
    """
    cells = {f"parameters.{name}.cells": 12 if small else 24 for name in ("a", "w", "b")}
    case = load_case("relu_optimum").replace(cells)
    network, worst = build_network(case), -1.0
    optimum, oracle = find_optimum(network), build_oracle(network)
    solver = build_solver(case, network, device)
    assert isinstance(solver.model, Network)
    for t in range(1, 6 if small else 21):
        solver.advance(float(t))
        bound = lower_bound(network, oracle, solver.prediction, solver.state.energy)
        assert bound.proven
        worst = max(worst, bound.value - optimum.energy)
    return worst


CHECKS = (
    Check("V26", "optimum of 20 points by ReLU: E*", 1e-10, energy_of_twenty),
    Check("V26", "its dual: the largest h against 2 lambda TV", 1e-9, dual_of_twenty),
    Check("V26", "F1 norm of its interpolant", 1e-6, interpolant_of_twenty),
    Check("V27", "optimum of two bumps: E* against its closed form", 1e-8, energy_of_bumps),
    Check("V28", "(E - E*) - certified gap along a run", 0.0, gap_below_excess),
)
