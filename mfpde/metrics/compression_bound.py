"""What compressing the features costs at most."""

import numpy as np

from mfpde.metrics.declaration import TIME, Variable
from mfpde.metrics.views.density import DensityView


def compression_bound(density: DensityView) -> float:
    """Bound of |E - E~|, see `models.feature_coupling`; amplitudes count by the sum of their sizes."""
    error = density.solver.features_error
    if not error:
        return 0.0
    size = 0.0
    for amplitude in density.solver.model.parameters.amplitudes:
        if amplitude.free:
            axis = next(axis for axis in density.mesh.axes if axis.name == amplitude.name)
            size += float(np.sum(np.abs(axis.centres) * density.marginals[axis.name] * axis.widths))
        else:
            size += abs(float(amplitude.law.quantile(np.zeros(1))[0]))
    return 2 * size * error * density.slope_norm + (size * error) ** 2


VARIABLES = [
    Variable(
        "eulerian/compression_bound",
        (TIME,),
        "bound of the error of E from the compression of features",
        compression_bound,
        when=lambda density: density.function is not None,
    )
]
