"""The comparison of networks with their mean-field limit, read from a finished run."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mfpde.analysis.chaos import chaos_table
from mfpde.analysis.descent import descent_table
from mfpde.analysis.fluctuations import fluctuation_table
from mfpde.analysis.limit import limit_table, mean_field, scatters_of
from mfpde.analysis.planner import plan_width
from mfpde.analysis.statistics import floats, mean_and_error, power_law
from mfpde.arithmetic import usual_arithmetic
from mfpde.results.sound import of_outputs

if TYPE_CHECKING:
    from mfpde.results.run import Run


@dataclass(frozen=True)
class Comparison:
    """What `mfpde compare` reports; `table` is what --json prints."""

    table: dict[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        from mfpde.analysis.report import comparison_text

        return comparison_text(self.table)


@of_outputs
@usual_arithmetic
def compare(run: "Run", tolerance: float | None = None, time: float | None = None) -> Comparison:
    """Energies, function gaps and distances at every time, for every width, the rate in n, and what the limit
    theorems say of them.

    Stable keys: times, eulerian, lagrangian, rate, budget, limit, fluctuations, chaos, descent, plan.
        Quantities a run does not have are None.

    Arguments:
        tolerance: plan the width that brings |f_n - f| below this at `time` (the last if None).
    Raises:
        InputError: a tolerance for which the run holds nothing to plan by, no output at that time, or a file
            that is damaged.
    """
    has_density, limit = run.has_density, mean_field(run)
    has_gap = limit is not None and bool(run.units)
    scatters = scatters_of(run, limit)
    table = {
        "times": run.times.tolist(),
        "eulerian": _eulerian(run) if has_density else None,
        "lagrangian": [_lagrangian(run, units, has_density) for units in run.units],
        "rate": {"function_gap": _rate(run) if has_gap else None},
    }
    table["budget"] = error_budget(table)
    table["limit"] = limit_table(run, limit, scatters) if limit is not None and scatters else None
    table["fluctuations"] = fluctuation_table(run, limit, scatters) if limit is not None else None
    table["chaos"] = chaos_table(run, scatters)
    table["descent"] = descent_table(run, scatters)
    table["plan"] = None if tolerance is None else plan_width(run, scatters, tolerance, time)
    return Comparison(table)


def _eulerian(run: "Run") -> dict[str, Any]:
    density, health = run.eulerian, run.health
    stated = health.get("eulerian", {})
    walls = [density[name].values for name in density.data_vars if str(name).startswith("wall_mass_")]
    total = np.sum(walls, axis=0) if walls else np.zeros(density.sizes["time"])
    return {
        "energy": floats(density["energy"].values),
        "loss": floats(density["loss"].values) if "loss" in density else None,
        "mass_drift": _stated(stated, "mass_drift", float(np.abs(density["mass"].values - 1).max())),
        "boundary_mass": floats(total),
        "minimum_density": float(density["minimum_density"].values.min()),
        "largest_energy_rise": _stated(stated, "largest_energy_rise"),
        "resolution_time": _stated(health, "resolution_time"),
        "grid_error": _numbers(density["grid_error"].values) if "grid_error" in density else None,
        "grid_error_energy": (
            _numbers(density["grid_error_energy"].values) if "grid_error_energy" in density else None
        ),
        "grid_error_w1": {
            str(name).removeprefix("grid_error_w1_"): _numbers(density[name].values)
            for name in density.data_vars
            if str(name).startswith("grid_error_w1_")
        },
        "observed_order": _numbers(density["observed_order"].values) if "observed_order" in density else None,
    }


def _stated(facts: dict[str, Any], name: str, otherwise: float | None = None) -> float | None:
    value = facts.get(name)
    return value if isinstance(value, int | float) else otherwise


def _lagrangian(run: "Run", units: int, has_density: bool) -> dict[str, Any]:
    networks = run.lagrangian(units)
    energy = networks["energy"].values
    replicates = energy.shape[1]
    spread = energy.std(axis=1, ddof=1) if replicates > 1 else np.full(len(energy), np.nan)
    entry: dict[str, Any] = {
        "units": units,
        "replicates": replicates,
        "energy": {"mean": floats(energy.mean(axis=1)), "std": _numbers(spread)},
        "killed": floats(networks["killed"].values.mean(axis=1)),
        "cloned": floats(networks["cloned"].values.mean(axis=1)),
    }
    if not has_density and "comparison" not in run.tree.children:
        return entry
    distances = run.comparison(units)
    if "function_gap" in distances:
        mean, error = mean_and_error(distances["function_gap"].values)
        entry["function_gap"] = {"mean": _numbers(mean), "stderr": _numbers(error)}
    if not has_density:
        return entry
    names = [str(name) for name in distances.data_vars if str(name).startswith("w1_")]
    entry["w1"] = {name.removeprefix("w1_"): _numbers(distances[name].values.mean(axis=1)) for name in names}
    sliced = distances["sliced_w2"].mean(f"replicate_{units}")
    entry["sliced_w2"] = _numbers(sliced.reindex(fields_time=run.times).values)
    return entry


def error_budget(table: dict[str, Any]) -> dict[str, float] | None:
    """The bound of the mesh's error of f beside the sampling error of the networks at the last time; None if
    either is unknown.

    Returns:
        grid_error: bound of |f_h - f|^2 of the mesh;
        sampling_constant: C in |f_n - f|^2 ~ C/n, the mean of n times the gap over widths;
        largest_n: the width at which C/n falls to that bound: wider networks may be compared with the mesh,
            not with the limit.
    """
    density = table["eulerian"]
    gaps = [
        (entry["units"], entry["function_gap"]["mean"][-1])
        for entry in table["lagrangian"]
        if "function_gap" in entry
    ]
    if (
        density is None
        or density["grid_error"] is None
        or not gaps
        or None in (density["grid_error"][-1], *(gap for _, gap in gaps))
    ):
        return None
    grid = density["grid_error"][-1]
    # of the widths that the mesh's error is not felt at, if there are any; it may be far below its bound
    felt = [units * gap for units, gap in gaps if gap > grid] or [units * gap for units, gap in gaps[:1]]
    constant = float(np.mean(felt))
    return {
        "grid_error": grid,
        "sampling_constant": constant,
        "largest_n": constant / grid if grid > 0 else None,
    }


def _rate(run: "Run") -> dict[str, Any]:
    gaps = {units: run.comparison(units)["function_gap"].values[-1] for units in run.units}
    fit = power_law(gaps, run.paired)
    return {
        "slope": _number(fit.slope),
        "low": _number(fit.low),
        "high": _number(fit.high),
        "time": float(run.times[-1]),
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _numbers(values: np.ndarray) -> list[float | None]:
    return [_number(v) for v in values]
