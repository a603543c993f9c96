"""How a comparison takes what metrics declare: series of the density as they are, replicates of networks by
their mean and what is known of it.
"""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from mfpde.analysis.statistics import mean_and_error
from mfpde.errors import InputError
from mfpde.metrics import variables
from mfpde.metrics.declaration import FIELDS, NAME, Compared, Shape, Variable

if TYPE_CHECKING:
    from mfpde.results.run import Run


def number(value: float) -> float | None:
    """A number for JSON, which has no NaN."""
    return float(value) if np.isfinite(value) else None


def numbers(values: np.ndarray) -> list[float | None]:
    """Plain numbers for JSON, which has no NaN."""
    return [number(v) for v in values]


def _mean_and_std(values: np.ndarray) -> dict[str, Any]:
    count = values.shape[1]
    spread = values.std(axis=1, ddof=1) if count > 1 else np.full(len(values), np.nan)
    return {"mean": numbers(values.mean(axis=1)), "std": numbers(spread)}


def _mean_and_stderr(values: np.ndarray) -> dict[str, Any]:
    mean, error = mean_and_error(values)
    return {"mean": numbers(mean), "stderr": numbers(error)}


#: of values (times,) of a density, (times, replicates) of networks
_WAYS: dict[str, Callable[[np.ndarray], Any]] = {
    "series": numbers,
    "least": lambda values: float(values.min()),
    "deviation from 1": lambda values: float(np.abs(values - 1).max()),
    "mean": lambda values: numbers(values.mean(axis=1)),
    "mean and std": _mean_and_std,
    "mean and stderr": _mean_and_stderr,
}


def compared(group: str) -> Iterator[tuple[Variable, Compared]]:
    """Variables of a group that are compared, "eulerian", "lagrangian" or "comparison", and how."""
    for variable in variables():
        if variable.compared is not None and variable.path.startswith(f"{group}/"):
            yield variable, variable.compared


def in_table(shape: Shape) -> Iterator[Compared]:
    """What is shown in tables of one shape on a terminal, each key once."""
    found = [v.compared for v in variables() if v.compared is not None and v.compared.table == shape]
    yield from {compared.key: compared for compared in found}.values()


def combined(run: "Run", dataset: xr.Dataset, variable: Variable) -> Any:
    """What a comparison says of a variable; None if the file does not have it.

    Arguments:
        dataset: the group of the file that it is in.
    Raises:
        InputError: it is damaged: it lacks what every version has stored.
    """
    assert variable.compared is not None
    how, path = variable.compared.how, variable.path.rpartition("/")[2]
    names = sorted(run.parameters) if NAME in path else [""]
    places = {name: path.replace(NAME, name) for name in names}
    values = {name: _at_times(run, dataset[place]) for name, place in places.items() if place in dataset}
    if variable.compared.always and not values:
        raise InputError(f"{run.path}: has no '{variable.pattern}'; it is no whole output of mfpde run")
    if how == "sum":
        return numbers(np.sum(list(values.values()), axis=0) if values else np.zeros(len(run.times)))
    found = {name: _WAYS[how](value) for name, value in values.items()}
    return found if NAME in path else found.get("")


def _at_times(run: "Run", found: xr.DataArray) -> np.ndarray:
    """Values at all output times, NaN at those at which fields are not stored."""
    return (found.reindex({FIELDS: run.times}) if FIELDS in found.dims else found).values


def distance_label(name: str) -> str | None:
    """What a dataset of distances, such as "w1_a", is called on a terminal; None if it is none of these."""
    for variable, how in compared("comparison"):
        form = re.escape(variable.path.rpartition("/")[2]).replace(re.escape(NAME), "(.+)")
        if how.table == "distances" and (found := re.fullmatch(form, name)):
            return how.label.replace(NAME, found[1] if NAME in variable.path else "")
    return None
