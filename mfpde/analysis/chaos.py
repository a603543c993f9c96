"""Propagation of chaos: how correlated two tagged units of a network are, against its width.

Units of a network are exchangeable. With m the mean of a component over the units of a network, Var(m) over
networks is (V + (n - 1) C) / n, V the variance of one unit and C the covariance of two; hence C / V without
tagging any pair. In the limit n C tends to sigma^2 - V, where sigma^2 = lim n Var(m) is predicted by the
tangent of the flow: units are independent only in the limit.

The same holds for what units give to f, Phi = a sigma(<w, x> + b), with inner products of L2(nu): there V is
the Monte-Carlo value and n Var(f_n) the fluctuation, so that a fluctuation below Monte-Carlo is nothing but a
negative correlation of order 1/n.

On a circle the place of a unit is exp(2 pi i theta / length), of which m is the mean over a network and V the
variance 1 - |m|^2.
"""

from typing import Any

import numpy as np
import xarray as xr

from mfpde.analysis.limit import Scatter, as_lists
from mfpde.analysis.statistics import Interval, interval, resamples
from mfpde.results.run import Run

#: share of its largest value below which a variance is rounding: units are then equal, and have no
#: correlation
EQUAL = 1e-12


def chaos_table(run: Run, scatters: list[Scatter]) -> dict[str, Any] | None:
    """n times the correlation of two units, for every component that moves and for Phi, at every time; None
    without widths of three replicates.

    Stable keys: components ("Phi" and names), widths ({units, correlation: {component: {value, low, high}}}),
    predicted ({component: [..]}) or None. Phi needs nodes, which know its variance.
    """
    widths = [units for units in run.units if run.lagrangian(units).sizes[f"replicate_{units}"] > 2]
    if not widths:
        return None
    monte_carlo = None
    if scatters and "characteristics" in run.tree.children:
        monte_carlo = np.maximum(run.group("characteristics")["monte_carlo"].values, np.finfo(float).tiny)
    lengths = moving(run, widths)
    names = list(lengths)
    rows = [run.parameters.index(name) for name in names]
    differs = {name: differ(run, name) for name in (*names, *(["Phi"] if monte_carlo is not None else []))}
    entries: list[dict[str, Any]] = []
    for units in widths:
        networks = run.lagrangian(units)
        found = {
            name: as_lists(scaled_correlation(*_moments(networks, row, lengths[name]), units))
            for name, row in zip(names, rows, strict=True)
        }
        if monte_carlo is not None:
            variance = next(s.variance for s in scatters if s.units == units)
            scaled = Interval(*(units * (units * part / monte_carlo - 1) / (units - 1) for part in variance))
            found = {"Phi": as_lists(scaled)} | found
        entries.append(
            {
                "units": units,
                "correlation": {name: _known(parts, differs[name]) for name, parts in found.items()},
            }
        )
    predicted = None
    if "fluctuations" in run.tree.children:
        sigma = run.group("fluctuations")["mean_variance"].values
        spread = run.group("characteristics")["variance"].values
        predicted = {
            name: (sigma[:, row] / np.maximum(spread[:, row], 1e-300) - 1).tolist()
            for name, row in zip(names, rows, strict=True)
        }
        if monte_carlo is not None:
            predicted["Phi"] = (run.group("fluctuations")["predicted"].values / monte_carlo - 1).tolist()
        predicted = {
            name: _where(values, differs[name])
            for name, values in predicted.items()
            if not np.isnan(values).all()
        }
    return {"components": list(entries[0]["correlation"]), "widths": entries, "predicted": predicted}


def moving(run: Run, widths: list[int]) -> dict[str, float | None]:
    """Components that move, with the length of a circle or None on a line; circles only if the file holds
    resultants of networks of these widths, which early ones lack.
    """
    found: dict[str, float | None] = {}
    known = all("resultant" in run.lagrangian(units) for units in widths)
    for name in run.parameters:
        table = _table(run, name)
        if table.get("periodic") and known:
            low, high = table["domain"]
            found[name] = high - low
        elif table.get("fixed") is None and not table.get("periodic"):
            found[name] = None
    return found


def _table(run: Run, name: str) -> dict[str, Any]:
    """The table of a parameter in the case: its own, or that of its stem, such as a of a1."""
    tables = run.case["parameters"]
    return tables.get(name, tables.get(name.rstrip("0123456789"), {}))


def _moments(networks: xr.Dataset, row: int, length: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Means and variances (times, replicates) of a component over the units of each network.

    Means are complex on a circle of some length.
    """
    mean = networks["mean"].values[:, :, row]
    if length is None:
        return mean, networks["variance"].values[:, :, row]
    resultant = networks["resultant"].values[:, :, row]
    return resultant * np.exp(2j * np.pi / length * mean), 1 - resultant**2


def differ(run: Run, name: str) -> np.ndarray:
    """When units differ in a component, so that it has a correlation (times,)."""
    nodes = run.group("characteristics") if "characteristics" in run.tree.children else None
    if name == "Phi":
        assert nodes is not None
        spread = nodes["monte_carlo"].values
    elif nodes is not None:
        spread = nodes["variance"].values[:, run.parameters.index(name)]
    else:
        spread = np.mean(
            [
                run.lagrangian(units)["variance"].values[:, :, run.parameters.index(name)].mean(axis=1)
                for units in run.units
            ],
            axis=0,
        )
    return spread > EQUAL * spread.max()


def _where(values: list[float], known: np.ndarray) -> list[float | None]:
    return [
        value if there and value is not None and np.isfinite(value) else None
        for value, there in zip(values, known, strict=True)
    ]


def _known(parts: dict[str, list[Any]], known: np.ndarray) -> dict[str, list[float | None]]:
    """None where units are equal."""
    return {part: _where(values, known) for part, values in parts.items()}


def scaled_correlation(mean: np.ndarray, variance: np.ndarray, units: int) -> Interval:
    """n times the correlation of two units (times,), from means and variances over the units of each network
    (times, replicates).

    Means may be complex: places in the plane of a circle.
    """
    count = mean.shape[1]
    shares = np.vstack([np.full(count, 1 / count), resamples(count)])
    between = (shares @ (np.abs(mean) ** 2).T - np.abs(shares @ mean.T) ** 2) * count / (count - 1)
    between[1:] *= count / (count - 1)  # a resample scatters less than its replicates by 1 - 1/K
    total = shares @ variance.T + between
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = units * (units * between / total - 1) / (units - 1)
    return interval(scaled[0], scaled[1:], count)
