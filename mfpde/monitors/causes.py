"""Why mass or units reach the walls: data in units that parameters cannot answer are told, rather than that a
domain be widened.
"""

import numpy as np

from mfpde.data import Dataset
from mfpde.models.problem import Problem

#: targets this many times as large as every amplitude, inputs or sums of weights of this size, are not meant
FAR = 10.0


def remedy(model: Problem, axis: str) -> str:
    """What to do about mass or units at the walls of a parameter: the cause, if the data are one, else the
    domain.

    Arguments:
        axis: the parameter.
    """
    cause = _cause(model.data, model) if model.data is not None else ""
    return cause or f"widen parameters.{axis}.domain, or hold units back by a penalty (model.penalty)"


def _cause(data: Dataset, model: Problem) -> str:
    total = data.weights.sum()
    size = float(np.sqrt(data.weights @ np.max(data.targets**2, axis=0) / total))
    domain = model.parameters.amplitudes[0].domain
    largest = max(map(abs, domain)) if domain is not None else 1.0
    if size > FAR * largest:
        sizes = f"the targets ('{data.y_name}') have size {size:.2g}, amplitudes at most {largest:g}"
        return f"{sizes}: write data.standardize = true, scale them, or widen parameters.a.domain"
    if total > FAR:
        return (
            f"the weights of the data sum to {total:.6g}, so forces are as many times those of an average: "
            "write data.weights = { column = ..., normalize = true }"
        )
    inputs = np.sqrt(data.weights @ data.x**2 / total)
    k = int(np.argmax(inputs))
    if inputs[k] > FAR**2:
        return (
            f"the inputs ('{data.x_names[k]}') have size {inputs[k]:.2g}: write data.standardize = true, or"
            " scale them"
        )
    return ""
