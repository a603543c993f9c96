"""What the prediction of fluctuations shows."""

from functools import cached_property

import numpy as np

from mfpde.lagrangian.fluctuations import Fluctuations


class PredictionView:
    """The fluctuations predicted at one time.

    Arguments:
        jumps: whether units jump, which the prediction does not hold.
    """

    def __init__(self, fluctuations: Fluctuations, jumps: bool = False):
        self.fluctuations, self.model, self.jumps = fluctuations, fluctuations.model, jumps
        self.function = fluctuations.function

    @cached_property
    def response(self) -> np.ndarray:
        """The change of f along every direction (r, directions)."""
        return self.fluctuations.full.response()

    @cached_property
    def shares(self) -> np.ndarray:
        """What every direction adds to the fluctuations (directions,)."""
        return self.function.square_norm(self.response.T)

    @cached_property
    def predicted(self) -> float:
        """lim n E|f_n - f|^2."""
        return float(self.shares.sum())
