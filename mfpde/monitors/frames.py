"""What is measured at one output time, by path in the output file."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from mfpde.eulerian.solver import Solver
from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.ladder import Ladder
from mfpde.measures.mesh import Mesh
from mfpde.models.parameters import Component
from mfpde.models.problem import Cloud, Problem
from mfpde.monitors.circular import circle_moments
from mfpde.monitors.distances import w1_marginals
from mfpde.monitors.resolution import narrowest_blob
from mfpde.monitors.sliced import SlicedDensity


class Snapshot(NamedTuple):
    """All networks at one time, on the host."""

    state: np.ndarray  #: (components + 1, units)
    weights: np.ndarray  #: (units,), summing to 1 over each network
    predictions: np.ndarray  #: (networks, r)


def measure_density(solver: Solver, density: np.ndarray, with_fields: bool) -> dict[str, Any]:
    """The Eulerian side."""
    state, mesh = solver.state, solver.mesh
    marginals = {axis.name: mesh.marginal(density, axis.name) for axis in mesh.axes}
    values: dict[str, Any]
    solver.wall_mass = mesh.wall_mass(density)
    solver.blobs = {axis.name: narrowest_blob(axis, marginals[axis.name]) for axis in mesh.axes}
    values = {
        "elapsed_time": solver.time,
        "energy": state.energy,
        "mass": state.moments.mass,
        "minimum_density": min(float(density.min()), solver.least),
        "dissipated_energy": solver.dissipated,
        "steps": solver.steps,
        "narrowest_blob": min(solver.blobs.values()),
    }
    stepper = solver.stepper
    if stepper.tau:
        values |= {"entropy": state.entropy, "free_energy": stepper.functional(state)}
    if solver.has_gibbs:
        values["gibbs_residual"] = solver.gibbs_residual()
    if solver.watches_rates:
        values |= {"density_rate": solver.density_rate, "energy_rate": solver.energy_rate}
    model = solver.model
    if model.function is not None:
        loss = float(model.function.loss(solver.prediction))
        values |= {
            "loss": loss,
            "prediction": solver.prediction,
            "compression_bound": _compression_bound(solver, marginals, loss),
        }
    values |= {f"marginal_{name}": marginal for name, marginal in marginals.items()}
    values |= {f"wall_mass_{name}": mass for name, mass in solver.wall_mass.items()}
    if with_fields:
        values["mu"] = density
    return {f"eulerian/{name}": value for name, value in values.items()}


def _compression_bound(solver: Solver, marginals: dict[str, np.ndarray], loss: float) -> float:
    """Bound of |E - E~| by the error of compressed features, see `models.features`."""
    amplitude, error = solver.model.parameters.components[0], solver.features_error
    if not error:
        return 0.0
    if amplitude.free:
        axis = solver.mesh.axes[0]
        size = float(np.sum(np.abs(axis.centres) * marginals[axis.name] * axis.widths))
    else:
        size = abs(float(amplitude.law.quantile(np.zeros(1))[0]))
    return 2 * size * error * np.sqrt(loss) + (size * error) ** 2


def measure_networks(
    model: Problem, ladder: Ladder, flow: Flow, shown: int
) -> tuple[dict[str, Any], Snapshot]:
    """The Lagrangian side; `shown` replicates of each width also give their units."""
    backend = flow.backend
    snapshot = Snapshot(
        backend.download(flow.state), backend.weights(flow.state), backend.predictions(flow.state)
    )
    state, weights, predictions = snapshot
    at_wall = np.zeros(ladder.total, dtype=bool)
    for k, c in enumerate(model.parameters.components):
        if c.domain is not None and not c.periodic:
            at_wall |= touches_wall(state[k], c.domain)
    jumps = flow.birth_death
    cloud = Cloud(state, weights, predictions, flow.potential(), ladder.first_unit[:-1])
    per_network = {
        **model.cloud_values(cloud),
        "wall_fraction": np.add.reduceat(at_wall.astype(float), ladder.first_unit[:-1]) / ladder.sizes,
        "effective_units": 1 / np.add.reduceat(weights**2, ladder.first_unit[:-1]),
        **_moments(model.parameters.components, state[:-1], weights, ladder),
        "killed": jumps.killed if jumps else np.zeros(len(ladder.sizes)),
        "cloned": jumps.cloned if jumps else np.zeros(len(ladder.sizes)),
    }
    if model.function is not None:
        per_network["prediction"] = predictions
    values: dict[str, Any] = {}
    for units, count in zip(ladder.units, ladder.replicates, strict=True):
        networks, where = ladder.of_width(units)
        values |= {f"lagrangian/{units}/{name}": value[networks] for name, value in per_network.items()}
        kept = min(shown, count)
        if kept:
            clouds = state[:-1, where].T.reshape(count, units, -1)[:kept]
            values[f"lagrangian/{units}/particles"] = clouds
            values[f"lagrangian/{units}/weights"] = weights[where].reshape(count, units)[:kept]
    return values, snapshot


def _moments(
    components: Sequence[Component], theta: np.ndarray, weights: np.ndarray, ladder: Ladder
) -> dict[str, np.ndarray]:
    """Mean and variance of every component over the units of each network (networks, components); on circles
    see `circle_moments`.
    """
    starts = ladder.first_unit[:-1]
    mean = np.add.reduceat(theta * weights, starts, axis=1)
    centred = theta - mean[:, ladder.network_of]
    variance, resultant = np.add.reduceat(centred**2 * weights, starts, axis=1), np.full(mean.shape, np.nan)
    circles = [k for k, c in enumerate(components) if c.periodic]
    for k in circles:
        mean[k], variance[k], resultant[k] = circle_moments(components[k], theta[k], weights, starts)
    return {"mean": mean.T, "variance": variance.T, **({"resultant": resultant.T} if circles else {})}


def touches_wall(values: np.ndarray, domain: tuple[float, float]) -> np.ndarray:
    """Which units sit on a wall, up to the rounding of single precision."""
    room = 1e-6 * (domain[1] - domain[0])
    return (values <= domain[0] + room) | (values >= domain[1] - room)


def measure_gaps(
    model: Problem, ladder: Ladder, snapshot: Snapshot, prediction: np.ndarray
) -> dict[str, Any]:
    """How far every network's function is from that of the mean field."""
    assert model.function is not None
    gap = model.function.square_norm(snapshot.predictions - prediction)
    return {f"comparison/{units}/function_gap": gap[ladder.of_width(units)[0]] for units in ladder.units}


def measure_distances(
    model: Problem, ladder: Ladder, snapshot: Snapshot, mesh: Mesh, density: np.ndarray, with_fields: bool
) -> dict[str, Any]:
    """How far the units of every network are from the density."""
    rows = [model.parameters.names.index(axis.name) for axis in mesh.axes]
    sliced = SlicedDensity(mesh, density) if with_fields else None
    marginals = [mesh.marginal(density, axis.name) for axis in mesh.axes]
    values: dict[str, Any] = {}
    for units in ladder.units:
        where = ladder.of_width(units)[1]
        clouds = snapshot.state[rows, where].reshape(len(rows), -1, units)
        weights = snapshot.weights[where].reshape(-1, units)
        for axis, marginal, cloud in zip(mesh.axes, marginals, clouds, strict=True):
            values[f"comparison/{units}/w1_{axis.name}"] = w1_marginals(axis, marginal, cloud, weights)
        if sliced is not None:
            values[f"comparison/{units}/sliced_w2"] = sliced.w2(clouds, weights)
    return values
