"""Lower bounds of E* from a function f: E* >= D(s) = 2 inf_theta (s <p, Phi> + r) - 2 sum_l weight_l l*(s
p_l), p = l'(f), for every s in [0, 1].

D(1) is E(mu) minus the Frank-Wolfe gap of every mu with f = f_mu. D is concave in s; s < 1 is needed where
the infimum is -inf, as for lambda |a| with |h| > lambda somewhere, and never does harm.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mfpde.certificates.arrangement import balance, circle_peaks
from mfpde.certificates.oracle import Oracle
from mfpde.certificates.region import sphere_of
from mfpde.certificates.starts import peaks
from mfpde.models.network import Network

#: of E - D, that the proof of an infimum may cost
SHARE = 0.02
#: of the size of the energy, below which nothing is looked for
FINEST = 1e-13
SCALES = 65
SEED = 0  #: of starts on the sphere
PASSES = 4  #: in which a proof is made as sharp as the gap asks for


class Bound(NamedTuple):
    """A lower bound of E* over all probability measures on the domain."""

    value: float
    proven: bool
    scale: float  #: s


def trivial(network: Network) -> Bound:
    """What no measure can be below: D(0) = 2 inf r + 2 sum_l weight_l inf l."""
    zero = np.zeros((network.function.outputs, 1 if network.data is None else len(network.data.x)))
    if network.data is None:
        return Bound(0.0, True, 0.0)
    return Bound(
        -2 * float(network.data.weights @ network.loss.conjugate(zero, network.data.targets)), True, 0.0
    )


def lower_bound(network: Network, oracle: Oracle | None, f: np.ndarray, energy: float = np.inf) -> Bound:
    """The best lower bound that a function gives.

    Arguments:
        f: at the data, output after output (outputs * L,).
        energy: of the measure that is to be judged: bounds are refined until they are sharp beside its gap.
    """
    floor = trivial(network)
    if oracle is None:
        return floor
    assert network.data is not None
    p = network.loss.slope(f.reshape(network.function.outputs, -1), network.data.targets)
    if not np.any(p):
        return floor
    if (rate := balance(network)) and not oracle.domain.z.is_bounded:
        found = _on_sphere(network, p, rate)
    elif len(p) == 1 and not network.penalty.confinement:
        found = _by_extremes(network, oracle, p, energy)
    else:
        found = _jointly(network, oracle, p, energy)
    return found if found.value > floor.value else floor


def conjugates(network: Network, p: np.ndarray) -> Callable[[float], float]:
    """2 sum_l weight_l l*(s p_l) by s, for p (outputs, L)."""
    assert network.data is not None
    weights, y = network.data.weights, network.data.targets
    return lambda s: 2 * float(weights @ network.loss.conjugate(s * p, y))


def _best(dual: Callable[[float], float], most: float) -> float:
    """The s in [0, most] at which a concave function is largest."""
    from scipy.optimize import minimize_scalar

    at = np.linspace(0, most, SCALES)
    values = np.array([dual(s) for s in at])
    k = int(np.argmax(values))
    low, high = at[max(k - 1, 0)], at[min(k + 1, SCALES - 1)]
    if not high > low:
        return float(at[k])
    found = minimize_scalar(
        lambda s: -dual(s), bounds=(low, high), method="bounded", options={"xatol": 1e-10 * most}
    )
    return float(found.x) if -found.fun > values[k] else float(at[k])


def _by_extremes(network: Network, oracle: Oracle, p: np.ndarray, energy: float) -> Bound:
    """Of one output without a penalty on z: V at the lowest and at the highest h tells the infimum for every
    s.
    """
    conjugate, tolerance = conjugates(network, p), None
    for _ in range(PASSES):
        ends, reached, proven = oracle.range(p, tolerance)
        s = _best(lambda s: 2 * oracle.lowest(s * ends) - conjugate(s), oracle.most(ends))  # noqa: B023
        value = 2 * oracle.lowest(s * ends) - conjugate(s)
        missed = 2 * oracle.lowest(s * reached) - conjugate(s) - value  # what the proof costs
        gap = energy - value
        if not (proven and gap > 0 and missed > SHARE * gap):
            break
        room = float(np.max(np.abs(ends - reached)))
        tolerance = max(room * SHARE * gap / missed, FINEST * float(np.max(np.abs(ends))))
    return Bound(value, proven, s)


def _on_sphere(network: Network, p: np.ndarray, rate: float) -> Bound:
    """Where r >= rate |a| |z| and phi is homogeneous in z: over all of space the infimum is 0 as long as
    |h| <= rate on the unit sphere, else -inf. On a circle all extremes of h are known.
    """
    assert network.data is not None
    charges, sphere = network.data.weights * p, sphere_of(network)
    exact = len(sphere.low) == 2
    heights = circle_peaks(network, charges[0])[1] if exact else peaks(network, sphere, charges, SEED).values
    largest = float(np.max(np.abs(heights), initial=0.0)) * (1 + 64 * np.finfo(float).eps)
    conjugate = conjugates(network, p)
    s = _best(lambda s: -conjugate(s), min(1.0, rate / largest) if largest else 1.0)
    return Bound(-conjugate(s), exact, s)


def _jointly(network: Network, oracle: Oracle, p: np.ndarray, energy: float) -> Bound:
    """Of several outputs, or with a penalty on z: s by the values at some z, then the infimum itself."""
    assert network.data is not None
    conjugate, most = conjugates(network, p), 1.0
    if not oracle.domain.a.is_bounded and np.isfinite(network.penalty.growth):
        peaks = [oracle.largest(of_one) for of_one in p]
        most = min(oracle.most(np.array([peak.bound])) for peak in peaks)
    some = oracle.sample(p)
    s = _best(lambda s: 2 * float(some(s)) - conjugate(s), most)
    if s == 0:
        return Bound(-np.inf, False, 0.0)
    value = 2 * some(s) - conjugate(s)
    size = abs(value) + 2 * float(network.data.weights @ network.loss.value(0 * p, network.data.targets))
    gap = min(max(energy - value, FINEST * size), size)
    least = oracle.least(s * p, SHARE * gap / 2)
    return Bound(2 * least.bound - conjugate(s), least.proven, s)
