"""How good an optimum is: a lower bound of E*, and how large |h| is beside what it may be."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mfpde.certificates.dual import Bound, conjugates, lower_bound
from mfpde.certificates.oracle import Peak, build_oracle
from mfpde.models.network import Network

#: pairs of boxes and data in a search for proof: as few as suffice
BUDGETS = (2**23, 2**26, 2**28)
SHARE = 0.125  #: of the tolerance of E, that a proof may cost


@dataclass(frozen=True)
class Certificate:
    """A lower bound of E* by the dual at f."""

    lower_bound: float
    is_proven: bool
    largest: float  #: |h| over the domain of z
    level: float | None  #: what |h| may not exceed at an optimum, R'(TV); None where there is no such number


def prove(network: Network, f: np.ndarray, energy: float, tolerance: float) -> Bound:
    """A lower bound of E*, proven where it can be, with as much work as the tolerance asks for and `BUDGETS`
    allow: of p itself, which is best at an optimum, and if that is not enough of its multiples.

    Arguments:
        f: at the data (outputs, L); energy: E that the bound is compared with.
    """
    oracle, data = build_oracle(network), network.data
    if oracle is None or not oracle.is_proven:
        return Bound(-np.inf, False, 0.0)
    assert data is not None
    p, best = network.loss.slope(f, data.targets), Bound(-np.inf, True, 0.0)
    conjugate = conjugates(network, p)(1.0)
    for budget in BUDGETS:
        least = replace(oracle, budget=budget).least(p, SHARE * tolerance)
        if least.proven and 2 * least.bound - conjugate > best.value:
            best = Bound(2 * least.bound - conjugate, True, 1.0)
        if energy - best.value <= tolerance:
            return best
    of_multiples = lower_bound(network, oracle, f.ravel(), energy + tolerance)
    return of_multiples if of_multiples.proven and of_multiples.value > best.value else best


def largest_dual(
    network: Network, f: np.ndarray, enough: Callable[[float], bool], accuracy: float
) -> Peak | None:
    """The largest |h| of one output with a proven bound, by as much work as it takes for `enough` of the
    bound; None where nothing can be proven.

    Arguments:
        f: at the data (1, L); accuracy: of |h|.
    """
    oracle = build_oracle(network)
    if oracle is None or not oracle.is_proven:
        return None
    assert network.data is not None
    p, peak = network.loss.slope(f, network.data.targets), None
    for budget in BUDGETS:
        peak = replace(oracle, budget=budget).largest(p, accuracy)
        if not peak.proven:
            return None
        if enough(peak.bound):
            break
    return peak
