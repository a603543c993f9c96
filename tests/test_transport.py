"""The transport kernel: equal to the reference to rounding, conservative, positive, dissipative, for all
meshes.
"""

import numpy as np
import pytest
from conftest import build_backends, rough_density, small_case

from mfpde.eulerian import tiles
from mfpde.eulerian.layout import Layout
from mfpde.eulerian.opencl_backend import OpenCLBackend
from mfpde.eulerian.stepper import Stepper
from mfpde.kinds import LIMITERS
from mfpde.measures.axis import Axis
from mfpde.measures.mesh import Mesh
from mfpde.models import build_model

SCHEMES = list(LIMITERS)
PI = 3.141592653589793
AXIS = {"domain": [-2, 2], "cells": 9, "initial": {"law": "uniform"}}
CIRCLE = AXIS | {"domain": [-PI, PI], "periodic": True}

#: parameters (tables) and number of inputs that give meshes of every kind: 1 to 4 axes, fixed and periodic
#: ones, a alone
MESHES = {
    "a": ({"a": AXIS | {"cells": 23}, "w": {"fixed": 1.0}}, 1),
    "w": ({"a": {"fixed": 2.0}, "w": AXIS | {"cells": 21}}, 1),
    "b on a circle": ({"a": {"fixed": 1.0}, "w": {"fixed": 1.0}, "b": CIRCLE | {"cells": 19}}, 1),
    "a w": ({"a": AXIS, "w": AXIS | {"cells": 14}}, 1),
    "a w b, mixed": ({"a": AXIS, "w": AXIS | {"cells": 7, "mobility": 0.5}, "b": CIRCLE | {"cells": 11}}, 1),
    "a w, stretched": (
        {"a": AXIS | {"stretch": 2.0}, "w": AXIS | {"cells": 14, "stretch": 3.0, "stretch_at": -0.7}},
        1,
    ),
    "a stretched, b on a circle": (
        {"a": AXIS | {"stretch": 2.0}, "w": {"fixed": 1.0}, "b": CIRCLE | {"cells": 21}},
        1,
    ),
    "w b, a fixed": ({"a": {"fixed": -1.0}, "w": CIRCLE, "b": AXIS | {"cells": 6}}, 1),
    "a w1 w2 b": (
        {
            "a": AXIS | {"cells": 5},
            "w1": AXIS | {"cells": 6},
            "w2": AXIS | {"cells": 4},
            "b": AXIS | {"cells": 7},
        },
        2,
    ),
    "a w1 w2 b, circles": ({"a": AXIS | {"cells": 5}, "w": CIRCLE | {"cells": 5}, "b": CIRCLE}, 2),
}
#: every mesh with one scheme, and every scheme where slopes meet all there is: walls, circles, stretched
#: cells, a factor of V
PAIRS = [(kind, "fromm") for kind in MESHES] + [
    (kind, scheme) for kind in ("a w, stretched", "a w b, mixed") for scheme in SCHEMES if scheme != "fromm"
]


def mesh_case(kind, scheme="fromm", precision="float64"):
    parameters, inputs = MESHES[kind]
    circles = any("periodic" in table for table in parameters.values())
    # cos closes on circles of length 2 pi if the inputs are whole numbers
    grid = {"law": "grid", "dimension": inputs, "low": -2, "high": 2, "points": 5}
    scattered = {"law": "uniform", "dimension": inputs, "low": -2, "high": 2, "samples": 13}
    return small_case(
        parameters=parameters,
        data={
            "teacher": "sin(x0)" if inputs == 1 else "sin(x0)*x1",
            "inputs": grid if circles else scattered,
        },
        **{"model.bias": "b" in parameters, "model.activation": "cos" if circles else "tanh"},
        **{"model.penalty": {"lambda": 0.02, "power": 1.5, "confinement": 0.0 if circles else 0.01}},
        **{"eulerian.scheme": scheme, "eulerian.precision": precision},
    )


def rates(case, device, seed=0):
    network, mesh, backends = build_backends(case, device)
    density = rough_density(mesh, seed)
    result = {}
    for name, backend in backends.items():
        field = backend.upload(density)
        moments = backend.moments(field)
        rate = backend.rate(field, backend.potential(network.risk.source(moments.linear)))
        result[name] = (moments, rate, backend.download(rate.field), backend.moments(rate.field))
    return network, mesh, density, result


@pytest.mark.parametrize(("kind", "scheme"), PAIRS)
def test_kernels_equal_the_reference_to_rounding(kind, scheme, device):
    _, _, density, result = rates(mesh_case(kind, scheme), device)
    moments, rate, change, change_moments = result["numpy"]
    scale = density.max() * rate.courant
    for form in ("row", "cell"):
        other_moments, other_rate, other_change, other_change_moments = result[form]
        np.testing.assert_allclose(other_change, change, rtol=0, atol=1e-14 * scale)
        np.testing.assert_allclose(other_moments.linear, moments.linear, rtol=0, atol=1e-14)
        assert other_moments.penalty == pytest.approx(moments.penalty, rel=1e-13)
        assert other_moments.mass == pytest.approx(1, abs=1e-14)
        np.testing.assert_allclose(
            other_change_moments.linear, change_moments.linear, rtol=0, atol=1e-13 * rate.courant
        )
        assert other_rate.courant == pytest.approx(rate.courant, rel=1e-13)
        assert other_rate.dissipation == pytest.approx(rate.dissipation, rel=1e-12)


@pytest.mark.parametrize("kind", MESHES)
def test_single_precision_agrees_to_its_rounding(kind, device):
    _, _, density, exact = rates(mesh_case(kind), device)
    _, _, _, rounded = rates(mesh_case(kind, precision="float32"), device)
    scale = density.max() * exact["numpy"][1].courant
    for form in ("numpy", "row", "cell"):
        np.testing.assert_allclose(rounded[form][2], exact["numpy"][2], rtol=0, atol=2e-6 * scale)


@pytest.mark.parametrize(("kind", "scheme"), PAIRS)
def test_transport_conserves_mass_and_dissipates_exactly_what_it_says(kind, scheme, device):
    """d/dt of the discrete energy is -2 times the dissipation of the faces: summation by parts, exact for
    every slope.
    """
    network, _, _, result = rates(mesh_case(kind, scheme), device, seed=3)
    moments, rate, _, change = result["row"]
    assert abs(change.mass) < 1e-13 * rate.courant
    slope_of_energy = 2 * network.risk.source(moments.linear) @ change.linear + 2 * change.penalty
    assert slope_of_energy == pytest.approx(-2 * rate.dissipation, rel=1e-10)
    assert rate.dissipation > 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_euler_step_at_the_positivity_bound_keeps_density_nonnegative(scheme, device):
    network, mesh, backends = build_backends(mesh_case("a w b, mixed", scheme), device)
    for seed in range(5):
        for backend in backends.values():
            field = backend.upload(rough_density(mesh, seed))
            rate = backend.rate(field, backend.potential(network.risk.source(backend.moments(field).linear)))
            _, least = backend.combine(0.0, field, 1.0, field, 0.5 / rate.courant, rate.field)
            assert least == 0.0


def test_an_euler_step_changes_energy_by_the_exact_formula(device):
    """E(m + dt m') - E(m) = -2 dt D + dt^2 |f'|^2, which is what the energy bound rests on."""
    network, mesh, backends = build_backends(mesh_case("a w b, mixed"), device)
    backend = backends["row"]
    field = backend.upload(rough_density(mesh))
    moments = backend.moments(field)
    rate = backend.rate(field, backend.potential(network.risk.source(moments.linear)))
    change, dt = backend.moments(rate.field), 0.3 / rate.courant
    after = backend.moments(backend.combine(0.0, field, 1.0, field, dt, rate.field)[0])
    rise = network.risk.value(after) - network.risk.value(moments)
    expected = -2 * dt * rate.dissipation + dt**2 * np.sum(network.data.weights * change.linear**2)
    assert rise == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("kind", MESHES)
def test_reaction_kernels_equal_the_reference(kind, device):
    network, mesh, backends = build_backends(mesh_case(kind), device)
    density = rough_density(mesh)
    results = {}
    for name, backend in backends.items():
        field = backend.upload(density)
        potential = backend.potential(network.risk.source(backend.moments(field).linear))
        reacted = backend.download(backend.react(field, potential, 0.7, 0.1))
        results[name] = (
            reacted,
            backend.spread(field, potential, 0.1, 1),
            backend.spread(field, potential, 0.1, 2),
        )
    for form in ("row", "cell"):
        np.testing.assert_allclose(results[form][0], results["numpy"][0], rtol=1e-13)
        assert results[form][1:] == pytest.approx(results["numpy"][1:], rel=1e-13)


@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("kind", ["a w", "a w b, mixed"])
def test_skipping_zeros_changes_no_bit(kind, precision, device):
    """Mass in a corner of the box, many steps, so that buffers are used again and again: with and without the
    skipping of zeros.
    """
    case = mesh_case(kind, "mc", precision).replace({"parameters.w.cells": 43})
    network = build_model(case)
    mesh = network.parameters.mesh()
    density = np.zeros(mesh.shape)
    density[tuple(slice(0, n // 3) for n in mesh.shape)] = 1.0
    density /= np.sum(density * mesh.volumes)
    found = []
    for skip in (True, False):
        backend = OpenCLBackend(mesh, network.on_mesh(mesh), "mc", precision, device, "row", skip_zeros=skip)
        stepper = Stepper(backend, network.risk, network.scale, case.eulerian, case.dynamics)
        state = stepper.states.of(backend.upload(density))
        for _ in range(12):
            state = stepper.step(state, 10.0).state
        found.append((state.energy, backend.download(state.field)))
    assert found[0][0] == found[1][0]
    assert np.array_equal(found[0][1], found[1][1])
    assert np.mean(found[0][1] == 0) > 0.1  # there was something to skip


@pytest.fixture(params=["rows whole", "rows in parts"])
def parts(request, monkeypatch):
    """Rows of small meshes are one part; here they are cut as those of large ones are."""
    if request.param == "rows in parts":
        monkeypatch.setattr(tiles, "SHORTEST_PART", 2)
        monkeypatch.setattr(tiles, "ROWS", {3: [2], 4: [2, 3]})


@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize("kind", MESHES)
def test_the_fused_stage_equals_its_parts(kind, device):
    network, mesh, backends = build_backends(mesh_case(kind), device, forms=("row",))
    density, other = rough_density(mesh), rough_density(mesh, 1)
    found = []
    for backend in backends.values():
        x, y = backend.upload(density), backend.upload(other)
        potential = backend.potential(network.risk.source(backend.moments(y).linear))
        dt = 0.2 / backend.rate(y, potential).courant
        stage = backend.stage(x, y, potential, dt)
        found.append((backend.download(stage.field), backend.moments(stage.field), stage))
    (field, moments, stage), (other_field, other_moments, other_stage) = found
    np.testing.assert_allclose(other_field, field, rtol=0, atol=1e-13 * density.max())
    np.testing.assert_allclose(other_moments.linear, moments.linear, rtol=0, atol=1e-13)
    assert other_moments.mass == pytest.approx(moments.mass, rel=1e-13)
    assert other_moments.penalty == pytest.approx(moments.penalty, rel=1e-12)
    assert other_stage.courant == pytest.approx(stage.courant, rel=1e-12)
    assert other_stage.dissipation == pytest.approx(stage.dissipation, rel=1e-10)
    assert other_stage.least == 0


@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize("kind", ["a w", "a w b, mixed", "a w1 w2 b"])
def test_fused_sums_are_those_of_the_field(kind, device):
    """In single precision too: a reaction scales by one and is measured by the other, step after step."""
    network, mesh, backends = build_backends(mesh_case(kind, precision="float32"), device, forms=("row",))
    backend = backends["row"]
    field = backend.upload(rough_density(mesh))
    potential = backend.potential(network.risk.source(backend.moments(field).linear))
    made = backend.stage(field, field, potential, 0.2 / backend.rate(field, potential).courant).field
    fused = backend.moments(made)
    made.sums = None
    alone = backend.moments(made)
    assert fused.mass == pytest.approx(alone.mass, rel=1e-14)
    assert fused.penalty == pytest.approx(alone.penalty, rel=1e-13)
    np.testing.assert_allclose(fused.linear, alone.linear, rtol=0, atol=1e-14)


def test_what_is_not_a_number_is_not_taken_for_empty(device):
    network, mesh, backends = build_backends(mesh_case("a w b, mixed"), device, forms=("row",))
    backend = backends["row"]
    density = np.zeros(mesh.shape)
    density[4, 3] = np.nan
    field = backend.upload(density)
    again = backend.combine(0.0, field, 1.0, field, 0.0, field)[0]
    made = backend.stage(again, again, backend.potential(network.risk.source(network.data.y)), 0.1)
    assert np.isnan(backend.moments(made.field).mass)


@pytest.mark.parametrize(
    ("cells", "room"),
    [([10**6], 2**21), ([32, 1300], 2**15), ([16, 16, 16, 200], 2**18), ([24, 24, 65], 2**16)],
)
def test_tiles_fit_into_local_memory(cells, room):
    axes = [Axis(f"x{k}", np.linspace(0, 1, n + 1)) for k, n in enumerate(cells)]
    cut = tiles.Tiles(Layout(Mesh(axes), len(cells) > 1, 8), True, len(cells) > 1, 2, room, 8)
    assert sum(cut.local_bytes) <= room
    assert cut.part % 8 == 0 or cut.parts == 1
    assert (cut.parts - 1) * cut.part + 2 <= cells[-1] <= cut.parts * cut.part
