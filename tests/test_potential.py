"""Energies given by formulas: forces are gradients, backends agree, convolutions are sums over pairs, wrong
formulas are said.
"""

from pathlib import Path

import numpy as np
import pytest
from conftest import FUNCTIONS, build_backends, difference_error, rough_density

import mfpde
from mfpde.case.load import case_from_tables
from mfpde.errors import InputError
from mfpde.eulerian.build import build_solver
from mfpde.lagrangian.forces_numpy import NumpyPotential
from mfpde.lagrangian.forces_opencl import build_opencl_potential
from mfpde.lagrangian.ladder import Ladder
from mfpde.measures.axis import Axis
from mfpde.measures.mesh import Mesh
from mfpde.models import build_model
from mfpde.models.energy import PairEnergy
from mfpde.models.problem import Cloud

PI = 3.141592653589793
BOX = {"domain": [-3, 3], "cells": 12, "initial": {"law": "normal", "std": 0.8, "within": [-2.5, 2.5]}}
CIRCLE = {
    "domain": [-PI, PI],
    "cells": 11,
    "periodic": True,
    "initial": {"law": "wrapped_cauchy", "mean": 0.5, "r": 0.6},
}
LADDER = Ladder([5, 17], [2, 3], seed=3)

#: formulas and parameters on boxes and circles, 1 to 4 axes
CASES = {
    "x": ({"external": "x^2/2", "interaction": "exp(-x^2)"}, {"x": BOX | {"cells": 23}}),
    "circle": ({"external": "cos(2*s)", "interaction": "-cos(s)"}, {"s": CIRCLE}),
    "x y": (
        {"external": "x^4/4 - x*y", "interaction": "abs(x) + y^2/2"},
        {"x": BOX, "y": BOX | {"mobility": 0.5}},
    ),
    "x s fixed": ({"external": "c*x^2 + sin(s)"}, {"x": BOX, "c": {"fixed": 0.3}, "s": CIRCLE}),
    "x s y": (
        {"external": "x*cos(s)", "interaction": "tanh(x^2 + y^2)*cos(s)"},
        {"x": BOX | {"cells": 6}, "s": CIRCLE, "y": BOX | {"cells": 7}},
    ),
    "four": (
        {"external": "w*x + y*z", "interaction": "exp(-(w^2+x^2+y^2+z^2)/2)"},
        {n: BOX | {"cells": 4 + k} for k, n in enumerate("wxyz")},
    ),
}


def potential_case(kind, **changes):
    model, parameters = CASES[kind]
    tables = {
        "time": 1.0,
        "model": {"kind": "potential"} | model,
        "parameters": parameters,
        "lagrangian": {"units": [20, 60], "replicates": 3},
    }
    case = case_from_tables(tables, Path("potential.toml"))
    return case.replace(changes) if changes else case


@pytest.mark.parametrize("kind", CASES)
def test_the_convolution_is_the_sum_over_pairs(kind):
    case = potential_case(kind)
    model = build_model(case)
    mesh = model.parameters.mesh()
    density = rough_density(mesh)
    masses = (density * mesh.volumes).ravel()
    arrays = model.on_mesh(mesh)
    if model.interaction is None:
        return
    centres = [g.ravel() for g in np.meshgrid(*(axis.centres for axis in mesh.axes), indexing="ij")]
    differences = {axis.name: axis.wrap(c[:, None] - c) for axis, c in zip(mesh.axes, centres, strict=True)}
    given = [differences.get(c.name, np.zeros(1)) for c in model.parameters.components]
    exact = model.interaction.value(given) @ masses
    np.testing.assert_allclose(
        arrays.coupling.operator(masses), exact, rtol=0, atol=1e-14 * np.abs(exact).max()
    )


def test_the_convolution_on_a_stretched_mesh_is_the_sum_over_pairs():
    faces = 3 * np.sinh(np.linspace(-2, 2, 20)) / np.sinh(2)
    mesh = Mesh([Axis("x", faces)])
    model = build_model(potential_case("x"))
    masses = (rough_density(mesh) * mesh.volumes).ravel()
    x = mesh.axes[0].centres
    np.testing.assert_allclose(
        model.on_mesh(mesh).coupling.operator(masses), np.exp(-((x[:, None] - x) ** 2)) @ masses, rtol=1e-13
    )


@pytest.mark.parametrize("kind", CASES)
def test_kernels_equal_the_reference_and_dissipate_what_they_say(kind, device):
    model, mesh, backends = build_backends(potential_case(kind), device)
    density = rough_density(mesh)
    found = {}
    for name, backend in backends.items():
        field = backend.upload(density)
        moments = backend.moments(field)
        rate = backend.rate(field, backend.potential(PairEnergy().source(moments.linear)))
        change = backend.moments(rate.field)
        found[name] = (moments, rate, backend.download(rate.field))
        # summation by parts is exact: dE/dt = 2 int V dm' = -2 D
        v = (
            np.zeros(mesh.shape).ravel()
            + model.on_mesh(mesh).penalty_z
            + (moments.linear if len(moments.linear) else 0.0)
        )
        slope = 2 * np.sum(v.reshape(mesh.shape) * found[name][2] * mesh.volumes)
        assert slope == pytest.approx(-2 * rate.dissipation, rel=1e-10)
        # and E is quadratic along the rate
        dt = 0.1 / rate.courant
        after = backend.moments(backend.combine(0.0, field, 1.0, field, dt, rate.field)[0])
        rise = PairEnergy().value(after) - PairEnergy().value(moments)
        assert rise == pytest.approx(
            -2 * dt * rate.dissipation + dt**2 * PairEnergy().curvature_bound(change), rel=1e-8
        )
    for form in ("row", "cell"):
        moments, rate, field = found[form]
        np.testing.assert_allclose(
            field, found["numpy"][2], rtol=0, atol=1e-13 * density.max() * rate.courant
        )
        assert moments.square == pytest.approx(found["numpy"][0].square, rel=1e-12)
        assert rate.dissipation == pytest.approx(found["numpy"][1].dissipation, rel=1e-11)


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("weight_rate", [0.0, 0.7])
def test_forces_are_gradients_of_the_energy(kind, weight_rate, device):
    model = build_model(potential_case(kind))
    reference = NumpyPotential(model, LADDER, "float64", weight_rate)
    backend = build_opencl_potential(model, LADDER, "float64", weight_rate, device)
    state = LADDER.initial_state(model.parameters)
    state[-1] = np.random.default_rng(1).random(LADDER.total)
    rate = reference.velocity(state)
    np.testing.assert_allclose(
        backend.download(backend.velocity(backend.upload(state))), rate, atol=1e-13 * np.abs(rate).max()
    )
    weights = reference.weights(state)
    starts = LADDER.first_unit[:-1]

    def energies(theta):
        cloud = Cloud(theta, weights, np.zeros((5, 0)), reference.velocity(theta)[-1], starts)
        return model.cloud_values(cloud)["energy"]

    unit, step = 3, 1e-5
    for k, c in enumerate(model.parameters.components):
        up, down = state.copy(), state.copy()
        up[k, unit] += step
        down[k, unit] -= step
        slope = (energies(up)[0] - energies(down)[0]) / (2 * step)
        error = (
            c.mobility
            * difference_error(step, np.abs(energies(state)[0]), third=np.abs(rate).max())
            / (2 * weights[unit])
        )
        assert rate[k, unit] == pytest.approx(
            -c.mobility * slope / (2 * weights[unit]), rel=FUNCTIONS, abs=error
        )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["x", "circle", "x y", "x s fixed"])
@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_both_sides_run_together_and_energy_never_rises(kind, alpha, tmp_path):
    run = mfpde.run(
        potential_case(kind, **{"dynamics.birth_death": alpha, "eulerian.error_estimate": True}),
        tmp_path / "out.h5",
    )
    table = run.compare().table
    assert np.all(np.diff(table["eulerian"]["energy"]) <= 0)
    assert table["eulerian"]["mass_drift"] < 1e-12
    assert table["rate"]["function_gap"] is None
    wide = table["lagrangian"][-1]
    # 60 units, 3 networks: their energy is within the spread of the density's
    assert wide["energy"]["mean"][-1] == pytest.approx(
        table["eulerian"]["energy"][-1], abs=0.15 + 5 * wide["energy"]["std"][-1]
    )
    assert "n = 60" in repr(run.compare())
    run.close()


def test_wide_networks_approach_the_density(device):
    from mfpde.lagrangian.characteristics import build_characteristics, observe

    case = potential_case("x y", **{"dynamics.birth_death": 0.5, "model.interaction": "x^2/2 - cos(y)"})
    model = build_model(case)
    flow = build_characteristics(case, model, 1024, device, "sobol")
    flow.advance(1.0)
    exact, errors = observe(model, flow).energy, []
    for cells in (24, 48):
        finer = case.replace({"parameters.x.cells": cells, "parameters.y.cells": cells})
        solver = build_solver(finer, build_model(finer), device)
        solver.advance(1.0)
        errors.append(abs(solver.state.energy - exact))
    assert errors[1] < errors[0] / 3
    assert errors[1] < 1e-2 * abs(exact)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model.interaction": "x"}, "even"),
        ({"model.external": "x +"}, "not a formula"),
        ({"model.external": "z^2"}, "unknown name 'z'"),
        ({"model.external": "log(x)"}, "not finite"),
        ({"model.interaction": "log(abs(x))"}, "not finite"),
        ({"data": {"teacher": "x0", "inputs": {"law": "grid"}}}, "belongs to"),
        ({"model.activation": "tanh"}, "unknown key 'model.activation'"),
        ({"parameters": {"1x": BOX}}, "not a name"),
        ({"parameters": {"lambda": BOX}}, "reserved word"),
        ({"parameters": {}}, "at least one"),
        ({"model": {"kind": "potential"}}, "expected 'external'"),
        ({"parameters": {"x": BOX | {"initial": {"law": "wrapped_cauchy"}}}}, "length 2 pi"),
        ({"parameters": {"x": CIRCLE}, "model.external": "x^3"}, "not periodic"),
    ],
)
def test_wrong_formulas_are_said(changes, message):
    with pytest.raises(InputError, match=message):
        _solver_of("x", changes)


def _solver_of(kind, changes):
    case = potential_case(kind, **changes, **{"eulerian.backend": "numpy"})
    return build_solver(case, build_model(case))
