"""Steps chosen by their error: a step is compared with two of half its length.

Both are of second order, so the difference of their densities in L1 is three times the error of the two half
steps, and 3/4 of that of the whole one (Hairer, Norsett & Wanner, Solving Ordinary Differential Equations I,
2nd ed., section II.4). Everything in a step is seen by this: the splitting of axes, of transport, heat and
reaction, the potential that is taken in the middle of a step, and sweeps that had to be damped.

Implicit steps hold V as they predict it. Much longer than the density takes to settle in a fixed potential,
they make one step of a fixed point iteration, however long they are: little changes, and the difference is
small too. So it must also be small beside the change.
"""

from typing import Any

import numpy as np

ORDER = 2
SAFETY = 0.9
SHRINK, GROW = 0.02, 2.0  #: bounds of the change from one step to the next
EVERY = 8  #: steps of the same length between two estimates, where they cost more than the step itself
ROUNDING = 256  #: units of rounding below which a difference of densities tells nothing
#: of the change in a step, how much the difference may be, unless its error is as small a part of the
#: tolerance as this
RELATIVE, FLOOR = 0.1, 1e-3


class StepControl:
    """The longest step that an error allows, and when to estimate it again.

    Arguments:
        tolerance: error of a step, L1 norm of the density (dimensionless).
        fraction: of what is allowed that a step really has, see `Stepper`.
        always: whether every step is estimated: its half steps are the result then, so that an estimate costs
            half a step more.
    """

    def __init__(self, tolerance: float, precision: str, always: bool, fraction: float = 1.0):
        rounding = ROUNDING * float(np.finfo(precision).eps)
        self.tolerance, self.floor = max(tolerance, rounding), max(FLOOR * tolerance, rounding)
        self.always, self.fraction = always, fraction
        self.longest = float("inf")  #: what the last estimate allows
        self.estimated = 0.0  #: length of the step that was estimated last
        self.since = 0  #: steps since then
        self.error = 0.0  #: of the step that was estimated last

    def due(self, dt: float) -> bool:
        """Whether a step of this length is to be estimated."""
        return self.always or self.since >= EVERY or dt > self.estimated * (1 + 1e-9)

    def allows(self, dt: float, difference: float, change: float = np.inf) -> bool:
        """Take note of an estimate; False if the step is too long.

        Arguments:
            difference: L1 distance of the density after the step from that after two of half its length.
            change: L1 distance of the density after the step from that before; infinite where the potential
                is taken from the density itself.
        """
        self.error = difference / (2**ORDER - 1) * (1 if self.always else 2**ORDER)
        excess = max(
            self.error / self.tolerance,
            min(difference / (RELATIVE * change) if change > 0 else 0.0, self.error / self.floor),
        )
        factor = SAFETY * excess ** (-1 / (ORDER + 1)) if excess > 0 else GROW
        passed = excess <= 1
        allowed = (
            dt / self.fraction * float(np.clip(self.fraction * factor, SHRINK, GROW if passed else SAFETY))
        )
        # a step that was short for another reason does not make the next one shorter
        short = passed and dt < self.fraction * self.longest * (1 - 1e-9)
        self.longest = max(allowed, self.longest) if short else allowed
        if passed:
            self.estimated, self.since = dt, 0
        return passed

    def passed(self) -> None:
        """A step was taken without an estimate."""
        self.since += 1

    def checkpoint(self) -> dict[str, Any]:
        """For `restore`."""
        return {name: getattr(self, name) for name in ("longest", "estimated", "since", "error")}

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        for name, value in saved.items():
            setattr(self, name, value)
