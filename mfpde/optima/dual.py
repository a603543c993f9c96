"""Lower bounds of E* by Fenchel's inequality: E* >= 2 inf V_{s p} - 2 sum_l weight_l l*(s p_l), p = l'(f),
0 <= s <= 1.

`certificates` proves such bounds over boxes; here infima are known in other ways, by a list of all
candidates.
"""

from collections.abc import Callable

import numpy as np

from mfpde.certificates.dual import conjugates
from mfpde.models.network import Network
from mfpde.optima.price import Between, Linear, OfAmplitude

#: what is tried of 1 - s besides 0
SHRUNK = np.logspace(-14, 0, 113)


def slopes_at_data(network: Network, f: np.ndarray) -> np.ndarray:
    """weight_l p_l (outputs, L), for f at the data (outputs, L)."""
    assert network.data is not None
    return network.data.weights * network.loss.slope(f, network.data.targets)


def of_signed(
    network: Network, f: np.ndarray, h: float, price: OfAmplitude | Linear | Between, bound: float
) -> float:
    """The bound for signed measures, where |h(z)| <= `h` for every z, with p at f (1, L)."""
    level = getattr(price, "rate", 0.0)
    return best(network, f, lambda s: price.least(s * h, bound), 1 - level / h if h > level > 0 else 0.0)


def best(network: Network, f: np.ndarray, infimum: Callable[[float], float], shrunk: float = 0.0) -> float:
    """The best bound over multiples s of p, where `infimum` bounds inf V_{s p} from below.

    Arguments:
        shrunk: a likely 1 - s.
    """
    assert network.data is not None
    conjugate = conjugates(network, network.loss.slope(f, network.data.targets))
    # a little more than likely, so that rounding does not leave an infimum of minus infinity
    tried = np.concatenate([[0.0, shrunk, min(1.0, shrunk + 1e-15 + 1e-15 * shrunk)], SHRUNK])
    return max(2 * infimum(1 - t) - conjugate(1 - t) for t in tried)
