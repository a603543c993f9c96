"""The data a case names, ready for a model: inputs, targets, weights, and how to undo standardisation."""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from mfpde.case import Case, schema
from mfpde.case.teacher_tables import FeaturesTeacher
from mfpde.data.columns import Table
from mfpde.data.inputs import draw_inputs
from mfpde.data.scaling import Scaling, check_size, standardize
from mfpde.data.tables import read_table
from mfpde.data.targets import kind_of, targets_of, taught
from mfpde.data.teachers import teach, teach_by_features
from mfpde.data.weights import weights_of
from mfpde.errors import InputError, about
from mfpde.randomness import generator


@dataclass(frozen=True)
class Dataset:
    """L pairs with weights: <u, v> = sum_l weights_l u_l v_l."""

    x: np.ndarray  #: inputs (L, d)
    y: np.ndarray  #: targets (L,), or (L, outputs) of several
    weights: np.ndarray  #: (L,), positive
    x_names: list[str]
    y_names: list[str]
    x_scaling: Scaling = field(repr=False)
    y_scaling: Scaling = field(repr=False)
    notes: tuple[str, ...] = ()  #: what the user should know of how it was read
    classes: tuple[str, ...] = ()  #: names of what y tells apart, in the order of their codes or outputs

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
            "y_names": self.y_names,
            "classes": list(self.classes),
        }

    def digest(self) -> str:
        """SHA-256 of inputs, targets and weights."""
        return hashlib.sha256(
            b"".join(np.ascontiguousarray(v).tobytes() for v in (self.x, self.y, self.weights))
        ).hexdigest()


def dataset_from_tables(tables: dict[str, Any]) -> Dataset:
    """Data as a network saw them; how they were standardised is not known any more."""
    identity, its = Scaling(np.zeros(1), np.ones(1)), dict(tables)
    names = [its.pop("y_name")] if "y_name" in its else its.pop("y_names")  # the former of 0.1
    classes = tuple(its.pop("classes", ()))
    return Dataset(x_scaling=identity, y_scaling=identity, y_names=names, classes=classes, **its)


def build_dataset(case: Case) -> Dataset:
    """Read or make the data of a case.

    Raises:
        InputError: anything wrong with files, columns, teachers or values.
    """
    spec = case.data
    assert spec is not None  # the schema saw to it
    with about(case.path):
        assert isinstance(case.model, schema.NetworkModel)
        loss = case.model.loss
        if spec.file is not None:
            found = _from_file(spec, loss, case.folder, case.path)
        else:
            found = _from_teacher(spec, case.model)
        x, y, weights = found.x, found.y, found.weights
        if len(y) < 2:
            raise InputError(f"data: {len(y)} row(s) of data; at least 2 are needed")
        numbers = kind_of(loss) == "numbers"
        if spec.noise and not numbers:
            raise InputError(f'data.noise: the loss "{loss}" takes classes, to which no noise is added')
        if spec.noise:
            y = y + spec.noise * generator(spec.noise_seed, "noise").standard_normal(y.shape)
        x_scaling = y_scaling = Scaling(np.zeros(1), np.ones(1))
        if spec.standardize:
            x, x_scaling = standardize(x, weights, found.x_names)
            if numbers:
                scaled, y_scaling = standardize(y.reshape(len(y), -1), weights, found.y_names)
                y = scaled.reshape(y.shape)
        precision = (
            "float32" if "float32" in (case.eulerian.precision, case.lagrangian.precision) else "float64"
        )
        columns, names = [x, y] if numbers else [x], [*found.x_names, *(found.y_names if numbers else [])]
        check_size(np.column_stack(columns), names, precision, not spec.standardize)
    return replace(found, x=x, y=y, x_scaling=x_scaling, y_scaling=y_scaling)


def _from_file(spec: schema.Data, loss: str, folder: Path, source: Path) -> Dataset:
    """The rows of a file that have all their values.

    Arguments:
        folder: from which the file is named.
        source: the case, for messages.
    """
    assert spec.file is not None  # the schema saw to these
    assert spec.x is not None
    weighted, classes = spec.weight_column, spec.labels is not None or kind_of(loss) != "numbers"
    others = [*spec.x, *([weighted.column] if weighted else [])]
    names = list(dict.fromkeys([*spec.x, *spec.targets, *others]))
    where = f"{source}: data.file"
    table = read_table(folder / spec.file, names, spec.targets if classes else [], spec, where)
    columns = {name: table.numbers(name, spec) for name in dict.fromkeys(others)}
    targets = targets_of(table, spec, loss)
    lengths = {name: len(column.values) for name, column in columns.items()}
    lengths |= {name: len(targets.values) for name in spec.targets}
    if weighted and (shape := columns[weighted.column].values.shape)[1:] not in ((), (1,)):
        advice = f"; transpose it, to shape ({shape[1]}, 1)" if shape[0] == 1 else ""
        raise InputError(
            f"{table.source}: '{weighted.column}' has shape {shape}; data.weights is one column, with a row"
            f" for each of the data{advice}"
        )
    if len(set(lengths.values())) > 1:
        raise InputError(f"{table.source}: columns differ in length: {lengths}")
    if empty := [name for name, column in columns.items() if not column.values.size and lengths[name]]:
        raise InputError(
            f"{table.source}: '{empty[0]}' has shape {columns[empty[0]].values.shape}, so it holds no column"
        )
    gaps = {name: column.missing for name, column in columns.items()}
    gaps |= dict(zip(spec.targets, targets.missing.T, strict=True))
    kept, notes = _whole_rows(gaps, table, spec)
    x = np.column_stack([columns[name].values[kept] for name in spec.x])
    y = targets.values[kept]
    weights = np.full(len(x), 1 / max(len(x), 1))
    if weighted:
        weights, said = weights_of(columns[weighted.column].values.reshape(-1), kept, table, weighted)
        notes += said
    x_names = (
        spec.x
        if len(spec.x) == x.shape[1]
        else [part for name in spec.x for part in _parts(name, columns[name].values)]
    )
    identity = Scaling(np.zeros(1), np.ones(1))
    told = (*notes, *targets.notes)
    return Dataset(x, y, weights, x_names, spec.targets, identity, identity, told, targets.classes)


def _parts(name: str, values: np.ndarray) -> list[str]:
    """Names of the columns of a matrix."""
    return [name] if values.ndim == 1 else [f"{name}[{k}]" for k in range(values.shape[1])]


def _whole_rows(
    missing: dict[str, np.ndarray], table: Table, spec: schema.Data
) -> tuple[np.ndarray, list[str]]:
    """Which rows have all their values, and what to say of the others.

    Raises:
        InputError: some have not, and the case does not say that these are left out.
    """
    gaps = {name: np.asarray(np.column_stack([found]).any(axis=1)) for name, found in missing.items()}
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


def _from_teacher(spec: schema.Data, model: schema.NetworkModel) -> Dataset:
    """A teacher at inputs of a law."""
    assert spec.teacher is not None
    assert spec.inputs is not None
    if spec.weights is not None or spec.x is not None or spec.y is not None:
        raise InputError("data: column names (x, y, weights) belong to a 'file', not to a 'teacher'")
    x, weights = draw_inputs(spec.inputs)
    names = ["x"] if x.shape[1] == 1 else [f"x{k}" for k in range(x.shape[1])]
    identity = Scaling(np.zeros(1), np.ones(1))
    if isinstance(spec.teacher, FeaturesTeacher):
        untaught = Dataset(x, np.zeros(len(x)), weights, names, ["y"], identity, identity)
        found = teach_by_features(spec.teacher, untaught, model)
    else:
        found = teach(spec.teacher, x, model.activation)
    targets = taught(found, model.loss)
    outputs = 1 if targets.values.ndim == 1 else targets.values.shape[1]
    y_names = ["y"] if outputs == 1 else [f"y{k + 1}" for k in range(outputs)]
    y, notes = targets.values, targets.notes
    return Dataset(x, y, weights, names, y_names, identity, identity, notes, targets.classes)
