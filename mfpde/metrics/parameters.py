"""The components of theta, and the axes of the mesh with their cells."""

import numpy as np

from mfpde.metrics.declaration import NAME, Variable
from mfpde.metrics.views.density import DensityView


def centres(density: DensityView) -> dict[str, np.ndarray]:
    """Centres of the cells by axis."""
    return {axis.name: axis.centres for axis in density.mesh.axes}


def bounds(density: DensityView) -> dict[str, np.ndarray]:
    """Faces of the cells (cells, 2) by axis."""
    return {axis.name: np.column_stack([axis.faces[:-1], axis.faces[1:]]) for axis in density.mesh.axes}


VARIABLES = [
    Variable(
        "parameter",
        ("parameter",),
        "component of theta",
        lambda problem: np.arange(len(problem.parameters)),
        exactly=lambda problem: f"component of theta: {', '.join(problem.parameters)}",
    ),
    Variable("bound", ("bound",), "lower and upper face", lambda problem: np.arange(2)),
    Variable(NAME, (NAME,), "cell centres of the parameter {name}", centres),
    Variable("{name}_bounds", (NAME, "bound"), "cell faces of the parameter {name}", bounds),
]
