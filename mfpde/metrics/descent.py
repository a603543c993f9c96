"""Networks that descend by finite steps: which there are, how far they are from the flow, which diverge."""

import numpy as np

from mfpde.metrics.declaration import TIME, Variable
from mfpde.metrics.views.descent import DescentView

DIMS = (TIME, "descent_step", "descent_batch", "descent_replicate")


def flow_gap(descent: DescentView) -> np.ndarray:
    """Of every network from the flow of the same start."""
    flow = descent.descent.flow
    return descent.gaps(flow.backend.predictions(flow.state))


VARIABLES = [
    Variable(
        "descent_step",
        ("descent_step",),
        "length eta of the steps of descent, in units of time",
        lambda descent: np.array(descent.settings.steps, dtype=float),
    ),
    Variable(
        "descent_batch",
        ("descent_batch",),
        "size B of minibatches; 0: all data",
        lambda descent: np.array(descent.settings.batches, dtype=float),
    ),
    Variable(
        "descent_replicate",
        ("descent_replicate",),
        "replicate of the networks that descend",
        lambda descent: np.arange(descent.settings.replicates),
    ),
    Variable(
        "descent/flow_gap", DIMS, "|f_descent - f_flow|^2 in L2(nu) for the same initial units", flow_gap
    ),
    Variable(
        "descent/diverged",
        DIMS,
        "time at which the network diverged; NaN if it has not",
        lambda descent: descent.diverged.copy(),
    ),
]
