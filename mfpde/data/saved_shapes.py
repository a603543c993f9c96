"""Shapes in which networks are saved: T times, R replicates, n units; axes of length 1 may be left out."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mfpde.data.saved_arrays import text_of
from mfpde.errors import InputError

Shape = tuple[int, int, int]  #: (T, R, n)


def common_shape(
    path: Path, arrays: dict[str, np.ndarray], names: Sequence[str], inputs: list[str], count: int
) -> Shape:
    """(T, R, n), from the first parameter that is given.

    w comes last, since its last axis may be that of the inputs.
    """
    name = next((name for name in [*sorted(names), "w"] if name in arrays and name != "w"), "w")
    if name not in arrays:
        raise InputError(f"{path}: holds no parameter of the model; expected arrays {', '.join(names)}")
    shape = full = arrays[name].shape
    if name == "w" and (len(inputs) > 1 or (len(shape) > 2 and shape[-1] == 1)):
        shape = shape[:-1]
    shape = (count, *shape) if count == 1 and len(shape) == 1 else shape
    if len(shape) not in (2, 3) or shape[0] != count or 0 in shape:
        inner = f"n, {len(inputs)}" if name == "w" and len(inputs) > 1 else "n"
        forms = f"({count}, {inner}) or ({count}, replicates, {inner})"
        raise InputError(
            f"{path}: '{name}' has shape {text_of(full)}; expected {forms}, since 'time' has length {count}"
        )
    return shape[0], shape[1] if len(shape) == 3 else 1, shape[-1]


def _forms(shape: Shape) -> list[tuple[int, ...]]:
    """All ways to write an array of (T, R, n): axes of length 1 may be left out."""
    times, replicates, units = shape
    return [
        shape,
        *([(times, units)] if replicates == 1 else []),
        *([(units,)] if replicates == times == 1 else []),
    ]


def in_shape(path: Path, name: str, array: np.ndarray, shape: Shape) -> np.ndarray:
    """An array as (T, R, n).

    Raises:
        InputError: it is none of the ways to write that.
    """
    if array.shape not in _forms(shape):
        raise InputError(
            f"{path}: '{name}' has shape {text_of(array.shape)}; expected"
            f" {' or '.join(map(text_of, reversed(_forms(shape))))}"
        )
    return array.reshape(shape)


def inputs_in_shape(path: Path, array: np.ndarray, shape: Shape, count: int) -> list[np.ndarray]:
    """One array (T, R, n) for each of `count` inputs, from w."""
    forms = [(*form, count) for form in _forms(shape)] + (_forms(shape) if count == 1 else [])
    if array.shape not in forms:
        expected = " or ".join(map(text_of, reversed(forms)))
        raise InputError(f"{path}: 'w' has shape {text_of(array.shape)}; expected {expected}")
    return list(np.moveaxis(array.reshape(*shape, count), -1, 0))
