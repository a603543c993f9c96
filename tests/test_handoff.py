"""The hand-off to points: what a blob narrower than the mesh becomes, and what must not be handed off."""

import numpy as np
import pytest
from conftest import small_case

import mfpde
from mfpde.errors import InputError
from mfpde.lagrangian.characteristics import build_characteristics, observe
from mfpde.models import build_model
from mfpde.studies.refinements import solve

#: a regularised network of two axes whose units gather at two points (tanh is odd)
GATHERING = {
    "parameters": {
        "a": {"domain": [-5, 5], "cells": 33, "initial": {"law": "normal", "std": 0.6}},
        "w": {"domain": [-5, 5], "cells": 33, "initial": {"law": "normal", "std": 0.6}},
    },
    "model": {"bias": False, "penalty": {"lambda": 0.01, "confinement": 0.01}},
    "lagrangian.units": [20],
}


def test_points_keep_mass_mean_and_second_moments_of_cells():
    model = build_model(small_case(**GATHERING))
    mesh = model.parameters.mesh()
    density = mesh.average_density([c.law for c in model.parameters.free])
    points, weights = mesh.points(density, 1e-10)
    centres = np.stack(
        [g.ravel() for g in np.meshgrid(*(a.centres for a in mesh.axes), indexing="ij")], axis=-1
    )
    masses = (density * mesh.volumes).ravel()
    assert weights.sum() == pytest.approx(1, abs=1e-14)
    # cell averages have the second moment of their centres plus width^2 / 12
    exact = np.einsum("i,ij,ik->jk", masses, centres, centres) + np.diag(
        [a.widths[0] ** 2 / 12 for a in mesh.axes]
    )
    np.testing.assert_allclose(np.einsum("i,ij,ik->jk", weights, points, points), exact, atol=1e-8)


@pytest.mark.parametrize("alpha", [0.0, 0.5])
def test_points_carry_on_more_exactly_than_the_mesh(alpha, device):
    case = small_case(**GATHERING, **{"time": 15.0, "dynamics.birth_death": alpha, "output.every": 1.0})
    model = build_model(case)
    nodes = build_characteristics(case, model, 2048, device)
    nodes.advance(15.0)
    exact = observe(model, nodes)
    errors = {}
    for handed in (False, True):
        solver = solve(case.replace({"eulerian.hand_off": handed}), device)
        assert (solver.carrier is not None) == handed
        errors[handed] = np.sqrt(model.square_norm(solver.prediction - exact.prediction))
    assert errors[True] < 0.5 * errors[False], errors


def test_a_run_tells_of_its_hand_off(tmp_path):
    fine = {f"parameters.{name}.cells": 55 for name in "aw"}
    case = small_case(**GATHERING, **fine, **{"time": 6.0, "eulerian.hand_off": True, "output.every": 1.0})
    run = mfpde.run(case, tmp_path / "points.h5")
    health = run.health
    assert 0 < health["hand_off_time"] < 6
    assert any("points carry" in w for w in health["warnings"])
    energy = run.eulerian["energy"].values
    assert np.all(np.diff(energy) <= 1e-9)
    mass = run.mu.values[-1] * np.multiply.outer(
        *(np.diff(run.tree[f"{n}_bounds"].values)[:, 0] for n in "aw")
    )
    assert mass.sum() == pytest.approx(1, abs=1e-9)
    run.close()


def test_noise_and_births_cannot_be_handed_off(tmp_path):
    with pytest.raises(InputError, match="hand_off"):
        mfpde.run(small_case(**{"eulerian.hand_off": True, "dynamics.diffusion": 0.1}), tmp_path / "no.h5")
