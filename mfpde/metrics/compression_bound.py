"""What compressing the features costs at most."""

import numpy as np

from mfpde.metrics.declaration import TIME, Variable
from mfpde.metrics.views.density import DensityView


def compression_bound(density: DensityView) -> float:
    """Bound of |E - E~|, see `models.features`."""
    amplitude, error = density.solver.model.parameters.components[0], density.solver.features_error
    if not error:
        return 0.0
    if amplitude.free:
        axis = density.mesh.axes[0]
        size = float(np.sum(np.abs(axis.centres) * density.marginals[axis.name] * axis.widths))
    else:
        size = abs(float(amplitude.law.quantile(np.zeros(1))[0]))
    return 2 * size * error * np.sqrt(density.loss) + (size * error) ** 2


VARIABLES = [
    Variable(
        "eulerian/compression_bound",
        (TIME,),
        "bound of the error of E from the compression of features",
        compression_bound,
        when=lambda density: density.function is not None,
    )
]
