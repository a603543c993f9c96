"""Stationary laws of mean-field Langevin dynamics by their self-consistency equations, to quadrature: what
long runs must reach.

A law exp(-(V0 + W * mu)/tau)/Z whose W * mu depends on mu by one number is known once that number is.
"""

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import ive


def double_well_mean(tau: float) -> float:
    """m >= 0 with m = int x exp(-(x^4/4 - m x)/tau)/Z: Dawson's model (1983, doi:10.1007/BF01010922), V0 =
    x^4/4 - x^2/2, W = x^2/2.

    Arguments:
        tau: temperature, dimensionless.
    Returns:
        The mean of the ordered law, 0 from the critical temperature on.
    """

    def excess(m: float) -> float:
        top = np.cbrt(m)  # of the exponent
        first, mass = (
            quad(
                lambda x, k=k: x**k * np.exp((m * x - x**4 / 4 - m * top + top**4 / 4) / tau),
                -8,
                8,
                points=[top],
                epsabs=1e-14,
            )[0]
            for k in (1, 0)
        )
        return first / mass - m

    low, high = 1e-3, 2.0
    return float(brentq(excess, low, high, xtol=1e-13)) if excess(low) > 0 else 0.0


def kuramoto_order(tau: float) -> float:
    """r >= 0 with r = I1(r/tau)/I0(r/tau): identical oscillators with noise, W = -cos (Sakaguchi 1988,
    doi:10.1143/PTP.79.39).

    Arguments:
        tau: temperature, dimensionless.
    Returns:
        The order parameter of the synchronised law, 0 from tau = 1/2 on.
    """
    if tau >= 0.5:
        return 0.0
    return float(brentq(lambda r: ive(1, r / tau) / ive(0, r / tau) - r, 1e-6, 1.0, xtol=1e-14))
