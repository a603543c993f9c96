"""f of the density at any inputs, from the density that a file holds."""

import numpy as np

from mfpde.analysis.model_of_run import model_of
from mfpde.measures.compression import BLOCK
from mfpde.results.run import Run


def function_at(run: Run, x: np.ndarray, k: int) -> np.ndarray:
    """f (outputs, n) at inputs x (n, d), by the density of stored time k.

    Raises:
        InputError: the run has no density.
    """
    network = model_of(run)
    mesh = network.parameters.mesh()
    a, z = network.points(mesh)
    masses = run.mu[k].transpose(*mesh.names).values * mesh.volumes
    charges = a.T @ masses.reshape(len(a), len(z))
    felt = np.flatnonzero(charges.any(axis=0))
    found, rows = np.zeros((len(charges), len(x))), max(1, BLOCK // len(x))
    for some in (felt[i : i + rows] for i in range(0, len(felt), rows)):
        found += charges[:, some] @ network.features.values(z[some], x)
    return found
