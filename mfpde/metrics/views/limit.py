"""What stands for the mean-field limit in comparisons: the function of the density or, without one, of
nodes.
"""

from dataclasses import dataclass

import numpy as np

from mfpde.metrics.views.density import DensityView
from mfpde.metrics.views.nodes import NodesView


@dataclass(frozen=True)
class LimitView:
    """f of the mean field."""

    of: DensityView | NodesView

    @property
    def prediction(self) -> np.ndarray:
        """f by its coefficients (r,)."""
        return self.of.prediction

    @property
    def is_of_nodes(self) -> bool:
        """Whether nodes carry it, rather than a mesh."""
        return isinstance(self.of, NodesView)
