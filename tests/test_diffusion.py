"""Diffusion: implicit sweeps are the inverse they claim to be, keep Gibbs states, mass and positivity; free
energy falls; noise matches.
"""

from pathlib import Path

import numpy as np
import pytest
from conftest import build_backends, rough_density, small_case

from mfpde.case.load import case_from_tables
from mfpde.eulerian.build import build_solver
from mfpde.eulerian.scharfetter_gummel import exchange
from mfpde.models import build_model

PI = 3.141592653589793
BOX = {"domain": [-3, 3], "cells": 11, "initial": {"law": "normal", "std": 0.6}}
CIRCLE = {"domain": [-PI, PI], "cells": 9, "periodic": True, "initial": {"law": "wrapped_cauchy", "r": 0.5}}
PARAMETERS = {
    "box": {"x": BOX},
    "circle": {"x": CIRCLE},
    "stretched": {"x": BOX | {"stretch": 3.0, "stretch_at": 0.5}, "y": BOX | {"mobility": 0.5}},
    "box and circle": {"y": BOX | {"cells": 6}, "x": CIRCLE, "z": BOX | {"cells": 5, "mobility": 0.0}},
}
TAU = 0.3


def langevin(kind="box", **changes):
    tables = {
        "time": 1.0,
        "model": {
            "kind": "potential",
            "external": "1 - cos(x)" + (" + y^2/2" if "y" in PARAMETERS[kind] else ""),
        },
        "parameters": PARAMETERS[kind],
        "dynamics": {"diffusion": TAU},
        "eulerian": {"diffusion_scheme": "scharfetter_gummel", "backend": "numpy"},
        "lagrangian": {"units": []},
    }
    case = case_from_tables(tables, Path("langevin.toml"))
    return case.replace(changes) if changes else case


def operator(axis, v):
    """The matrix of the Scharfetter-Gummel operator along one axis, from fluxes face by face."""
    right, left = exchange(axis, v, TAU)
    n = axis.cells
    matrix = np.zeros((n, n))
    for face in range(n + 1):
        west, east = (face - 1) % n, face % n
        if (face == 0 and axis.periodic) or (face in (0, n) and not axis.periodic):
            continue
        matrix[east, west] += right[face] / axis.widths[east]
        matrix[west, west] -= right[face] / axis.widths[west]
        matrix[west, east] += left[face] / axis.widths[west]
        matrix[east, east] -= left[face] / axis.widths[east]
    return matrix


@pytest.mark.parametrize("drift", [True, False])
@pytest.mark.parametrize("kind", PARAMETERS)
def test_a_sweep_is_the_inverse_of_the_flux_operator(kind, drift, device):
    _, mesh, backends = build_backends(langevin(kind), device)
    density = rough_density(mesh)
    for k, axis in enumerate(mesh.axes):
        v = backends["numpy"].potential(np.zeros(0))
        for dt in (1e-3, 0.1, 1e4):
            results = {}
            for name, backend in backends.items():
                field = backend.upload(density)
                potential = backend.potential(np.zeros(0)) if drift else None
                results[name] = backend.download(backend.implicit(field, potential, k, dt))
                assert results[name].min() >= 0
                assert np.sum(results[name] * mesh.volumes) == pytest.approx(1, abs=1e-13)
            pencils = np.moveaxis(density, k, 0).reshape(axis.cells, -1)
            potentials = np.moveaxis(v if drift else np.zeros_like(v), k, 0).reshape(axis.cells, -1)
            for p in range(pencils.shape[1]):
                exact = np.linalg.solve(
                    np.eye(axis.cells) - dt * operator(axis, potentials[:, p]), pencils[:, p]
                )
                found = np.moveaxis(results["numpy"], k, 0).reshape(axis.cells, -1)[:, p]
                np.testing.assert_allclose(
                    found, exact, atol=1e-9 * density.max() if dt > 1 else 1e-13 * density.max()
                )
            for form in ("row", "cell"):
                np.testing.assert_allclose(
                    results[form], results["numpy"], rtol=0, atol=1e-12 * density.max()
                )


@pytest.mark.parametrize("kind", PARAMETERS)
def test_entropic_kernels_equal_the_reference(kind, device):
    _, mesh, backends = build_backends(langevin(kind), device)
    density = rough_density(mesh)
    results = {}
    for name, backend in backends.items():
        field, potential = backend.upload(density), backend.potential(np.zeros(0))
        reacted = backend.download(backend.react(field, potential, 0.7, 0.1, 0.8))
        results[name] = (reacted, backend.entropy(field), backend.spread(field, potential, 0.1, 2, TAU))
    for form in ("row", "cell"):
        np.testing.assert_allclose(results[form][0], results["numpy"][0], rtol=1e-12)
        assert results[form][1:] == pytest.approx(results["numpy"][1:], rel=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 2.0])
@pytest.mark.parametrize("kind", PARAMETERS)
def test_gibbs_states_stay(kind, alpha, device):
    """exp(-V/tau)/Z along moving axes is steady for sweeps and for the entropic reaction, to rounding, on
    every mesh.
    """
    changes = {"dynamics.birth_death": alpha, "dynamics.reaction": "entropic"} if alpha else {}
    for backend in ("numpy", "opencl"):
        case = langevin(kind, **changes, **{"eulerian.backend": backend})
        solver = build_solver(case, build_model(case), device)
        v = build_model(case).on_mesh(solver.mesh).values(np.zeros(0)).reshape(solver.mesh.shape)
        gibbs = np.exp(-v / TAU)
        gibbs /= np.sum(gibbs * solver.mesh.volumes)
        solver.state = solver.stepper.states.of(solver.stepper.backend.upload(gibbs))
        solver.advance(2.0)
        assert np.sum(np.abs(solver.density() - gibbs) * solver.mesh.volumes) < 1e-12


def test_the_free_energy_falls_to_that_of_the_gibbs_state(device):
    case = langevin("stretched", **{"eulerian.backend": "opencl", "time": 40.0})
    solver = build_solver(case, build_model(case), device)
    free = [solver.stepper.functional(solver.state)]
    solver.advance(40.0, lambda s: free.append(s.stepper.functional(s.state)))
    v = build_model(case).on_mesh(solver.mesh).values(np.zeros(0)).reshape(solver.mesh.shape)
    assert np.diff(free).max() <= solver.stepper.rounding
    assert free[-1] == pytest.approx(
        -2 * TAU * np.log(np.sum(np.exp(-v / TAU) * solver.mesh.volumes)), rel=1e-9
    )
    assert solver.mass_drift < 1e-12
    assert solver.density().min() >= 0


def ornstein_uhlenbeck(cells, scheme, tau=0.25, **changes):
    axis = {"domain": [-4, 4], "cells": cells, "initial": {"law": "normal", "mean": 1.0, "std": 0.4}}
    tables = {
        "time": 1.0,
        "model": {"kind": "potential", "external": "x^2/2"},
        "parameters": {"x": axis},
        "dynamics": {"diffusion": tau},
        "eulerian": {"diffusion_scheme": scheme, "max_step": 0.05},
        "lagrangian": {"units": []},
        "exact": {"solution": "gaussian"},
    }
    return case_from_tables(tables, Path("ou.toml")).replace(changes)


@pytest.mark.parametrize("scheme", ["scharfetter_gummel", "strang"])
@pytest.mark.parametrize("reaction", ["none", "plain", "entropic"])
def test_ornstein_uhlenbeck_converges_at_second_order(scheme, reaction, device):
    from mfpde.exact import build_exact, errors

    changes = {} if reaction == "none" else {"dynamics.birth_death": 1.0, "dynamics.reaction": reaction}
    found = []
    for cells in (33, 65, 129):
        case = ornstein_uhlenbeck(cells, scheme, **changes)
        model = build_model(case)
        solver = build_solver(case, model, device)
        solver.advance(1.0)
        found.append(errors(solver, build_exact(case, model, solver.mesh).at(1.0))["w1_x"])
        assert solver.mass_drift < 1e-12
    orders = np.log2(np.array(found[:-1]) / found[1:])
    assert np.all(orders > 1.7), (found, orders)


def test_the_scheme_is_chosen_by_the_peclet_number(device):
    for tau, together in ((0.25, True), (0.001, False)):
        case = ornstein_uhlenbeck(65, "auto", tau)
        assert build_solver(case, build_model(case), device).stepper.diffusion.together is together


def test_a_network_with_diffusion_decreases_its_free_energy(device):
    case = small_case(**{"dynamics.diffusion": 0.05, "eulerian.diffusion_scheme": "scharfetter_gummel"})
    model, _, _ = build_backends(case, device, forms=())
    solver = build_solver(case, model, device)
    free = [solver.stepper.functional(solver.state)]
    solver.advance(3.0, lambda s: free.append(s.stepper.functional(s.state)))
    assert solver.stepper.claim == "free energy"
    assert np.all(np.diff(free) < 0)
    assert solver.mass_drift < 1e-12


def test_noisy_units_have_the_law_of_the_density():
    """Mean and variance of Ornstein-Uhlenbeck units against the exact law, within four standard errors."""
    from mfpde.lagrangian.ladder import Ladder
    from mfpde.lagrangian.solver import build_flow

    case = ornstein_uhlenbeck(
        16, "auto", 0.25, **{"eulerian.backend": "numpy", "lagrangian.noise_step": 0.05}
    )
    flow = build_flow(case, build_model(case), Ladder([40000], [1], seed=2))
    flow.advance(0.7)
    x = flow.backend.download(flow.state)[0]
    mean, variance = np.exp(-0.7), 0.16 * np.exp(-1.4) + 0.25 * (1 - np.exp(-1.4))
    assert abs(x.mean() - mean) < 4 * np.sqrt(variance / 40000)
    assert abs(x.var() - variance) < 4 * variance * np.sqrt(2 / 40000)
    assert flow.kicks == 14


def test_noise_is_reflected_at_walls_and_wrapped_on_circles():
    from mfpde.lagrangian.ladder import Ladder
    from mfpde.lagrangian.noise import Noise

    parameters = build_model(
        langevin("box and circle", **{"parameters.y.initial": {"law": "uniform", "low": -3, "high": 3}})
    ).parameters
    ladder = Ladder([20000], [1], seed=1)
    state = ladder.initial_state(parameters)
    before = state.copy()
    moved = Noise(ladder, parameters, TAU).kick(state, 5.0, 1)
    for row, component in enumerate(parameters.components):
        low, high = component.domain
        assert moved[row].min() >= low
        assert moved[row].max() <= high
    np.testing.assert_array_equal(moved[2], before[2])  # mobility 0: no noise
    # the uniform law is invariant under reflected noise
    assert abs(moved[0].mean()) < 4 * np.sqrt(3 / 20000)
    assert moved[0].var() == pytest.approx(3, rel=0.03)


@pytest.mark.parametrize("scheme", ["scharfetter_gummel", "strang"])
def test_both_sides_run_with_noise(scheme, tmp_path):
    import mfpde

    case = small_case(
        **{
            "dynamics.diffusion": 0.02,
            "eulerian.diffusion_scheme": scheme,
            "dynamics.birth_death": 0.5,
            "time": 0.5,
        }
    )
    run = mfpde.run(case, tmp_path / "noise.h5")
    health = run.health["eulerian"]
    assert health["diffusion_scheme"] == scheme
    assert health["decreasing_by_proof"] == "none"
    density = run.eulerian
    np.testing.assert_allclose(
        density["free_energy"], density["energy"] + 2 * 0.02 * density["entropy"], rtol=1e-12
    )
    table = run.compare().table
    assert table["lagrangian"][1]["function_gap"]["mean"][-1] < 0.2
    run.close()


def test_what_units_cannot_do_with_noise_is_said():
    from mfpde.errors import InputError
    from mfpde.lagrangian.characteristics import build_characteristics
    from mfpde.lagrangian.ladder import Ladder
    from mfpde.lagrangian.solver import build_flow

    noisy = {"dynamics.diffusion": 0.1, "dynamics.birth_death": 1.0, "eulerian.backend": "numpy"}
    for change, message in (
        ({"dynamics.reaction": "entropic"}, "needs a density"),
        ({"lagrangian.reaction": "weights"}, "degenerate"),
    ):
        case = small_case(**noisy, **change)
        with pytest.raises(InputError, match=message):
            build_flow(case, build_model(case), Ladder([5], [1], 0))
    with pytest.raises(InputError, match="so there are no characteristics"):
        build_characteristics(small_case(**noisy), build_model(small_case(**noisy)), 64)
