"""A network that was trained elsewhere beside the mean field of a run: its gap, its distances, and whether it
is a typical draw.

In the limit n |f_n - f|^2 is distributed as sum_i lambda_i chi_i^2, with the eigenvalues lambda_i of the
covariance of sqrt(n) (f_n - f) and independent chi_i^2 of one degree of freedom. Where a run has computed
them, they tell how often a random network of this width is as near.
"""

from pathlib import Path
from typing import Any

import numpy as np

from mfpde.analysis.fluctuations import process_of
from mfpde.analysis.limit import mean_field
from mfpde.analysis.model_of_run import energies, functions, model_of
from mfpde.analysis.statistics import mean_and_error
from mfpde.arithmetic import usual_arithmetic
from mfpde.data.saved_network import SavedNetwork, read_network
from mfpde.errors import InputError
from mfpde.measures.axis import Axis
from mfpde.measures.mesh import Mesh
from mfpde.metrics.distances import w1_marginals
from mfpde.metrics.sliced import SlicedDensity
from mfpde.models.changing import at_time
from mfpde.models.network import Network
from mfpde.randomness import generator
from mfpde.results.predictions import predictions as of_group
from mfpde.results.run import Run
from mfpde.results.sound import of_outputs

SAME_TIME = 1e-6  #: relative difference of two times that are called the same
DRAWS, DRAWS_AT_ONCE = 100_000, 10_000  #: of the limit law


@of_outputs
@usual_arithmetic
def open_network(run: Run, path: str | Path, scaling: str | None = None) -> SavedNetwork:
    """Read a network for the model of a run; see `data.saved_network`.

    Raises:
        InputError: the file is not what it should be, or the run is that of a potential.
    """
    components = model_of(run).parameters.components
    fixed = {c.name: float(c.law.quantile(np.zeros(1))[0]) for c in components if not c.free}
    return read_network(Path(path), [c.name for c in components], fixed, scaling)


@of_outputs
@usual_arithmetic
def compare_network(run: Run, network: SavedNetwork) -> dict[str, Any]:
    """Energies, function gaps and distances at every time that network and run share.

    Returns:
        Stable keys, plain numbers: file, units, replicates, scaling, times, skipped (times of the network at
            which the run has no output), mean_field, energy, loss, function_gap, scaled_gap (n times the
            gap), w1, sliced_w2, outside_domain (share of the units), observed_ladder, predicted_gap,
            quantile. Quantities of networks are {"mean": one per time, "replicates": one list per time};
            those that the run does not have are None.
    Raises:
        InputError: the run is that of a potential, has no mean field, or shares no time with the network.
    """
    model, (source, limit) = model_of(run), mean_field_of(run)
    frames, outputs = shared_times(run, network)
    with np.errstate(over="ignore", invalid="ignore"):  # a network that has diverged is told by name
        seen = [functions(model, network.state[k], network.weights[k]) for k in frames]
        energy, loss = np.array(
            [
                energies(at_time(model, float(run.times[j])), network.state[k], network.weights[k], f)
                for k, j, f in zip(frames, outputs, seen, strict=True)
            ]
        ).swapaxes(0, 1)
        gap = np.array([model.square_norm(f - limit[j]) for f, j in zip(seen, outputs, strict=True)])
    if not (np.all(np.isfinite(gap)) and np.all(np.isfinite(energy))):
        raise InputError(
            f"{network.path}: the energy or function of a network is not finite; has its training diverged?"
        )
    distances = _distances(run, model, network, frames, outputs)
    return {
        "file": network.path.name,
        "units": network.units,
        "replicates": network.replicates,
        "scaling": network.scaling,
        "times": run.times[outputs].tolist(),
        "skipped": np.delete(network.times, frames).tolist(),
        "mean_field": _mean_field_table(run, source, outputs),
        "energy": _table(energy),
        "loss": _table(loss),
        "function_gap": _table(gap),
        "scaled_gap": _table(network.units * gap),
        **distances,
        "observed_ladder": [_ladder_entry(run, model, units, limit, outputs) for units in run.units],
        **_prediction(run, network, gap, outputs),
    }


def mean_field_of(run: Run) -> tuple[str, np.ndarray]:
    """Where f of the infinitely wide network is from, "nodes" or "mesh", and f (time, r): the same as the
    run's own networks are compared with.

    Raises:
        InputError: the run has neither.
    """
    if not run.has_function:
        raise InputError(f"{run.path}: a potential has no function to compare")
    limit = mean_field(run)
    if limit is None:
        raise InputError(
            f"{run.path}: has no mean field to compare with; run the case with eulerian.enabled = true or"
            " characteristics.nodes"
        )
    return limit.source, limit.prediction


def shared_times(run: Run, network: SavedNetwork) -> tuple[list[int], list[int]]:
    """Indices of the network's times that are output times of the run, and of these.

    Raises:
        InputError: there are none.
    """
    times = run.times
    nearest_output = np.abs(network.times[:, None] - times).argmin(axis=1)
    same = np.isclose(network.times, times[nearest_output], rtol=SAME_TIME, atol=1e-9 * times[-1])
    frames = np.flatnonzero(same)
    if not len(frames):
        listed = ", ".join(f"{t:g}" for t in times[:32]) + (
            f" and {len(times) - 32} more up to {times[-1]:g}" if len(times) > 32 else ""
        )
        raise InputError(
            f"{network.path}: 'time' names none of the output times of {run.path}; expected some of {listed}"
        )
    # two of the network's times this near to one output are one too many
    frames = frames[np.unique(nearest_output[frames], return_index=True)[1]]
    return frames.tolist(), nearest_output[frames].tolist()


def _mean_field_table(run: Run, source: str, outputs: list[int]) -> dict[str, Any]:
    """The side of the limit at the shared times.

    `grid_error` is the bound of the mesh's own |f_h - f|^2, below which a gap means little.
    """
    group = run.eulerian if source == "mesh" else run.group("characteristics")
    series = {
        name: np.asarray(group[name])[outputs].tolist() if name in group else None
        for name in ("energy", "loss", "grid_error")
    }
    return {"source": source, **series}


def _distances(
    run: Run, model: Network, network: SavedNetwork, frames: list[int], outputs: list[int]
) -> dict[str, Any]:
    """W1 of marginals, sliced W2 where the density is stored, and the share of units beyond the walls."""
    nothing = {"w1": None, "sliced_w2": None, "outside_domain": None}
    if not run.has_density:
        return nothing
    density, mu, names = run.eulerian, run.mu, model.parameters.names
    free = [c for c in model.parameters.components if f"marginal_{c.name}" in density]
    bounds = [np.asarray(run.tree[f"{c.name}_bounds"]) for c in free]
    axes = [Axis(c.name, np.append(b[:, 0], b[-1, 1]), c.periodic) for c, b in zip(free, bounds, strict=True)]
    rows = [names.index(axis.name) for axis in axes]
    marginals = [density[f"marginal_{axis.name}"].values for axis in axes]
    w1: dict[str, list[np.ndarray]] = {axis.name: [] for axis in axes}
    sliced, beyond = [], []
    for k, j in zip(frames, outputs, strict=True):
        # of every axis (R, n)
        clouds = [c.place(network.state[k][:, row]) for c, row in zip(free, rows, strict=True)]
        for axis, marginal, cloud in zip(axes, marginals, clouds, strict=True):
            w1[axis.name].append(w1_marginals(axis, marginal[j], cloud, network.weights[k]))
        outside = np.any(
            [(cloud < a.faces[0]) | (cloud > a.faces[-1]) for a, cloud in zip(axes, clouds, strict=True)],
            axis=0,
        )
        beyond.append(np.sum(network.weights[k] * outside, axis=1))
        stored = np.flatnonzero(
            np.isclose(mu["time"].values, run.times[j], rtol=0, atol=1e-9 * run.times[-1])
        )
        values = np.full(network.replicates, np.nan)
        if len(stored):
            values = SlicedDensity(Mesh(axes), mu[stored[0]].values.astype(np.float64)).w2(
                np.array(clouds), network.weights[k]
            )
        sliced.append(values)
    return {
        "w1": {name: _table(np.array(values)) for name, values in w1.items()},
        "sliced_w2": _table(np.array(sliced)),
        "outside_domain": _table(np.array(beyond)),
    }


def _ladder_entry(
    run: Run, model: Network, units: int, mean_field: np.ndarray, outputs: list[int]
) -> dict[str, Any]:
    """The run's own networks of one width at the shared times."""
    predictions = of_group(run.lagrangian(units))[outputs]
    mean, error = mean_and_error(model.square_norm(predictions - mean_field[outputs][:, None]))
    return {
        "units": units,
        "replicates": predictions.shape[1],
        "function_gap": {"mean": _plain(mean), "stderr": _plain(error)},
    }


def _prediction(run: Run, network: SavedNetwork, gap: np.ndarray, outputs: list[int]) -> dict[str, Any]:
    """predicted_gap: the limit of n E|f_n - f|^2, over n; quantile: how often a random network has a gap at
    most as large.

    Both are for units of equal mass that follow the gradient flow. What the spectrum lacks of its trace,
    small modes in great number, hardly varies and is added as it is.
    """
    group = run.tree["fluctuations"].data_vars if "fluctuations" in run.tree.children else {}
    if "predicted" not in group or not network.has_equal_weights or process_of(run) != "transport":
        return {"predicted_gap": None, "quantile": None}
    predicted = np.asarray(group["predicted"])[outputs]
    table: dict[str, Any] = {"predicted_gap": _plain(predicted / network.units), "quantile": None}
    if "spectrum" in group:
        spectrum = np.maximum(np.nan_to_num(np.asarray(group["spectrum"])[outputs]), 0.0)
        rest = np.maximum(predicted - spectrum.sum(axis=1), 0.0)
        shares = limit_quantiles(spectrum, network.units * gap - rest[:, None])
        shares[~np.isfinite(predicted)] = np.nan
        table["quantile"] = _table(shares)
    return table


def limit_quantiles(spectrum: np.ndarray, values: np.ndarray) -> np.ndarray:
    """P(sum_i lambda_i chi_i^2 <= value), by `DRAWS` draws that are the same every time.

    Arguments:
        spectrum: lambda (times, modes); values: (times, R).
    Returns:
        (times, R); by errors of at most 0.002.
    """
    random = generator(0, "bootstrap")
    below = np.zeros(values.shape)
    for _ in range(DRAWS // DRAWS_AT_ONCE):
        draws = np.sort(spectrum @ random.standard_normal((spectrum.shape[1], DRAWS_AT_ONCE)) ** 2, axis=1)
        below += [np.searchsorted(row, given, side="right") for row, given in zip(draws, values, strict=True)]
    return below / DRAWS


def _table(values: np.ndarray) -> dict[str, Any]:
    """Mean over replicates and every replicate, of values (times, R); None where a value is not a number."""
    return {"mean": _plain(values.mean(axis=1)), "replicates": [_plain(row) for row in values]}


def _plain(values: np.ndarray) -> list[float | None]:
    return [float(v) if np.isfinite(v) else None for v in values]
