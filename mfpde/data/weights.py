"""Weights of rows of data, from a column of them."""

import numpy as np

from mfpde.case import schema
from mfpde.data.columns import Table
from mfpde.errors import InputError

#: weights beyond this, or below its inverse, overflow in squares
LARGEST_WEIGHT = 1e100
#: by how much the sum of weights that are an average may differ from 1, as written with few digits
SUMS_TO_ONE = 1e-3


def weights_of(
    values: np.ndarray, kept: np.ndarray, table: Table, weighted: schema.WeightColumn
) -> tuple[np.ndarray, list[str]]:
    """Weights of rows, and what to say of them.

    Raises:
        InputError: weights that are not positive, or so small beside others that their rows do not count.
    """
    weights, name = values[kept], weighted.column
    if len(bad := np.flatnonzero(~(weights > 0))):
        raise InputError(
            f"{table.place(int(kept[bad[0]]), name)}: a weight of {weights[bad[0]]:g}; expected positive"
            " weights (leave rows without weight out)"
        )
    if not len(weights):
        return weights, []
    k, largest = int(np.argmin(weights)), weights.max()
    if largest > LARGEST_WEIGHT or weights[k] < max(largest * np.finfo(np.float64).eps, 1 / LARGEST_WEIGHT):
        beside = f"a weight of {weights[k]:g} beside one of {largest:g}"
        raise InputError(
            f"{table.place(int(kept[k]), name)}: {beside} cannot count in double precision; leave such rows"
            " out, or scale the weights"
        )
    total = weights.sum()
    if weighted.normalize:
        return weights / total, []
    if abs(total - 1) <= SUMS_TO_ONE or "normalize" in weighted.model_fields_set:
        return weights, []
    remedy = (
        f'weights = {{ column = "{name}", normalize = true }} makes them an average, normalize = false keeps'
        " them without this word"
    )
    return weights, [
        f"data.weights: '{name}' sums to {total:.6g}, so losses are {total:.4g} times an average; {remedy}"
    ]
