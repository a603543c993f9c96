"""The width of the narrowest peak, by which a mesh resolves a density or does not."""

from mfpde.metrics.declaration import TIME, Variable
from mfpde.metrics.views.density import DensityView


def narrowest_blob(density: DensityView) -> float:
    """Of all marginals."""
    return min(density.blobs.values())


VARIABLES = [
    Variable(
        "eulerian/narrowest_blob",
        (TIME,),
        "standard deviation of the narrowest peak of a marginal, in cells",
        narrowest_blob,
    )
]
