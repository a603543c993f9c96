"""An ordinary differential equation solved to near rounding, from one requested time to the next."""

from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp

from mfpde.errors import RunError


class Trajectory:
    """y(t) of y' = rate(t, y), y(0) = start, by the Runge-Kutta method of order 8 of Dormand and Prince.

    Arguments:
        start: (n,).
    """

    def __init__(
        self,
        rate: Callable[[float, np.ndarray], np.ndarray],
        start: np.ndarray,
        rtol: float = 1e-12,
        atol: float = 1e-13,
    ):
        self.rate, self.rtol, self.atol = rate, rtol, atol
        self.known = {0.0: start}

    def at(self, time: float) -> np.ndarray:
        """y at a time (n,), continued from the latest one known before it.

        Raises:
            RunError: the solution ceases to exist, or cannot be resolved.
        """
        if time not in self.known:
            before = max(t for t in self.known if t <= time)
            solution = solve_ivp(
                self.rate, (before, time), self.known[before], method="DOP853", rtol=self.rtol, atol=self.atol
            )
            if not solution.success:
                raise RunError(f"the exact solution stopped at time {solution.t[-1]:g}: {solution.message}")
            self.known[time] = solution.y[:, -1]
        return self.known[time]
