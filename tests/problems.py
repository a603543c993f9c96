"""Small networks on boxes from arrays; shared by tests of certificates and of optima."""

from pathlib import Path

import numpy as np

from mfpde.case.load import case_from_tables
from mfpde.data.dataset import dataset_from_tables
from mfpde.models.network import build_network


def case_on(dimension, outputs=1, a=(-10, 10), z=(-2, 2), penalty=None, **model):
    """A case of networks alone, whose parameters live in a box; a = None leaves amplitudes free."""
    formula = "cos(x0)" if model.get("loss") != "logistic" else "sign(x0)"
    names = ["w", "b"] if model.get("features") != "radial" else ["c", "k"]
    names = names if model.get("bias", True) else names[:1]
    kept = {
        key: value
        for key, value in model.items()
        if model.get("features") != "radial" or key in ("features", "loss")
    }
    tables = {
        "time": 1.0,
        "model": {"kind": "network", "penalty": penalty or {}, **kept},
        "data": {
            "teacher": formula if outputs == 1 else [formula] * outputs,
            "inputs": {"law": "grid", "low": -1, "high": 1, "points": 3, "dimension": dimension},
        },
        "parameters": {
            "a": {"initial": {"law": "point", "at": 0.0}} | ({"domain": list(a)} if a else {}),
            **{
                name: {"domain": list(z), "initial": {"law": "uniform", "low": z[0], "high": z[1]}}
                for name in names
            },
        },
        "eulerian": {"enabled": False},
    }
    return case_from_tables(tables, Path("case.toml"))


def network_on(x, y, **options):
    """A network that learns inputs x (L, d) and targets y (outputs, L)."""
    data = dataset_from_tables(
        {
            "x": x,
            "y": y[0] if len(y) == 1 else y.T,
            "weights": np.full(len(x), 1 / len(x)),
            "x_names": [f"x{k}" for k in range(x.shape[1])],
            "y_names": [f"y{k}" for k in range(len(y))],
        }
    )
    return build_network(case_on(x.shape[1], len(y), **options), data)


def relu_of_twenty(**options):
    """The regression of 20 points whose optimum is known to 12 digits."""
    x = np.random.default_rng(0).uniform(-1, 1, 20)
    y = np.sin(4 * x) + 0.3 * x
    return network_on(x[:, None], y[None], activation="relu", **({"a": None} | options))
