"""The data a case names, ready for a model: inputs, targets, weights, and how to undo standardisation."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mfpde.case import Case, schema
from mfpde.data.inputs import draw_inputs
from mfpde.data.tables import read_columns
from mfpde.data.teachers import teach
from mfpde.errors import InputError
from mfpde.randomness import generator


@dataclass(frozen=True)
class Scaling:
    """v -> (v - shift) / scale, per column."""

    shift: np.ndarray
    scale: np.ndarray

    def undo(self, values: np.ndarray) -> np.ndarray:
        """Back to the units of the file."""
        return values * self.scale + self.shift


@dataclass(frozen=True)
class Dataset:
    """L pairs with weights: <u, v> = sum_l weights_l u_l v_l."""

    x: np.ndarray  #: inputs (L, d)
    y: np.ndarray  #: targets (L,)
    weights: np.ndarray  #: (L,), positive
    x_names: list[str]
    y_name: str
    x_scaling: Scaling = field(repr=False)
    y_scaling: Scaling = field(repr=False)

    @property
    def dimension(self) -> int:
        """Input dimension d."""
        return self.x.shape[1]

    def tables(self) -> dict[str, Any]:
        """The data as plain arrays and names; for `dataset_from_tables`."""
        return {"x": self.x, "y": self.y, "weights": self.weights, "x_names": self.x_names, "y_name": self.y_name}

    def digest(self) -> str:
        """SHA-256 of inputs, targets and weights."""
        return hashlib.sha256(b"".join(np.ascontiguousarray(v).tobytes() for v in (self.x, self.y, self.weights))).hexdigest()


def dataset_from_tables(tables: dict[str, Any]) -> Dataset:
    """Data as a network saw them; how they were standardised is not known any more."""
    identity = Scaling(np.zeros(1), np.ones(1))
    return Dataset(x_scaling=identity, y_scaling=identity, **tables)


def build_dataset(case: Case) -> Dataset:
    """Read or make the data of a case.

    Raises:
        InputError: anything wrong with files, columns, teachers or values.
    """
    spec = case.data
    assert spec is not None  # the schema saw to it
    x, y, weights, x_names, y_name = _from_file(case, spec) if spec.file is not None else _from_teacher(case, spec)
    if len(y) < 2:
        raise InputError(f"{case.path}: data: {len(y)} row(s) of data; at least 2 are needed")
    if spec.noise:
        y = y + spec.noise * generator(spec.noise_seed, "noise").standard_normal(len(y))
    identity = Scaling(np.zeros(1), np.ones(1))
    if not spec.standardize:
        return Dataset(x, y, weights, x_names, y_name, identity, identity)
    x, x_scaling = _standardize(x, x_names, case)
    y_column, y_scaling = _standardize(y[:, None], [y_name], case)
    return Dataset(x, y_column[:, 0], weights, x_names, y_name, x_scaling, y_scaling)


def _from_file(case: Case, spec: schema.Data):
    assert spec.file is not None  # the schema saw to these
    assert spec.x is not None
    assert spec.y is not None
    where, path = f"{case.path}: data.file", case.folder / spec.file
    x = read_columns(path, spec.x, where)
    y = read_columns(path, [spec.y], where)
    if y.shape[1] != 1 or len(y) != len(x):
        raise InputError(f"{where}: y has shape {y.shape}; expected one column of {len(x)} rows")
    weights = np.full(len(x), 1 / max(len(x), 1))
    if spec.weights is not None:
        weights = read_columns(path, [spec.weights], f"{case.path}: data.weights")[:, 0]
        if len(weights) != len(x) or not np.all(weights > 0):
            raise InputError(f"{case.path}: data.weights: column '{spec.weights}' needs one positive weight per row")
    names = spec.x if len(spec.x) == x.shape[1] else [f"{spec.x[0]}[{k}]" for k in range(x.shape[1])]
    return x, y[:, 0], weights, names, spec.y


def _from_teacher(case: Case, spec: schema.Data):
    assert spec.teacher is not None
    assert isinstance(case.model, schema.NetworkModel)
    assert spec.inputs is not None
    if spec.weights is not None or spec.x is not None or spec.y is not None:
        raise InputError(f"{case.path}: data: column names (x, y, weights) belong to a 'file', not to a 'teacher'")
    x, weights = draw_inputs(spec.inputs)
    names = ["x"] if x.shape[1] == 1 else [f"x{k}" for k in range(x.shape[1])]
    return x, teach(spec.teacher, x, case.model.activation), weights, names, "y"


def _standardize(columns: np.ndarray, names: list[str], case: Case) -> tuple[np.ndarray, Scaling]:
    scaling = Scaling(columns.mean(axis=0), columns.std(axis=0))
    for name, scale in zip(names, scaling.scale, strict=True):
        if scale == 0:
            raise InputError(f"{case.path}: data.standardize: column '{name}' is constant, so it has no scale")
    return (columns - scaling.shift) / scaling.scale, scaling
