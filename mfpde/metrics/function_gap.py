"""How far functions are from that of the mean field: |f_n - f|^2 in L2(nu)."""

import numpy as np

from mfpde.metrics.declaration import TIME, Compared, Variable
from mfpde.metrics.views.descent import DescentView
from mfpde.metrics.views.limit import LimitView
from mfpde.metrics.views.networks import NetworksView

MEANING = "|f_n - f|^2 in L2(nu), a squared distance"
BY_NODES = "; f is that of the nodes"


def of_networks(networks: NetworksView, limit: LimitView) -> np.ndarray:
    """Of every network."""
    assert networks.function is not None
    return networks.function.square_norm(networks.predictions - limit.prediction)


def of_descent(descent: DescentView, limit: LimitView) -> np.ndarray:
    """Of every network that descends."""
    return descent.gaps(limit.prediction)


VARIABLES = [
    Variable(
        "comparison/{units}/function_gap",
        (TIME, "replicate_{units}"),
        f"{MEANING}; f is that of the density or, without one, of the nodes",
        of_networks,
        exactly=lambda networks, limit: MEANING + (BY_NODES if limit.is_of_nodes else ""),
        compared=Compared(
            "mean and stderr",
            "function_gap",
            table="gap",
            form=".2e",
            title="Function gap |f_n - f|² in L²(ν), which is the square kernel distance in U;"
            " mean ± standard error",
        ),
    ),
    Variable(
        "descent/function_gap",
        (TIME, "descent_step", "descent_batch", "descent_replicate"),
        "|f_descent - f|^2 in L2(nu), f of the mean field",
        of_descent,
    ),
]
