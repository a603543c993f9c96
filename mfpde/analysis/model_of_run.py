"""The model of a run from its output file alone, and what it says of other units.

The data file may be gone: inputs, targets and weights are in the output.
"""

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from mfpde.case.load import case_from_tables
from mfpde.data.dataset import Dataset, Scaling
from mfpde.errors import InputError
from mfpde.measures.compression import BLOCK
from mfpde.models import build_model
from mfpde.models.kinds import as_network, population_features
from mfpde.models.network import Network, build_network
from mfpde.models.nystroem import Nystroem
from mfpde.models.population import PopulationFeatures
from mfpde.models.problem import Cloud
from mfpde.models.sampled import SampledInputs
from mfpde.results.run import Run


@dataclass(frozen=True)
class _StoredBasis(PopulationFeatures):
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


def model_of(run: Run) -> Network:
    """The network whose functions a run compares, ready to evaluate other units.

    Raises:
        InputError: the run is that of a potential, or its stored case is not one that this version
            understands.
    """
    case = case_from_tables(run.case, run.path)
    if run.has_data:
        return build_network(case, _stored_data(run))
    network = as_network(build_model(case))
    if network is None:
        raise InputError(f"{run.path}: a potential has no function to compare")
    built = population_features(network)
    assert built is not None  # networks without data points have a population loss
    sampled = "sampled_inputs" in run.tree.to_dataset()
    points = np.asarray(run.tree["sampled_inputs" if sampled else "pivots"])
    given = {f.name: getattr(built, f.name) for f in fields(built)}
    return replace(network, features=_StoredBasis(**given, stored=points, sampled=sampled))


def _stored_data(run: Run) -> Dataset:
    """What the networks of a run learnt."""
    data = run.data
    x, identity = data["inputs"].values, Scaling(np.zeros(1), np.ones(1))
    names = [f"x{k}" for k in range(x.shape[1])]
    targets, weights = data["targets"].values, data["data_weights"].values
    return Dataset(x, targets.T, weights, names, ["y"], identity, identity)


def functions(network: Network, states: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """f of every network by its coordinates (R, r); states (R, components, n), weights (R, n)."""
    space, found = network.parameters, []
    for state, masses in zip(states, weights, strict=True):
        charges = masses * state[: space.outputs]
        z = state[space.outputs :].T
        found.append(np.concatenate([network.features.of_sum(z, of_one) for of_one in charges]))
    return np.array(found)


def energies(
    network: Network, states: np.ndarray, weights: np.ndarray, predictions: np.ndarray
) -> np.ndarray:
    """E and the loss of every network (2, R), from `predictions` (R, r); the rest as of `functions`."""
    found = []
    for state, masses, f in zip(states, weights, predictions, strict=True):
        # units of a flow carry their action in a last row
        with_action = np.concatenate([state, np.zeros((1, len(masses)))])
        potential = _potential(network, with_action, masses)
        values = network.cloud_values(Cloud(with_action, masses, f[None], potential, np.zeros(1, dtype=int)))
        found.append((values["energy"][0], values["loss"][0]))
    return np.array(found).T


def _potential(network: Network, state: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """V at the units (n,), from which a population loss is found without the error of its basis.

    A loss at data needs none.
    """
    features = population_features(network)
    if features is None:
        return np.zeros(len(weights))
    space, kernel = network.parameters, features.kernel
    z, a = space.z(state), space.a(state)[0]
    charges, rows = weights * a, max(1, BLOCK // len(z))
    pull = np.concatenate([kernel(z[i : i + rows], z) @ charges for i in range(0, len(z), rows)])
    own = pull - kernel(z, features.units) @ features.amplitudes
    return a * own + network.penalty.amplitude(a) + network.penalty.rest(z)
