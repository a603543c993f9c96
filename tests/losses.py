"""Small cases of every loss, with one output or several; shared by the tests of losses."""

from pathlib import Path

import numpy as np
import pytest

from mfpde.case.load import case_from_tables
from mfpde.data.targets import kind_of
from mfpde.kinds import LOSSES

#: loss and outputs: one where it may be, and several where they may be
WITH_OUTPUTS = [
    (loss, outputs)
    for loss in LOSSES
    for outputs in {"numbers": (1, 2), "two classes": (1,), "classes": (2, 3)}[kind_of(loss)]
]
#: what takes a second or two is done of these, and of the others in slow tests
FEW = [("logistic", 1), ("huber", 2), ("softmax", 3)]
few_at_once = pytest.mark.parametrize(
    ("name", "outputs"),
    [of if of in FEW else pytest.param(*of, marks=pytest.mark.slow) for of in WITH_OUTPUTS],
)
FORMULAS = ["sin(1.5*x0) + 0.2", "cos(x0)", "0.7*x0 - 0.3"]


def _width(loss):
    """Errors of the size of those here, for a loss that clips them."""
    return {"huber_delta": 0.3} if loss == "huber" else {}


def loss_case(loss, outputs=1, **changes):
    """A network (a, w, b), or (a1, ..., w) of several outputs, that learns formulas on 20 points."""
    axis = {"domain": [-4, 4], "cells": 12, "initial": {"law": "normal", "within": [-3, 3]}}
    rest = {"b": axis | {"cells": 11}} if outputs == 1 else {}
    formulas = FORMULAS[:outputs]
    tables = {
        "time": 0.5,
        "model": {"loss": loss, "bias": bool(rest), "penalty": {"lambda": 0.02}} | _width(loss),
        "data": {
            "teacher": formulas[0] if outputs == 1 else formulas,
            "inputs": {"law": "grid", "low": -2, "high": 2, "points": 20},
        },
        "parameters": {"a": axis | {"cells": 13}, "w": axis, **rest},
        "lagrangian": {"units": [20, 50], "replicates": 3},
        "output": {"every": 0.25, "fields_every": 0.5},
        "eulerian": {"backend": "numpy"},
    }
    case = case_from_tables(tables, Path("loss.toml"))
    return case.replace(changes) if changes else case


def targets(loss, outputs, count, seed=0):
    """Random targets (outputs, count) such as the loss takes."""
    random = np.random.default_rng(seed)
    if kind_of(loss) == "classes":
        return np.eye(outputs)[:, random.integers(outputs, size=count)]
    if kind_of(loss) == "two classes":
        return random.choice([-1.0, 1.0], (outputs, count))
    return random.normal(size=(outputs, count))
