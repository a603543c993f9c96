"""What is measured of the mean field that nodes carry: f, E, the Monte-Carlo value, and the noise that jumps
of units would add.
"""

from typing import Any

import numpy as np

from mfpde.lagrangian.flow import Flow
from mfpde.models.problem import Cloud, Problem
from mfpde.monitors.circular import circle_moments


def measure_nodes(model: Problem, flow: Flow, jump_rate: float) -> dict[str, Any]:
    """The mean field by nodes, by path in the file.

    Arguments:
        jump_rate: alpha if units jump (birth-death), else 0.
    """
    state, p = flow.backend.download(flow.state), flow.backend.weights(flow.state)
    predictions, potential = flow.backend.predictions(flow.state), flow.potential()
    cloud = Cloud(state, p, predictions, potential, np.zeros(1, dtype=int))
    found = model.cloud_values(cloud)
    mean = state[:-1] @ p
    variance, resultant = (state[:-1] - mean[:, None]) ** 2 @ p, np.full(len(mean), np.nan)
    circles = [k for k, c in enumerate(model.parameters.components) if c.periodic]
    for k in circles:
        (mean[k],), (variance[k],), (resultant[k],) = circle_moments(
            model.parameters.components[k], state[k], p, np.zeros(1, dtype=int)
        )
    values: dict[str, Any] = {
        "energy": float(found["energy"][0]),
        "effective_nodes": 1 / float(p @ p),
        "mean": mean,
        "variance": variance,
        **({"resultant": resultant} if circles else {}),
    }
    if model.function is not None:
        squares = model.unit_squares(state)
        f_square = float(model.function.square_norm(predictions[0]))
        values |= {
            "loss": float(found["loss"][0]),
            "prediction": predictions[0],
            "monte_carlo": float(p @ squares) - f_square,
        }
        if jump_rate:
            along = model.unit_products(state, predictions[0])
            excess = np.abs(potential - p @ potential)
            # |Phi_i - Phi_j|^2 over pairs, j from mu
            values["jump_noise"] = jump_rate * float((p * excess) @ (squares - 2 * along + p @ squares))
    return {f"characteristics/{name}": value for name, value in values.items()}
