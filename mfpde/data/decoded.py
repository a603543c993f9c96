"""Variables of HDF5 and netCDF files as their attributes mean them.

By the CF conventions; xarray decodes fill values, scales, offsets and unsigned integers.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from mfpde.data.columns import Column

#: attributes that change the meaning of values: http://cfconventions.org, 2.5.1 and 8.1
SCALES = ("scale_factor", "add_offset", "_Unsigned")
FILLS = ("_FillValue", "missing_value")
RANGES = ("valid_range", "valid_min", "valid_max")
MEANING = (*SCALES, *FILLS, *RANGES)


def decode(name: str, values: np.ndarray, attributes: Mapping[str, Any]) -> Column:
    """A variable as its attributes mean it.

    Raises:
        ValueError: attributes that contradict each other.
    """
    given = {key: _as_numbers(key, attributes[key], values.dtype) for key in MEANING if key in attributes}
    if not given:
        return Column(values, np.zeros(values.shape, dtype=bool))
    stored = xr.Variable(
        [f"axis{k}" for k in range(values.ndim)],
        values,
        {key: given[key] for key in (*SCALES, *FILLS) if key in given},
    )
    # of several fill values, which all mean that a value is missing
    with warnings.catch_warnings(action="ignore"):
        decoded = xr.conventions.decode_cf_variable(name, stored, decode_times=False).to_numpy()
    missing = np.isnan(decoded) if decoded.dtype.kind == "f" else np.zeros(values.shape, dtype=bool)
    low, high = _range(given)
    if low is not None:
        missing = missing | (values < low)
    if high is not None:
        missing = missing | (values > high)
    scaled = any(key in given for key in SCALES)
    # whole numbers stay as they are: those with a fill value come back as reals
    return Column(decoded if scaled else values, missing)


def _as_numbers(key: str, value: Any, dtype: np.dtype) -> Any:
    """An attribute as numbers; marks and limits in the type of the variable, in which its values are.

    Raises:
        ValueError: it is none.
    """
    if key == "_Unsigned":
        return value
    try:
        numbers = np.asarray(value.replace(",", " ").split() if isinstance(value, str) else value).astype(
            np.float64
        )
    except (ValueError, TypeError):
        numbers = np.zeros(0)
    if not numbers.size or (key == "valid_range" and numbers.size != 2):
        raise ValueError(
            f"has an attribute {key} = {str(value)[:60]!r}; expected"
            f" {'two numbers' if key == 'valid_range' else 'a number'}"
        )
    if key in SCALES:
        return value if not isinstance(value, str) else numbers.ravel()[0]
    with np.errstate(over="ignore", invalid="ignore"):
        fits = dtype.kind == "f" or bool(np.all(numbers == np.round(numbers)))
        held = np.asarray(value if not isinstance(value, str) else numbers)
        typed = held.astype(dtype) if fits else numbers
    return typed if np.ndim(value) or typed.size > 1 else typed.ravel()[0]


def _range(given: Mapping[str, Any]) -> tuple[Any, Any]:
    """The least and the greatest valid value, before they are scaled; None for no limit.

    Raises:
        ValueError: a range that is not two numbers.
    """
    if "_Unsigned" in given and any(key in given for key in RANGES):
        raise ValueError(
            "has both '_Unsigned' and a valid range, of which it is not said whether it is meant signed"
        )
    if "valid_range" in given:
        low, high = np.asarray(given["valid_range"]).ravel()
        return low, high
    return given.get("valid_min"), given.get("valid_max")
