"""Teachers: the functions f* a network is asked to learn."""

from typing import Any

import numpy as np

from mfpde.activations import find_activation
from mfpde.case import schema, teacher_tables
from mfpde.errors import InputError, nearest
from mfpde.expressions import evaluate, parse
from mfpde.kinds import FEATURES, LOSSES


def teach(spec: teacher_tables.Teacher, x: np.ndarray, activation: str) -> np.ndarray:
    """f*(x) of shape (L,), or (L, outputs) of several formulas, at inputs of shape (L, d).

    Arguments:
        activation: used by planted units that name none of their own.
    Raises:
        InputError: a formula or a unit that does not fit the input dimension, or a non-finite value.
    """
    if isinstance(spec, teacher_tables.FormulaTeacher):
        names = [f"x{k}" for k in range(x.shape[1])]
        values = {name: x[:, k] for k, name in enumerate(names)}
        found = [
            np.broadcast_to(evaluate(parse(formula, names, "data.teacher"), values), len(x))
            for formula in spec.formulas
        ]
        y = np.column_stack(found) if len(found) > 1 else found[0]
    elif isinstance(spec, teacher_tables.PlantedTeacher):
        y = _planted(spec, x, activation)
    else:
        assert isinstance(spec, teacher_tables.MixtureTeacher)
        y = _mixture(spec, x)
    if not np.all(np.isfinite(y)):
        row, output = np.argwhere(~np.isfinite(y).reshape(len(x), -1))[0]
        is_formula = isinstance(spec, teacher_tables.FormulaTeacher)
        what = f"'{spec.formulas[output]}'" if is_formula else "the teacher"  # type: ignore[union-attr]
        place = ", ".join(f"x{k} = {value:g}" for k, value in enumerate(x[row]))
        raise InputError(
            f"data.teacher: {what} is not finite at {place}; expected a teacher with a value at every input"
        )
    return y


def planted_units(
    spec: teacher_tables.PlantedTeacher, dimension: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights w (m, d), biases b (m,) and amplitudes (m,) of the units of f* = sum_k a_k sigma(<w_k, x> +
    b_k).

    Raises:
        InputError: a unit that does not fit the input dimension.
    """
    w = np.array(
        [
            _point(unit.w, dimension, f"data.teacher.units.{number}.w")
            for number, unit in enumerate(spec.units)
        ]
    )
    b, a = np.array([[unit.b, unit.a] for unit in spec.units]).T
    return w, b, a / len(spec.units) if spec.scaling == "mean" else a


def teach_by_features(
    spec: teacher_tables.FeaturesTeacher, data: Any, model: schema.NetworkModel
) -> np.ndarray:
    """f*(x) = sum_k a_k phi(z_k; x) (L,) with the model's own features.

    Arguments:
        data: a `Dataset` of the inputs, whose targets nobody reads.
    Raises:
        InputError: a unit that lacks a parameter of the model, or has one that is not the model's.
    """
    kind = FEATURES[model.features]
    names = ["a", *kind.components(model, data.dimension)]
    for number, unit in enumerate(spec.units):
        where = f"data.teacher.units.{number}"
        for given in unit:
            if given not in names:
                raise InputError(
                    f"{where}: expected {', '.join(names)}, got '{given}'{nearest(given, names)}"
                )
        if missing := [name for name in names if name not in unit]:
            raise InputError(f"{where}: expected {', '.join(names)}; {missing[0]} is missing")
    units = np.array([[unit[name] for name in names] for unit in spec.units])
    features = kind.build(model, data, LOSSES[model.loss](model))
    return units[:, 0] @ features.values(units[:, 1:], data.x)


def _planted(spec: teacher_tables.PlantedTeacher, x: np.ndarray, activation: str) -> np.ndarray:
    sigma = find_activation(spec.activation or activation, "data.teacher.activation")
    w, b, a = planted_units(spec, x.shape[1])
    return sigma.value(x @ w.T + b) @ a


def _mixture(spec: teacher_tables.MixtureTeacher, x: np.ndarray) -> np.ndarray:
    y = np.zeros(len(x))
    for number, part in enumerate(spec.components):
        mean = _point(part.mean, x.shape[1], f"data.teacher.components.{number}.mean")
        square = np.sum((x - mean) ** 2, axis=1)
        y += (
            part.weight
            * np.exp(-square / (2 * part.variance))
            / (2 * np.pi * part.variance) ** (x.shape[1] / 2)
        )
    return y


def _point(given: list[float] | float, dimension: int, where: str) -> np.ndarray:
    point = np.atleast_1d(np.asarray(given, dtype=np.float64))
    if len(point) != dimension:
        raise InputError(f"{where}: has {len(point)} coordinate(s), but the inputs have {dimension}")
    return point
