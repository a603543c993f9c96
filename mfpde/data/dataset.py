"""The data a case names, ready for a model: inputs, targets, weights, and how to undo standardisation."""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from mfpde.case import Case, schema
from mfpde.data.columns import Column, Table
from mfpde.data.inputs import draw_inputs
from mfpde.data.scaling import Scaling, check_size, standardize
from mfpde.data.tables import read_table
from mfpde.data.teachers import teach
from mfpde.errors import InputError, about
from mfpde.randomness import generator

#: weights beyond this, or below its inverse, overflow in squares
LARGEST_WEIGHT = 1e100
#: by how much the sum of weights that are an average may differ from 1, as written with few digits
SUMS_TO_ONE = 1e-3


@dataclass(frozen=True)
class Dataset:
    """L pairs with weights: <u, v> = sum_l weights_l u_l v_l."""

    x: np.ndarray  #: inputs (L, d)
    y: np.ndarray  #: targets (L,), or (L, outputs) of several
    weights: np.ndarray  #: (L,), positive
    x_names: list[str]
    y_name: str
    x_scaling: Scaling = field(repr=False)
    y_scaling: Scaling = field(repr=False)
    notes: tuple[str, ...] = ()  #: what the user should know of how it was read

    @property
    def dimension(self) -> int:
        """Input dimension d."""
        return self.x.shape[1]

    @property
    def targets(self) -> np.ndarray:
        """Targets by output (outputs, L)."""
        return np.atleast_2d(self.y.T)

    @property
    def outputs(self) -> int:
        """Components of a target."""
        return len(self.targets)

    def tables(self) -> dict[str, Any]:
        """The data as plain arrays and names; for `dataset_from_tables`."""
        return {
            "x": self.x,
            "y": self.y,
            "weights": self.weights,
            "x_names": self.x_names,
            "y_name": self.y_name,
        }

    def digest(self) -> str:
        """SHA-256 of inputs, targets and weights."""
        return hashlib.sha256(
            b"".join(np.ascontiguousarray(v).tobytes() for v in (self.x, self.y, self.weights))
        ).hexdigest()


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
    with about(case.path):
        if spec.file is not None:
            found = _from_file(spec, case.folder, case.path)
        else:
            assert isinstance(case.model, schema.NetworkModel)
            found = _from_teacher(spec, case.model.activation)
        x, y, weights = found.x, found.y, found.weights
        if len(y) < 2:
            raise InputError(f"data: {len(y)} row(s) of data; at least 2 are needed")
        if spec.noise:
            y = y + spec.noise * generator(spec.noise_seed, "noise").standard_normal(len(y))
        x_scaling = y_scaling = Scaling(np.zeros(1), np.ones(1))
        if spec.standardize:
            x, x_scaling = standardize(x, weights, found.x_names)
            column, y_scaling = standardize(y[:, None], weights, [found.y_name])
            y = column[:, 0]
        precision = (
            "float32" if "float32" in (case.eulerian.precision, case.lagrangian.precision) else "float64"
        )
        check_size(np.column_stack([x, y]), [*found.x_names, found.y_name], precision, not spec.standardize)
    return replace(found, x=x, y=y, x_scaling=x_scaling, y_scaling=y_scaling)


def _from_file(spec: schema.Data, folder: Path, source: Path) -> Dataset:
    """The rows of a file that have all their values.

    Arguments:
        folder: from which the file is named.
        source: the case, for messages.
    """
    assert spec.file is not None  # the schema saw to these
    assert spec.x is not None
    assert spec.y is not None
    weighted = spec.weight_column
    path, names = (
        folder / spec.file,
        list(dict.fromkeys([*spec.x, spec.y, *([weighted.column] if weighted else [])])),
    )
    table = read_table(path, names, [spec.y] if spec.labels else [], spec, f"{source}: data.file")
    columns = {name: table.numbers(name, spec) for name in names if not (spec.labels and name == spec.y)}
    if spec.labels:
        columns[spec.y] = table.labels(spec.y, spec)
    lengths = {name: len(column.values) for name, column in columns.items()}
    for key, name in (("data.y", spec.y), *([("data.weights", weighted.column)] if weighted else [])):
        shape = columns[name].values.shape
        if len(shape) > 1 and shape[1] != 1:
            advice = f"; transpose it, to shape ({shape[1]}, 1)" if shape[0] == 1 else ""
            raise InputError(
                f"{table.source}: '{name}' has shape {shape}; {key} is one column, with a row for each of the"
                f" data{advice}"
            )
    if len(set(lengths.values())) > 1:
        raise InputError(f"{table.source}: columns differ in length: {lengths}")
    if empty := [name for name, column in columns.items() if not column.values.size and lengths[name]]:
        raise InputError(
            f"{table.source}: '{empty[0]}' has shape {columns[empty[0]].values.shape}, so it holds no column"
        )
    kept, notes = _whole_rows(columns, table, spec)
    x = np.column_stack([columns[name].values[kept] for name in spec.x])
    y = columns[spec.y].values[kept].reshape(-1)
    weights = np.full(len(x), 1 / max(len(x), 1))
    if weighted:
        weights, said = _weights(columns[weighted.column].values.reshape(-1), kept, table, weighted)
        notes += said
    x_names = (
        spec.x
        if len(spec.x) == x.shape[1]
        else [part for name in spec.x for part in _parts(name, columns[name].values)]
    )
    identity = Scaling(np.zeros(1), np.ones(1))
    return Dataset(x, y, weights, x_names, spec.y, identity, identity, tuple(notes))


def _parts(name: str, values: np.ndarray) -> list[str]:
    """Names of the columns of a matrix."""
    return [name] if values.ndim == 1 else [f"{name}[{k}]" for k in range(values.shape[1])]


def _whole_rows(columns: dict[str, Column], table: Table, spec: schema.Data) -> tuple[np.ndarray, list[str]]:
    """Which rows have all their values, and what to say of the others.

    Raises:
        InputError: some have not, and the case does not say that these are left out.
    """
    gaps: dict[str, np.ndarray] = {
        name: np.asarray(np.column_stack([column.missing]).any(axis=1)) for name, column in columns.items()
    }
    lacking = np.asarray(np.column_stack(list(gaps.values())).any(axis=1))
    if not lacking.any():
        return np.arange(len(lacking)), []
    row = int(np.argmax(lacking))
    name = next(name for name, missing in gaps.items() if missing[row])
    if gaps[name].all():
        why = (
            "no row has one; is the first line of the table longer than its rows?"
            if spec.missing == "refuse"
            else "nor has any row"
        )
        raise InputError(f"{table.place(row, name)}: has no value, {why}")
    if spec.missing == "refuse":
        raise InputError(
            f'{table.place(row, name)}: has no value; write data.missing = "drop" to leave out such rows'
            f" ({lacking.sum()} of {len(lacking)})"
        )
    return np.flatnonzero(~lacking), [
        f"data: {lacking.sum()} of {len(lacking)} rows of '{spec.file}' lack a value and are left out"
        " (data.missing)"
    ]


def _weights(
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


def _from_teacher(spec: schema.Data, activation: str) -> Dataset:
    """A teacher at inputs of a law."""
    assert spec.teacher is not None
    assert spec.inputs is not None
    if spec.weights is not None or spec.x is not None or spec.y is not None:
        raise InputError("data: column names (x, y, weights) belong to a 'file', not to a 'teacher'")
    x, weights = draw_inputs(spec.inputs)
    names = ["x"] if x.shape[1] == 1 else [f"x{k}" for k in range(x.shape[1])]
    identity = Scaling(np.zeros(1), np.ones(1))
    return Dataset(x, teach(spec.teacher, x, activation), weights, names, "y", identity, identity)
