"""The noise that jumps of units add to f."""

import numpy as np

from mfpde.metrics.declaration import TIME, Variable
from mfpde.metrics.views.nodes import NodesView


def jump_noise(nodes: NodesView) -> float:
    """alpha times the mean of |V_i - Vbar| |Phi_i - Phi_j|^2 over pairs, j from mu."""
    p, potential, squares = nodes.weights, nodes.potential, nodes.squares
    excess = np.abs(potential - p @ potential)
    return nodes.jump_rate * float((p * excess) @ (squares - 2 * nodes.along + p @ squares))


VARIABLES = [
    Variable(
        "characteristics/jump_noise",
        (TIME,),
        "noise that jumps add to n |f_n - f|^2 per unit time:"
        " alpha int int |V - Vbar| |Phi - Phi'|^2 dmu dmu",
        jump_noise,
        when=lambda nodes: bool(nodes.jump_rate) and nodes.function is not None,
        only="where units jump",
    )
]
