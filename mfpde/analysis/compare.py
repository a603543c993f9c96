"""The comparison of networks with their mean-field limit, read from a finished run."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mfpde.analysis.certificate import certificate_table
from mfpde.analysis.chaos import chaos_table
from mfpde.analysis.combine import combined, compared, number
from mfpde.analysis.descent import descent_table
from mfpde.analysis.fluctuations import fluctuation_table
from mfpde.analysis.limit import limit_table, mean_field, scatters_of
from mfpde.analysis.planner import plan_width
from mfpde.analysis.statistics import power_law
from mfpde.arithmetic import usual_arithmetic
from mfpde.results.sound import of_outputs

if TYPE_CHECKING:
    from mfpde.results.run import Run


@dataclass(frozen=True)
class Comparison:
    """What `mfpde compare` reports; `table` is what --json prints."""

    table: dict[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        from mfpde.analysis.report_comparison import comparison_text

        return comparison_text(self.table)


@of_outputs
@usual_arithmetic
def compare(
    run: "Run", tolerance: float | None = None, time: float | None = None, optimum: bool = False
) -> Comparison:
    """Energies, function gaps and distances at every time, for every width, the rate in n, and what the limit
    theorems say of them.

    Stable keys: times, eulerian, lagrangian, rate, budget, limit, fluctuations, chaos, descent, plan,
        certificate; optimum if it was asked for.
        Quantities a run does not have are None.

    Arguments:
        tolerance: plan the width that brings |f_n - f| below this at `time` (the last if None).
        optimum: find the global minimum E* too, and set E - E* beside; under the key "optimum".
    Raises:
        InputError: a tolerance for which the run holds nothing to plan by, no output at that time, or a file
            that is damaged.
    """
    limit = mean_field(run)
    has_gap = limit is not None and bool(run.units)
    scatters = scatters_of(run, limit)
    table = {
        "times": run.times.tolist(),
        "eulerian": _eulerian(run) if run.has_density else None,
        "lagrangian": [_lagrangian(run, units) for units in run.units],
        "rate": {"function_gap": _rate(run) if has_gap else None},
    }
    table["budget"] = error_budget(table)
    table["limit"] = limit_table(run, limit, scatters) if limit is not None and scatters else None
    table["fluctuations"] = fluctuation_table(run, limit, scatters) if limit is not None else None
    table["chaos"] = chaos_table(run, scatters)
    table["descent"] = descent_table(run, scatters)
    table["plan"] = None if tolerance is None else plan_width(run, scatters, tolerance, time)
    table["certificate"] = certificate_table(run)
    if optimum:
        from mfpde.analysis.excess import excess_table

        table["optimum"] = excess_table(run)
    return Comparison(table)


def _eulerian(run: "Run") -> dict[str, Any]:
    density, health = run.eulerian, run.health
    stated = health.get("eulerian", {})
    entry = {}
    for variable, how in compared("eulerian"):
        otherwise = combined(run, density, variable)
        entry[how.key] = _stated(stated, how.key, otherwise) if how.stated else otherwise
    if not run.conserves_mass:
        entry["mass_drift"] = None
    return entry | {
        "largest_energy_rise": _stated(stated, "largest_energy_rise"),
        "resolution_time": _stated(health, "resolution_time"),
    }


def _stated(facts: dict[str, Any], name: str, otherwise: float | None = None) -> float | None:
    value = facts.get(name)
    return value if isinstance(value, int | float) else otherwise


def _lagrangian(run: "Run", units: int) -> dict[str, Any]:
    networks = run.lagrangian(units)
    entry: dict[str, Any] = {"units": units, "replicates": networks.sizes[f"replicate_{units}"]}
    groups = {"lagrangian": networks}
    if run.has_density or "comparison" in run.tree.children:
        groups["comparison"] = run.comparison(units)
    for group, dataset in groups.items():
        for variable, how in compared(group):
            if run.has_density or "density" not in variable.views:
                found = combined(run, dataset, variable)
                entry |= {how.key: found} if found is not None else {}
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
        "slope": number(fit.slope),
        "low": number(fit.low),
        "high": number(fit.high),
        "time": float(run.times[-1]),
    }
