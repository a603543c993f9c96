"""Tables for people about the mean-field limit: fluctuations, bias, tagged units, descent, and the width planner."""

from typing import Any

from rich.console import Console

from mfpde.analysis.report_tables import Table
from mfpde.analysis.statistics import evenly

PROCESSES = {
    "transport": "units follow the gradient flow",
    "weights": "the reaction acts on weights",
    "birth_death": "units jump (birth-death)",
    "langevin": "units feel noise (diffusion)",
}


def print_limit(table: dict[str, Any], console: Console) -> None:
    """Everything about the limit that the run tells."""
    times = table["times"]
    shown = evenly(len(times), 6)
    if table["fluctuations"] is not None:
        print_fluctuations(table["fluctuations"], times, shown, console)
    if table["limit"] is not None:
        _print_parts(table["limit"], console)
    if table["chaos"] is not None:
        _print_chaos(table["chaos"], times, shown, console)
    if table["descent"] is not None:
        _print_descent(table["descent"], console)


def print_fluctuations(found: dict[str, Any], times: list[float], shown: list[int], console: Console) -> None:
    """n times the gap: predicted, static Monte-Carlo, observed with z-scores."""
    title = f"n E|f_n - f|² in L²(ν); {PROCESSES[found['process']]}"
    rows = Table("", *(f"t = {times[k]:g}" for k in shown), title=title)
    predicted = found["predicted"]
    if predicted is not None:
        errors = [a + b for a, b in zip(found["node_error"], found["rank_error"], strict=True)]
        rows.add_row("predicted, n → ∞", *(f"{predicted[k]:.4g} ± {errors[k]:.0e}" for k in shown))
    if found["monte_carlo"] is not None:
        rows.add_row("Monte-Carlo (i.i.d. from μ_t)", *(f"{found['monte_carlo'][k]:.4g}" for k in shown))
    for entry in found["widths"]:
        cells = []
        for k in shown:
            error = "" if entry["stderr"][k] is None else f" ± {entry['stderr'][k]:.0e}"
            z = "" if entry["z"] is None or entry["z"][k] is None else f" (z {entry['z'][k]:+.1f})"
            cells.append(f"{entry['observed'][k]:.4g}{error}{z}")
        rows.add_row(f"n = {entry['units']}, {entry['replicates']} networks", *cells)
    console.print(rows)
    for entry in found["initial"]:
        z = "" if entry["z"] is None else f" (z {entry['z']:+.1f})"
        console.print(f"start: n = {entry['units']} has {entry['observed']:.4g}{z}, the Monte-Carlo value is {entry['expected']:.4g} exactly")
    if predicted is not None and found["process"] == "birth_death":
        console.print("prediction: for units with weights; jumps add martingale noise of their own, which no weight has:")
        injected = f"{found['jump_noise'][-1]:.3g}"
        console.print(f"  injected up to t = {times[-1]:g}: {injected}, as far as the flow does not damp it; the bias of resampling is O(1/n)")


def _print_parts(limit: dict[str, Any], console: Console) -> None:
    rows = Table("n", "gap", "variance", "bias²", "loss gap", title="At the last time, with 95 % bootstrap intervals over replicates")
    for entry in limit["widths"]:
        rows.add_row(str(entry["units"]), *(_last(entry[name]) for name in ("gap", "variance", "bias_squared", "loss_gap")))
    console.print(rows)
    fitted = [(name.replace("_", " "), s) for name, s in limit["slopes"].items() if s["low"] == s["low"]]
    slopes = [f"{name} ~ n^{s['slope']:.2f} [{s['low']:.2f}, {s['high']:.2f}]" for name, s in fitted]
    if slopes:
        console.print("slopes: " + "; ".join(slopes))


def _last(found: dict[str, Any]) -> str:
    value, low, high = (found[name][-1] for name in ("value", "low", "high"))
    return f"{value:.2e}" if low is None else f"{value:.2e} [{low:.1e}, {high:.1e}]"


def _print_chaos(chaos: dict[str, Any], times: list[float], shown: list[int], console: Console) -> None:
    rows = Table("component", "", *(f"t = {times[k]:g}" for k in shown), title="n times the correlation of two units (propagation of chaos)")
    for name in chaos["components"]:
        if chaos["predicted"] is not None:
            rows.add_row(name, "predicted, n → ∞", *(f"{chaos['predicted'][name][k]:.3g}" for k in shown))
        for entry in chaos["widths"]:
            found = entry["correlation"][name]
            triples = [(found["value"][k], found["low"][k], found["high"][k]) for k in shown]
            cells = ["-" if value is None else f"{value:.2g} [{low:.2g}, {high:.2g}]" for value, low, high in triples]
            rows.add_row("" if chaos["predicted"] else name, f"n = {entry['units']}", *cells)
    console.print(rows)


def _print_descent(found: dict[str, Any], console: Console) -> None:
    title = f"Descent of {found['replicates']} networks of {found['units']} units by finite steps, at t = {found['time']:g}"
    rows = Table("step η", "batch B", "|f_descent - f_flow|²", "|f_descent - f|²", "loss", "", title=title)
    for entry in found["entries"]:
        batch = "all" if entry["batch"] == 0 else str(entry["batch"])
        verdict = (
            f"diverged ({entry['diverged']:.0%})" if entry["diverged"] else {None: "", True: "follows", False: "leaves the flow"}[entry["follows"]]
        )
        gaps = [_mean(entry.get(name)) for name in ("flow_gap", "function_gap")]
        loss = "-" if entry["loss"] is None else f"{entry['loss']:.4g}"
        rows.add_row(f"{entry['step']:g}", batch, *gaps, loss, verdict)
    console.print(rows)
    if found["sampling_error"] is not None:
        console.print(f"descent follows the flow while its gap from it is below the sampling error of this width, {found['sampling_error']:.1e}")


def _mean(found: dict[str, Any] | None) -> str:
    if found is None or found["mean"] is None:
        return "-"
    return f"{found['mean']:.2e}" + ("" if found["stderr"] is None else f" ± {found['stderr']:.0e}")


def print_plan(plan: dict[str, Any], console: Console) -> None:
    """How many units reach the tolerance."""
    mean, confident, constant = plan["mean"], plan["confident"], plan["constant"]
    scale = f"{plan['source']} n E|f_n - f|² = {constant['value']:.4g}"
    console.print(f"width for |f_n - f| ≤ {plan['tolerance']:g} at t = {plan['time']:g}, from the {scale}:")
    console.print(f"  root mean square: n = {mean['units']} (between {mean['low']} and {mean['high']})")
    console.print(f"  with {plan['confidence']:.0%} probability: n = {confident['units']} (between {confident['low']} and {confident['high']})")
