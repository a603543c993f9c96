"""A network that was trained elsewhere, read from an .npz file of its parameters at some times.

The file holds ``time`` (T,), in time of the flow, and one array per parameter, of T times, R replicates and n
units:

    a, b        (T, n), or (T, R, n) for several networks; (n,) if there is a single time
    w           the same shapes with one input; with d inputs a last axis of length d, as torch and JAX store
                it, or arrays w1, w2, ...
    a1, a2, ... in place of a for several outputs, one array for each
    weights     optional, the shape of a: masses of the units, scaled to sum 1; all equal if left out
    scaling     text, how f is made of the units; may be given by argument instead

A parameter that the case fixes may be left out. Scalings are brought to "mean", in which units are samples of
a measure:

    "mean"   f = (1/n) sum a phi        a stays (with weights: f = sum weight a phi)
    "sqrt"   f = n^(-1/2) sum a phi     a <- sqrt(n) a
    "sum"    f = sum a phi              a <- n a

Time. The flow is theta_i' = -mobility grad V(theta_i), grad V(theta_i) = (n/2) grad_{theta_i} E, where E = |f
- f*|^2 + (2/n) sum_i r(theta_i) has the weighted mean square over the data, without a factor 1/2, and a in
the scaling "mean". A step theta <- theta - lr grad E advances time by

    2 lr / n                     in the scaling "mean", for all parameters alike (lr / n if
                                 the loss has a factor 1/2, or is the mean of another loss l,
                                 such as the cross-entropy).

In the others a = c a' with c = sqrt(n) or n, and the gradient by a' is c times that by a, so that a moves c^2
times as fast: time advances by

    2 lr c^2 / n for a', that is 2 lr ("sqrt") or 2 lr n ("sum"), but by 2 lr / n for w and b.

One rate for all parameters is then a flow in another metric: a is preconditioned by c^2, and no choice of
time makes it the flow of the PDE, unless w and b are frozen. With a rate for each, dt / 2 ("sqrt") or dt /
(2n) ("sum") for a' and n dt / 2 for w and b, it is the same flow.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mfpde.data.saved_arrays import finite_numbers, load_arrays, text_of
from mfpde.data.saved_shapes import Shape, common_shape, in_shape, inputs_in_shape
from mfpde.errors import InputError, nearest

SCALINGS = {"mean": "f = (1/n) sum a phi", "sum": "f = sum a phi", "sqrt": "f = n^(-1/2) sum a phi"}
MAX_AMPLITUDE = 1e290  #: n times this is still a number
SAME = 1e-6  #: a fixed parameter may differ by this, relative to 1 + |value|: files come in single precision


@dataclass(frozen=True)
class SavedNetwork:
    """R networks of n units at T times, in the scaling "mean" whatever the file had."""

    path: Path
    times: np.ndarray  #: (T,), increasing
    state: np.ndarray  #: (T, R, components, n), components in the order of the model's parameters
    weights: np.ndarray  #: (T, R, n), summing to 1 over each network
    scaling: str  #: that of the file

    @property
    def units(self) -> int:
        """Width n."""
        return self.state.shape[3]

    @property
    def replicates(self) -> int:
        """Number of networks R."""
        return self.state.shape[1]

    @property
    def has_equal_weights(self) -> bool:
        """Whether all units of a network have the same mass, up to the rounding of single precision."""
        return bool(np.abs(self.weights * self.units - 1).max() < SAME)


def read_network(
    path: Path, names: Sequence[str], fixed: Mapping[str, float], scaling: str | None = None
) -> SavedNetwork:
    """Read networks for a model.

    Arguments:
        names: the model's parameters in order: a, or a1, a2, ... with several outputs; w, or w1, w2, ...
            with several inputs; b if it has a bias.
        fixed: those that the case fixes, with their values.
        scaling: a key of `SCALINGS`, if the file does not say.
    Raises:
        InputError: the file is no such archive, an array is missing, unknown, of another shape or not of
            finite numbers, or the scaling is not stated.
    """
    stored = load_arrays(path, names)
    given = _scaling(path, stored.pop("scaling", None), scaling)
    numbers = {name: finite_numbers(path, name, array) for name, array in stored.items()}
    times = _times(path, numbers)
    inputs = [name for name in names if name.startswith("w")]
    shape = common_shape(path, numbers, names, inputs, len(times))
    columns = {
        name: in_shape(path, name, numbers[name], shape) for name in names if name in numbers and name != "w"
    }
    if "w" in numbers:
        if twice := [name for name in inputs if name in columns]:
            raise InputError(
                f"{path}: holds both 'w' and '{twice[0]}'; expected one array 'w' or one of each of"
                f" {', '.join(inputs)}"
            )
        columns |= dict(zip(inputs, inputs_in_shape(path, numbers["w"], shape, len(inputs)), strict=True))
    factor = {"mean": 1.0, "sum": shape[2], "sqrt": np.sqrt(shape[2])}[given]
    for name in columns:
        if re.fullmatch(r"a\d*", name):
            if np.abs(columns[name]).max() > MAX_AMPLITUDE:
                raise InputError(
                    f"{path}: '{name}' holds numbers too large to be scaled; expected at most"
                    f" {MAX_AMPLITUDE:g}"
                )
            columns[name] = columns[name] * factor
    for name in names:
        columns[name] = _fixed_or_given(path, name, columns.get(name), fixed, shape, list(numbers))
    weights = _weights(path, numbers.get("weights"), shape, given)
    return SavedNetwork(path, times, np.stack([columns[name] for name in names], axis=2), weights, given)


def _scaling(path: Path, stored: np.ndarray | None, given: str | None) -> str:
    found = given
    if stored is not None:
        if stored.size != 1:
            raise InputError(
                f"{path}: 'scaling' has shape {text_of(stored.shape)}; expected one word,"
                f" {' or '.join(SCALINGS)}"
            )
        word = stored.reshape(-1)[0]
        found = word.decode("ascii", "replace") if isinstance(word, bytes) else str(word)
        if given is not None and given != found:
            raise InputError(
                f"{path}: 'scaling' is {found[:40]!r} in the file, but '{given}' was asked for; expected one"
                " of them"
            )
    if found is None:
        meanings = ", ".join(f"'{name}': {meaning}" for name, meaning in SCALINGS.items())
        raise InputError(f"{path}: has no 'scaling', and none was given; expected one of {meanings}")
    if found not in SCALINGS:
        raise InputError(f"{path}: 'scaling' is {found[:40]!r}{nearest(found[:40], SCALINGS)}")
    return found


def _times(path: Path, arrays: dict[str, np.ndarray]) -> np.ndarray:
    if "time" not in arrays:
        raise InputError(
            f"{path}: has no array 'time', the times of the flow at which parameters are"
            f" given{nearest('time', arrays)}"
        )
    times = np.atleast_1d(arrays["time"])
    if times.ndim != 1 or not len(times) or np.any(np.diff(times) <= 0) or times[0] < 0:
        raise InputError(
            f"{path}: 'time' has shape {text_of(times.shape)}; expected one axis of increasing times, none"
            " negative"
        )
    return times


def _fixed_or_given(
    path: Path,
    name: str,
    values: np.ndarray | None,
    fixed: Mapping[str, float],
    shape: tuple[int, ...],
    held: list[str],
) -> np.ndarray:
    if name not in fixed:
        if values is None:
            raise InputError(
                f"{path}: has no array '{name}', which the model has as a parameter{nearest(name, held)}"
            )
        return values
    if values is not None and np.abs(values - fixed[name]).max() > SAME * (1 + abs(fixed[name])):
        raise InputError(
            f"{path}: '{name}' is not {fixed[name]:g}, at which the case fixes it; expected that value, or no"
            f" array '{name}'"
        )
    return np.full(shape, fixed[name])


def _weights(path: Path, given: np.ndarray | None, shape: Shape, scaling: str) -> np.ndarray:
    if given is None:
        return np.full(shape, 1 / shape[2])
    if scaling != "mean":
        raise InputError(
            f"{path}: 'weights' make f = sum weight a phi, which is not the scaling '{scaling}'; expected"
            " 'mean' or no weights"
        )
    weights = in_shape(path, "weights", given, shape)
    total = weights.sum(axis=2, keepdims=True)
    if np.any(weights < 0) or not np.all((total > 0) & np.isfinite(total)):
        raise InputError(
            f"{path}: 'weights' are negative, all zero or too large in some network; expected masses of units"
        )
    return weights / total
