"""What becomes of the columns, or the values of a teacher, that are to be learnt: numbers, or classes."""

from dataclasses import dataclass

import numpy as np

from mfpde.case.data_tables import Data
from mfpde.data.columns import Column, Table
from mfpde.errors import InputError
from mfpde.kinds import LOSSES


@dataclass(frozen=True)
class Targets:
    """Targets of all rows."""

    values: np.ndarray  #: (L,), or (L, outputs)
    missing: np.ndarray  #: (L,)
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
        columns = [_single(table, name, table.numbers(name, spec)) for name in names]
        values = columns[0].values if len(columns) == 1 else np.column_stack([c.values for c in columns])
        return Targets(values, np.any([c.missing for c in columns], axis=0))
    if len(names) > 1:
        raise InputError(f'data.y: the loss "{loss}" takes one column of classes, got {", ".join(names)}')
    name, said = names[0], tuple[str, ...]()
    if spec.labels is not None:
        column, classes = table.labels(name, spec), [str(label) for label in spec.labels]
    else:
        column, classes = table.classes(name, spec)
    column = _single(table, name, column)
    if kind == "classes":
        hot = np.eye(len(classes))[column.values.astype(int)]
        said = (f"data.y: '{name}' has the classes {', '.join(classes)}, one output for each",)
        return Targets(hot, column.missing, tuple(classes), _checked(classes, name, loss, said))
    if spec.labels is None and classes != ["-1", "1"]:
        said = (f"data.y: '{name}' has two classes: {classes[0]} becomes -1, {classes[-1]} becomes +1",)
    _checked(classes, name, loss, said, most=2)
    return Targets(2 * column.values - 1, column.missing, tuple(classes), said)


def _checked(
    classes: list[str], name: str, loss: str, said: tuple[str, ...], most: int | None = None
) -> tuple[str, ...]:
    """What is said, if there are two classes or more, and not too many.

    Raises:
        InputError: there are not.
    """
    shown = ", ".join(classes[:5]) + (", ..." if len(classes) > 5 else "")
    if len(classes) < 2 or (most is not None and len(classes) > most):
        wanted = "two classes" if most == 2 else "two classes or more"
        more = '; model.loss = "softmax" takes more' if len(classes) > 2 else ""
        raise InputError(
            f"data.y: '{name}' has {len(classes)} value(s) ({shown}), the loss \"{loss}\" needs"
            f" {wanted}{more}"
        )
    return said


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
    kind, missing = kind_of(loss), np.zeros(len(values), dtype=bool)
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
    names = tuple(str(k + 1) for k in range(values.shape[1]))
    said = "data.teacher: the class of an input is that of the largest score"
    return Targets(np.eye(len(names))[values.argmax(axis=1)], missing, names, (said,))
