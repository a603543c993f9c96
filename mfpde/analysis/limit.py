"""How networks of one width scatter about the mean field: the gap, its variance and its bias apart, the loss,
with bootstrap intervals.

With replicates f_k of f_n and the mean field f: gap = E|f_n - f|^2 = variance + bias^2, variance = E|f_n - E
f_n|^2, bias = E f_n - f. Both parts are estimated without bias from the Gram matrix of f_k - f, and resampled
together.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mfpde.analysis.combine import distance_label
from mfpde.analysis.statistics import Interval, bootstrap_mean, interval, power_law, resamples
from mfpde.results.predictions import predictions

if TYPE_CHECKING:
    from mfpde.results.run import Run


#: groups that hold f of the mean field, the preferred first, and what they are called
SOURCES = {"characteristics": "nodes", "eulerian": "mesh"}


class MeanField(NamedTuple):
    """f in time, from the nodes if the run has them (more of them tell their error), else from the mesh."""

    prediction: np.ndarray  #: (times, r)
    loss: np.ndarray  #: (times,)
    source: str


class Scatter(NamedTuple):
    """Networks of one width about the mean field, at every time."""

    units: int
    replicates: int
    gap: Interval
    variance: Interval
    #: without the share that variance leaves in a mean of few; may be below 0 by chance
    bias_squared: Interval
    loss_gap: Interval  #: E loss(f_n) - loss(f)
    gaps: np.ndarray  #: |f_k - f|^2 (times, replicates)


def mean_field_group(run: "Run") -> str | None:
    """The group of the file that f of the mean field is from, "characteristics" or "eulerian"; None if the
    run has none.
    """
    return next((group for group in SOURCES if run.has_function and group in run.tree.children), None)


def mean_field(run: "Run") -> MeanField | None:
    """The mean field of a run of networks; None if it has none."""
    group = mean_field_group(run)
    if group is None:
        return None
    found = run.group(group)
    return MeanField(predictions(found), found["loss"].values, SOURCES[group])


def scatters_of(run: "Run", limit: MeanField | None) -> list[Scatter]:
    """How networks of every width scatter; none without a mean field."""
    return [] if limit is None else [scatter(run, units, limit) for units in run.units]


def scatter(run: "Run", units: int, limit: MeanField) -> Scatter:
    """How networks of one width scatter."""
    networks = run.lagrangian(units)
    # coordinates in which |g|^2 in L2(nu) is a sum of squares
    deviations = (predictions(networks) - limit.prediction[:, None]) * np.sqrt(run.norm_weights)
    count = deviations.shape[1]
    shares = resamples(count)
    gap, variance, bias = [], [], []
    for at in deviations:
        gram = at @ at.T
        every = np.vstack([np.full(count, 1 / count), shares])
        mean_square = every @ np.diag(gram)
        square_mean = np.einsum("bk,bk->b", every @ gram, every)
        scattered = (mean_square - square_mean) * count / max(count - 1, 1)
        # a resample scatters less than its replicates by 1 - 1/K, and its mean has that share of scatter once
        # more than theirs
        scattered[1:] *= count / max(count - 1, 1)
        square_mean[1:] -= scattered[1:] * (count - 1) / count**2
        gap.append(mean_square)
        variance.append(scattered)
        bias.append(square_mean - scattered / count)
    loss = networks["loss"].values - limit.loss[:, None]
    mean_gap, spread, bias_squared = (
        interval(np.array(q)[:, 0], np.array(q)[:, 1:].T, count) for q in (gap, variance, bias)
    )
    return Scatter(
        units, count, mean_gap, spread, bias_squared, bootstrap_mean(loss), np.sum(deviations**2, axis=2)
    )


def limit_table(run: "Run", limit: MeanField, scatters: list[Scatter]) -> dict[str, Any]:
    """What `compare` reports of widths: every estimate with its interval, and how each falls with n at the
    last time.

    Distances run over their own times: those of sliced W2 are the times at which fields are stored.
    """
    names = distance_names(run)
    distances = {units: {name: run.comparison(units)[name].values for name in names} for units in run.units}
    widths = [
        {
            "units": s.units,
            "replicates": s.replicates,
            **{name: as_lists(getattr(s, name)) for name in ("gap", "variance", "bias_squared", "loss_gap")},
            "distances": {
                name: as_lists(bootstrap_mean(found)) for name, found in distances[s.units].items()
            },
        }
        for s in scatters
    ]
    samples = {"function_gap": {s.units: s.gaps[-1] for s in scatters}}
    samples |= {name: {units: distances[units][name][-1] for units in run.units} for name in names}
    slopes = {name: power_law(found, run.paired)._asdict() for name, found in samples.items()}
    return {"mean_field": limit.source, "widths": widths, "slopes": slopes}


def distance_names(run: "Run") -> list[str]:
    """Distances of measures that the run holds."""
    if not run.units or "comparison" not in run.tree.children:
        return []
    stored = map(str, run.comparison(run.units[0]).data_vars)
    return [name for name in stored if distance_label(name) is not None]


def as_lists(found: Interval) -> dict[str, list[float | None]]:
    """Plain numbers for JSON."""
    return {
        name: [float(v) if np.isfinite(v) else None for v in values]
        for name, values in found._asdict().items()
    }
