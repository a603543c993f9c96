"""Functions as files hold them: by coordinates (..., r), output after output where there are several."""

import numpy as np
import xarray as xr


def predictions(group: xr.Dataset) -> np.ndarray:
    """The predictions of a group of a run: (times, r) of a mean field, (times, replicates, r) of networks."""
    found = group["prediction"]
    values = found.values
    return values.reshape(*values.shape[:-2], -1) if "output" in found.dims else values


def by_output(group: xr.Dataset) -> np.ndarray:
    """The same with an axis of outputs: (times, outputs, r) of a mean field, (times, replicates, outputs, r)
    of networks.
    """
    found = group["prediction"]
    return found.values if "output" in found.dims else found.values[..., None, :]
