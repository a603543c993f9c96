"""Tables for people about the mean-field limit: fluctuations, bias, tagged units, descent, and the width
planner.
"""

import math
from typing import Any

from mfpde.analysis.combine import distance_label
from mfpde.analysis.report_tables import Table, number, plain
from mfpde.analysis.statistics import evenly
from mfpde.console import Console

#: standard errors beyond which a start is said to be wrong
SUSPECT = 4.0
TINY = 1e-300
#: components of theta, and Phi, of which correlations are printed
COMPONENTS = 4
#: share of the largest prediction below which there are no fluctuations of which to tell the error
NOTHING = 1e-12
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
        _print_chaos(
            table["chaos"],
            times,
            evenly(len(times), 3),
            (table["fluctuations"] or {}).get("process") == "weights",
            console,
        )
    if table["descent"] is not None:
        _print_descent(table["descent"], console)


def print_fluctuations(found: dict[str, Any], times: list[float], shown: list[int], console: Console) -> None:
    """n times the gap: predicted, static Monte-Carlo, observed with z-scores."""
    predicted, static, widths = found["predicted"], found["monte_carlo"], found["widths"]
    headers = ["t", *(["predicted"] if predicted else []), *(["Monte-Carlo"] if static else [])]
    headers += [f"n = {entry['units']}" + (" (z)" if predicted else "") for entry in widths]
    rows = Table(*headers, title=f"n E|f_n - f|² in L²(ν); {PROCESSES[found['process']]}")
    for k in shown:
        cells = [f"{times[k]:g}"]
        if predicted:
            cells.append(f"{predicted[k]:.4g}")
        if static:
            cells.append(f"{static[k]:.4g}")
        for entry in widths:
            error = "" if entry["stderr"][k] is None else f" ± {entry['stderr'][k]:.1g}"
            z = "" if entry["z"] is None or entry["z"][k] is None else f" ({entry['z'][k]:+.1f})"
            cells.append(f"{entry['observed'][k]:.3g}{error}{z}")
        rows.add_row(*cells)
    console.print(rows)
    if predicted:
        errors = [
            (node + rank) / max(value, TINY)
            for node, rank, value in zip(found["node_error"], found["rank_error"], predicted, strict=True)
        ]
        known = [k for k in range(len(errors)) if predicted[k] > NOTHING * max(predicted)] or [0]
        worst = max(known, key=errors.__getitem__)
        console.print(
            f"predicted: the limit n → ∞; its numerical error (nodes, rank) is at most {errors[worst]:.1g} of"
            f" it, at t = {times[worst]:g}"
        )
        console.print("z: (observed - predicted) / standard error", style="dim")
    if static:
        console.print(
            "Monte-Carlo: n units drawn i.i.d. from the mean field at that time; at t = 0 networks have it"
            " exactly",
            style="dim",
        )
    for entry in found["initial"]:
        if entry["z"] is not None and abs(entry["z"]) > SUSPECT:
            console.print(
                f"[bold]n = {entry['units']} starts {entry['z']:+.1f} standard errors from the Monte-Carlo"
                f" value {entry['expected']:.4g}[/bold]"
            )
    if predicted and found["process"] == "birth_death":
        injected = f"{found['jump_noise'][-1]:.3g}"
        console.print(
            "predicted for units with weights; jumps add martingale noise of their own, which no weight has:"
        )
        console.print(
            f"  injected up to t = {times[-1]:g}: {injected}, as far as the flow does not damp it; the bias"
            " of resampling is O(1/n)"
        )


def _print_parts(limit: dict[str, Any], console: Console) -> None:
    title = (
        f"At the last time, from f of the {limit['mean_field']}, with 95 % bootstrap intervals over"
        " replicates"
    )
    rows = Table("n", "gap", "variance", "bias²", "loss gap", title=title)
    for entry in limit["widths"]:
        rows.add_row(
            str(entry["units"]),
            *(_last(entry[name]) for name in ("gap", "variance", "bias_squared", "loss_gap")),
        )
    console.print(rows)
    names = list(limit["widths"][0]["distances"])
    if names:
        labels = [distance_label(name) or name for name in names]
        distances = Table(
            "n", *labels, title="Distances of units from the density at the last time, likewise"
        )
        for entry in limit["widths"]:
            distances.add_row(str(entry["units"]), *(_last(entry["distances"][name]) for name in names))
        console.print(distances)
    fitted = [(name.replace("_", " "), s) for name, s in limit["slopes"].items() if s["low"] == s["low"]]
    slopes = [f"{name} ~ n^{s['slope']:.2f} [{s['low']:.2f}, {s['high']:.2f}]" for name, s in fitted]
    if slopes:
        console.print(plain("slopes: " + "; ".join(slopes)))


def _last(found: dict[str, Any]) -> str:
    """A number with its interval in units of the same power of ten, such as 2.6 [2.4, 2.9] e-05."""
    value, low, high = (found[name][-1] for name in ("value", "low", "high"))
    if value is None or low is None or high is None:
        return number(value, ".2e")
    size = max(abs(low), abs(high))
    power = 0 if size == 0 else math.floor(math.log10(size))
    value, low, high = (x / 10.0**power for x in (value, low, high))
    return f"{value:.1f} [{low:.1f}, {high:.1f}] e{power:+03d}"


def _print_chaos(
    chaos: dict[str, Any], times: list[float], shown: list[int], weighted: bool, console: Console
) -> None:
    headers = [
        "component",
        "t",
        *(["predicted"] if chaos["predicted"] else []),
        *(f"n = {entry['units']}" for entry in chaos["widths"]),
    ]
    what = "n Var(weighted mean) / Var - 1" if weighted else "n times the correlation of two units"
    rows = Table(*headers, title=f"{what} (propagation of chaos)")
    for name in chaos["components"][:COMPONENTS]:
        for first, k in enumerate(shown):
            cells = ["" if first else name, f"{times[k]:g}"]
            if chaos["predicted"]:
                expected = chaos["predicted"].get(name, [None] * len(times))[k]
                cells.append(number(expected, ".3g"))
            for entry in chaos["widths"]:
                value, low, high = (entry["correlation"][name][part][k] for part in ("value", "low", "high"))
                cells.append(
                    number(value, ".2g")
                    + ("" if value is None else f" [{number(low, '.2g')}, {number(high, '.2g')}]")
                )
            rows.add_row(*cells)
    console.print(rows)
    if len(chaos["components"]) > COMPONENTS:
        console.print(
            f"of {len(chaos['components'])} components the first {COMPONENTS}; --json has all", style="dim"
        )


def _print_descent(found: dict[str, Any], console: Console) -> None:
    title = (
        f"Descent of {found['replicates']} networks of {found['units']} units by finite steps, at t ="
        f" {found['time']:g}"
    )
    rows = Table("η", "B", "gap from the flow", "gap from the mean field", "loss", "", title=title)
    for entry in found["entries"]:
        batch = "all" if entry["batch"] == 0 else str(entry["batch"])
        verdict = (
            f"diverged ({entry['diverged']:.0%})"
            if entry["diverged"]
            else {None: "", True: "follows", False: "leaves"}[entry["follows"]]
        )
        gaps = [_mean(entry.get(name)) for name in ("flow_gap", "function_gap")]
        loss = "-" if entry["loss"] is None else f"{entry['loss']:.4g}"
        rows.add_row(f"{entry['step']:g}", batch, *gaps, loss, verdict)
    console.print(rows)
    if found["sampling_error"] is not None:
        console.print(
            "it follows the flow while its gap from it is below the sampling error of this width,"
            f" {found['sampling_error']:.1e}"
        )


def _mean(found: dict[str, Any] | None) -> str:
    if found is None or found["mean"] is None:
        return "-"
    return f"{found['mean']:.2e}" + ("" if found["stderr"] is None else f" ± {found['stderr']:.0e}")


def print_plan(plan: dict[str, Any], console: Console) -> None:
    """How many units reach the tolerance."""
    mean, confident, constant = plan["mean"], plan["confident"], plan["constant"]
    scale = f"{plan['source']} n E|f_n - f|² = {constant['value']:.4g}"
    second = f", n^-2 term {plan['bias_constant']:.2g}" if plan["bias_constant"] else ""
    floor = f", the mean field's own error {math.sqrt(plan['floor']):.1e}" if plan["floor"] else ""
    console.print(
        f"width for |f_n - f| ≤ {plan['tolerance']:g} at t = {plan['time']:g}, from the"
        f" {scale}{second}{floor}:"
    )
    for what, found in (
        ("root mean square", mean),
        (f"with {plan['confidence']:.0%} probability", confident),
    ):
        if found["units"] is None:
            console.print(f"  {what}: no width is that near; the mean field's own error is larger")
            continue
        between = (
            f"between {found['low']} and {found['high']}"
            if found["high"] is not None
            else f"at least {found['low']}, no upper limit known"
        )
        console.print(f"  {what}: n = {found['units']} ({between})")
    if plan["uncertainty"] is not None and not plan["decided"]:
        console.print(
            "  [bold]the ladder does not decide this to 10 %[/bold] (the distance at that width is known to"
            f" {plan['uncertainty']:.0%}): run more replicates, or widths near the planned one"
        )
    if plan["tolerance"] ** 2 < plan["mean_field_error"]:
        bound = math.sqrt(plan["mean_field_error"])
        console.print(
            f"  this is below the bound of the mesh's own error of f, {bound:.1e}: refine it to be near the"
            " limit, not only the mesh"
        )
