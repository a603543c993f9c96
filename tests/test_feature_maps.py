"""Every feature map of the registry: slopes, what units feel on both backends, and how wide networks meet the
mesh.
"""

from pathlib import Path

import numpy as np
import pytest

from mfpde.case.load import case_from_tables
from mfpde.kinds import FEATURES
from mfpde.lagrangian.forces import build_backend
from mfpde.lagrangian.ladder import Ladder
from mfpde.models import build_model
from mfpde.models.feature_map import PointwiseFeatures
from mfpde.simulation import build_simulation
from tests.conftest import difference_error


def case_of(features, outputs=1, inputs=1, **changes):
    """A small network of these features; keys are dotted paths."""
    axis = {"domain": [-3, 3], "cells": 12, "initial": {"law": "normal", "std": 0.7, "within": [-2.5, 2.5]}}
    names = FEATURES[features].components(_spec(), inputs)
    teachers = ["sin(1.5*x0)", "cos(x0)"][:outputs]
    tables = {
        "time": 0.5,
        "model": {"features": features, "penalty": {"lambda": 0.01}},
        "data": {
            "teacher": teachers if outputs > 1 else teachers[0],
            "inputs": {"law": "grid", "low": -1.5, "high": 1.5, "points": 7, "dimension": inputs},
        },
        "parameters": {"a": axis | {"cells": 13}} | {name: axis for name in names},
        "eulerian": {"backend": "numpy"},
        "lagrangian": {"units": [10, 600], "replicates": 2},
        "output": {"every": 0.5, "fields_every": 0.5},
    }
    case = case_from_tables(tables, Path("features.toml"))
    return case.replace(changes) if changes else case


def _spec():
    from mfpde.case.schema import NetworkModel

    return NetworkModel()


@pytest.mark.parametrize("inputs", [1, 2])
@pytest.mark.parametrize("name", FEATURES)
def test_slopes_are_derivatives(name, inputs):
    features = build_model(case_of(name, inputs=inputs)).features
    assert isinstance(features, PointwiseFeatures)
    random = np.random.default_rng(1)
    x, components = features.data.x, len(FEATURES[name].components(_spec(), inputs))
    z, step = random.normal(size=(5, components)), 1e-5
    slopes = features.slopes(z, x)
    for k in range(components):
        away = step * np.eye(components)[k]
        found = (features.values(z + away, x) - features.values(z - away, x)) / (2 * step)
        size = np.abs(features.values(z, x)).max()
        allowed = difference_error(step, size, 30 * (1 + np.abs(x).max()) ** 3 * (1 + np.abs(z).max()) ** 3)
        np.testing.assert_allclose(slopes[..., k], found, rtol=0, atol=allowed)


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("name", FEATURES)
def test_units_feel_the_gradient_on_both_backends(name, outputs, device):
    network = build_model(case_of(name, outputs, **{"model.penalty": {"lambda": 0.05, "power": 1}}))
    ladder = Ladder([6, 9], [1, 2], 1)
    here, there = (build_backend(network, ladder, "float64", 0.4, where) for where in (None, device))
    state = ladder.initial_state(network.parameters)
    rate = here.velocity(here.upload(state))
    on_device = there.download(there.velocity(there.upload(state)))
    np.testing.assert_allclose(on_device, rate, rtol=0, atol=1e-13 * np.abs(rate).max())
    np.testing.assert_allclose(
        there.predictions(there.upload(state)), here.predictions(here.upload(state)), rtol=0, atol=1e-13
    )


@pytest.mark.parametrize("name", FEATURES)
def test_wide_networks_come_near_the_mesh(name):
    simulation = build_simulation(case_of(name))
    simulation.advance(0.5, lambda *_: None)
    values = simulation.frame(False)
    gaps = [values[f"comparison/{n}/function_gap"].mean() for n in (10, 600)]
    assert gaps[1] < gaps[0] / 8
    assert values["eulerian/dissipated_energy"] > 0
