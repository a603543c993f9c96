"""What becomes of the columns, or the values of a teacher, that are to be learnt: numbers, or classes."""

from dataclasses import dataclass

import numpy as np

from mfpde.case.data_tables import Data
from mfpde.data.classes import find_classes
from mfpde.data.columns import Column, Table
from mfpde.errors import InputError
from mfpde.kinds import LOSSES


@dataclass(frozen=True)
class Targets:
    """Targets of all rows."""

    values: np.ndarray  #: (L,), or (L, outputs)
    missing: np.ndarray  #: of every column (L, columns)
    classes: tuple[str, ...] = ()  #: their names, in the order of their codes or outputs
    notes: tuple[str, ...] = ()  #: what was made of them, to be said


def kind_of(loss: str) -> str:
    """What a loss takes as targets: "numbers", "two classes" or "classes"."""
    return LOSSES.constant(loss, "TARGETS") or "numbers"


def targets_of(table: Table, spec: Data, loss: str) -> Targets:
    """The targets that columns of a table hold, for a loss.

    Raises:
        InputError: they are not what the loss takes.
    """
    kind, names = kind_of(loss), spec.targets
    if kind == "numbers" and spec.labels is None:
        return _numbers(table, spec)
    if len(names) > 1:
        raise InputError(f'data.y: the loss "{loss}" takes one column of classes, got {", ".join(names)}')
    name = names[0]
    if spec.labels is not None:
        column, classes = table.labels(name, spec), [str(label) for label in spec.labels]
    else:
        column, classes = find_classes(table, name, spec)
    column = _single(table, name, column)
    codes, missing = column.values, column.missing[:, None]
    if not classes:  # no row has a value
        return Targets(codes, missing)
    _check_number(classes, name, loss, 64 if kind == "classes" else 2)
    if kind == "classes":
        said = f"data.y: '{name}' has the classes {', '.join(classes)}, one output for each"
        return Targets(np.eye(len(classes))[codes.astype(int)], missing, tuple(classes), (said,))
    said = f"data.y: '{name}' has two classes: {classes[0]} becomes -1, {classes[1]} becomes +1"
    known = spec.labels is not None or classes == ["-1", "1"]
    return Targets(2 * codes - 1, missing, tuple(classes), () if known else (said,))


def _numbers(table: Table, spec: Data) -> Targets:
    """Columns of numbers, an output for each.

    Raises:
        InputError: a column is none, or they differ in length.
    """
    columns = {name: _single(table, name, table.numbers(name, spec)) for name in spec.targets}
    lengths = {name: len(column.values) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise InputError(f"{table.source}: columns differ in length: {lengths}")
    values, missing = (np.column_stack(parts) for parts in zip(*columns.values(), strict=True))
    return Targets(values[:, 0] if len(columns) == 1 else values, missing)


def _check_number(classes: list[str], name: str, loss: str, most: int) -> None:
    """Refuse one class, and more than a loss takes.

    Raises:
        InputError: there are so many.
    """
    if 2 <= len(classes) <= most:
        return
    shown = ", ".join(classes[:5]) + (", ..." if len(classes) > 5 else "")
    wanted = "two classes" if most == 2 else "two classes or more"
    more = '; model.loss = "softmax" takes more' if len(classes) > 2 else ""
    raise InputError(
        f"data.y: '{name}' has {len(classes)} value(s) ({shown}), the loss \"{loss}\" needs {wanted}{more}"
    )


def _single(table: Table, name: str, column: Column) -> Column:
    """The column as one of numbers, with a row for each of the data.

    Raises:
        InputError: it is a matrix.
    """
    shape = column.values.shape
    if len(shape) > 1 and shape[1] != 1:
        advice = f"; transpose it, to shape ({shape[1]}, 1)" if shape[0] == 1 else ""
        raise InputError(
            f"{table.source}: '{name}' has shape {shape}; data.y is one column, with a row for each of the"
            f" data{advice}"
        )
    return Column(column.values.reshape(-1), column.missing.reshape(-1))


def taught(values: np.ndarray, loss: str) -> Targets:
    """The targets that a teacher's values (L,) or (L, outputs) are, for a loss.

    Raises:
        InputError: they are not what the loss takes.
    """
    kind, missing = kind_of(loss), np.zeros((len(values), 1), dtype=bool)
    if kind == "numbers":
        return Targets(values, missing)
    if kind == "two classes":
        if values.ndim > 1:
            raise InputError(f'data.teacher: the loss "{loss}" takes one formula, got {values.shape[1]}')
        if set(values) == {0.0, 1.0}:
            said = "data.teacher: 0 becomes -1, 1 becomes +1"
            return Targets(2 * values - 1, missing, ("0", "1"), (said,))
        signs = np.where(values >= 0, 1.0, -1.0)
        if len(set(signs)) < 2:
            raise InputError("data.teacher: has one sign at all inputs; two classes are told by its sign")
        plain = np.array_equal(signs, values)
        said = "data.teacher: classes are told by its sign, -1 and +1"
        return Targets(signs, missing, ("-1", "1"), () if plain else (said,))
    if values.ndim == 1:
        raise InputError(f'data.teacher: the loss "{loss}" takes a list of formulas, one for each class')
    names, largest = tuple(str(k + 1) for k in range(values.shape[1])), values.argmax(axis=1)
    if len(set(largest)) < 2:
        raise InputError(
            f"data.teacher: score {largest[0] + 1} is the largest at all inputs; expected two classes or more"
        )
    said = "data.teacher: the class of an input is that of the largest score"
    return Targets(np.eye(len(names))[largest], missing, names, (said,))
