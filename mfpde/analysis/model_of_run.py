"""The model of a run from its output file alone, and what it says of other units.

The data file may be gone: inputs, targets and weights are in the output.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mfpde.activations import find_activation
from mfpde.case import schema
from mfpde.case.load import case_from_tables
from mfpde.data.dataset import Dataset, Scaling
from mfpde.errors import InputError, about
from mfpde.models import build_model
from mfpde.models.network import BLOCK, Network
from mfpde.models.nystroem import Nystroem
from mfpde.models.parameters import network_parameters
from mfpde.models.population import PopulationNetwork
from mfpde.models.sampled import SampledInputs
from mfpde.results.run import Run


@dataclass(frozen=True)
class _StoredBasis(PopulationNetwork):
    """A network whose functions have the coordinates of the output file.

    Pivots are chosen among candidates that symmetry makes equal up to rounding, so that another machine may
    choose others.
    """

    #: pivots (r, components of z) in the order in which they were chosen, or sampled inputs (r, d)
    stored: np.ndarray
    sampled: bool

    @cached_property
    def basis(self) -> Nystroem | SampledInputs:
        """The basis that these pivots span (a Cholesky factor is unique), or values at these inputs."""
        if self.sampled:
            return SampledInputs(self.activation, self.stored)
        return Nystroem(
            self.kernel, self.stored, np.linalg.cholesky(self.kernel(self.stored, self.stored)), np.nan
        )


def model_of(run: Run) -> Network | PopulationNetwork:
    """The network whose functions a run compares, ready to evaluate other units.

    Raises:
        InputError: the run is that of a potential, or its stored case is not one that this version
            understands.
    """
    case = case_from_tables(run.case, run.path)
    spec = case.model
    if not isinstance(spec, schema.NetworkModel):
        raise InputError(f"{run.path}: a potential has no function to compare")
    if not run.has_data:
        model = build_model(case)
        assert isinstance(model, PopulationNetwork)  # networks without data points have a population loss
        sampled = "sampled_inputs" in run.tree.to_dataset()
        points = np.asarray(run.tree["sampled_inputs" if sampled else "pivots"])
        return _StoredBasis(
            model.activation,
            model.penalty,
            model.parameters,
            model.kernel,
            model.units,
            model.amplitudes,
            points,
            sampled,
        )
    data = run.data
    x, identity = data["inputs"].values, Scaling(np.zeros(1), np.ones(1))
    names = [f"x{k}" for k in range(x.shape[1])]
    stored = Dataset(x, data["targets"].values, data["data_weights"].values, names, "y", identity, identity)
    with about(run.path):
        return Network(
            find_activation(spec.activation),
            spec.penalty,
            network_parameters(case, spec, stored.dimension),
            stored,
        )


def functions(model: Network | PopulationNetwork, states: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """f of every network by its coefficients (R, r): values at the data, or those in the basis.

    States are (R, components, n), weights (R, n).
    """
    found = []
    for state, masses in zip(states, weights, strict=True):
        charges, z = masses * state[0], state[1:].T
        if isinstance(model, PopulationNetwork):
            found.append(model.basis.of_sum(z, charges))
            continue
        rows = max(1, BLOCK // len(model.data.y))
        found.append(
            sum(charges[i : i + rows] @ model.features(z[i : i + rows]) for i in range(0, len(z), rows))
        )
    return np.array(found)


def energies(
    model: Network | PopulationNetwork, states: np.ndarray, weights: np.ndarray, predictions: np.ndarray
) -> np.ndarray:
    """E and |f - f*|^2 of every network (2, R), from `predictions` (R, r); the rest as of `functions`."""
    found = []
    for state, masses, f in zip(states, weights, predictions, strict=True):
        # units of a flow carry it in a last row
        with_action = np.concatenate([state, np.zeros((1, len(masses)))])
        cloud = (with_action, masses, f[None], _potential(model, state, masses), np.zeros(1, dtype=int))
        found.append((model.cloud_energies(*cloud)[0], model.cloud_losses(*cloud)[0]))
    return np.array(found).T


def _potential(model: Network | PopulationNetwork, state: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """V at the units (n,), from which a population loss is found without the error of its basis.

    A loss at data needs none.
    """
    if isinstance(model, Network):
        return np.zeros(len(weights))
    z, charges = state[1:].T, weights * state[0]
    rows = max(1, BLOCK // len(z))
    pull = np.concatenate([model.kernel(z[i : i + rows], z) @ charges for i in range(0, len(z), rows)])
    return (
        state[0] * (pull - model.kernel(z, model.units) @ model.amplitudes)
        + model.penalty_amplitude(state[0])
        + model.penalty_rest(z)
    )
