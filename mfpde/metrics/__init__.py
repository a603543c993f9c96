"""Everything that is stored of a run: one module per quantity. To add one, add its module, and its name
below.
"""

import importlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from mfpde.metrics.declaration import Variable

#: modules of this package, in the order in which their variables are laid out, compared and documented
METRICS = (
    "parameters", "learnt", "replicates",
    "density", "energy", "loss", "accuracy", "cross_entropy", "entropy", "gibbs_residual", "gap", "rates",
    "mass", "unbalanced", "walls", "minimum_density", "dissipated_energy", "steps", "narrowest_blob",
    "compression_bound",
    "grid_error", "prediction",
    "moments", "effective_number", "jumps", "units", "function_gap", "w1", "sliced_w2",
    "monte_carlo", "jump_noise", "fluctuations", "descent",
)  # fmt: skip


@cache
def variables() -> tuple[Variable, ...]:
    """All that any run may store."""
    modules = (importlib.import_module(f"{__name__}.{name}") for name in METRICS)
    return tuple(variable for module in modules for variable in module.VARIABLES)


def measure(shown: Mapping[str, Any], with_fields: bool) -> dict[str, Any]:
    """All that is stored of a run at one time, by path in the file.

    Arguments:
        shown: what the run shows, see `metrics.shown`.
        with_fields: whether also what is stored along `fields_time`.
    """
    values: dict[str, Any] = {}
    for variable in variables():
        if variable.grows and (with_fields or not variable.of_fields) and variable.applies(shown):
            values |= variable.values(shown)
    return values
