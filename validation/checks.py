"""Claims other than orders of convergence: invariants, inequalities, steady states, spectra.

Each gives a number and its bound.
"""

import numpy as np

from mfpde.case import Case, load_case
from mfpde.eulerian.build import build_solver
from mfpde.eulerian.solver import Solver
from mfpde.eulerian.stepper import Stepper
from mfpde.exact import build_exact, errors
from mfpde.exact.self_consistent import double_well_mean
from mfpde.lagrangian.characteristics import build_characteristics, observe
from mfpde.models import build_model
from mfpde.models.feature_coupling import Features
from mfpde.models.network import Network
from validation import optima
from validation.check import Check


def _start(case: Case, device) -> Solver:
    return build_solver(case, build_model(case), device)


def gibbs_reached(device, small: bool) -> float:
    """L1 distance of the settled density from exp(-V/tau)/Z."""
    case = load_case("v05_gibbs")
    if small:
        case = case.replace({"parameters.x.cells": 10, "parameters.s.cells": 9})
    solver = _start(case, device)
    solver.advance(case.time)
    return errors(solver, build_exact(case, solver.model, solver.mesh).at(case.time))["density"]


def closure_of_nodes(device, small: bool) -> float:
    """Largest error of the mean of weighted nodes of quadratic units against the closure.

    There is no mesh, only quadrature and time steps.
    """
    case = load_case("v08_quadratic_network")
    model = build_model(case)
    flow = build_characteristics(case, model, 4096, device)
    flow.advance(case.time)
    seen = observe(model, flow)
    exact = build_exact(case, model, model.parameters.mesh()).at(case.time)
    mean = seen.nodes[1:] @ seen.weights
    assert exact.mean is not None
    return float(np.abs(mean - exact.mean).max())


def modes_on_the_circle(device, small: bool) -> float:
    """Largest error of the Fourier modes 0, 1, 2 of f - f*, which decay at 1/pi^2, 1/16, 1/(9 pi^2).

    O(1/cells^2), from the kinks of relu.
    """
    count = 128 if small else 512
    inputs = {
        "data.inputs.points": count,
        "data.inputs.high": np.pi - 2 * np.pi / count,
        "parameters.b.cells": count,
    }
    case = load_case("v12_circle_features").replace({"eulerian.max_step": 0.05 if small else 0.02, **inputs})
    solver = _start(case, device)
    model = solver.model
    assert isinstance(model, Network)
    start = solver.prediction - model.data.y
    solver.advance(case.time)
    end, x = solver.prediction - model.data.y, model.data.x[:, 0]
    rates = (1 / np.pi**2, 1 / 16, 1 / (9 * np.pi**2))
    modes = [np.cos(m * x) / np.mean(np.cos(m * x) ** 2) for m in range(3)]
    return float(
        max(
            abs(np.mean(m * end) - np.exp(-rate * case.time) * np.mean(m * start))
            for m, rate in zip(modes, rates, strict=True)
        )
    )


def rate_of_fisher_rao(device, small: bool) -> float:
    """Largest E(mu_t) - E(nu) - 2 KL(nu|mu_0)/(alpha t), nu the last law; must not be positive."""
    case = load_case("v14_fisher_rao_rate")
    if small:
        case = case.replace({"parameters.a.cells": 16, "parameters.w.cells": 16})
    solver = _start(case, device)
    times = np.linspace(0, case.time, 51)[1:]
    first, energies = solver.density(), []
    for t in times:
        solver.advance(float(t))
        energies.append(solver.state.energy)
    nu = solver.density()
    held = nu > 0
    divergence = np.sum((nu * solver.mesh.volumes)[held] * np.log(nu[held] / first[held]))
    return float(
        np.max(np.array(energies) - energies[-1] - 2 * divergence / (case.dynamics.birth_death * times))
    )


def energies_of_the_mean_field(device, small: bool) -> float:
    """Largest error of the energies of V19 by characteristics, at t = 2, 10 for alpha = 0, 1.

    Against values of an independent code.
    """
    known = {0.0: {2.0: 0.20269139, 10.0: 0.12908924}, 1.0: {2.0: 0.17736939, 10.0: 0.12834410}}
    worst = 0.0
    for alpha, values in known.items():
        case = load_case("v19_tanh_network").replace({"dynamics.birth_death": alpha})
        model = build_model(case)
        flow = build_characteristics(case, model, 16384, device)
        for t, energy in values.items():
            flow.advance(t)
            worst = max(worst, abs(observe(model, flow).energy - energy))
    return worst


def dissipation_identity(device, small: bool) -> float:
    """|energy lost - energy dissipated| over the energy lost."""
    cells = 32 if small else 128
    steps = {"eulerian.max_step": 0.02, "parameters.a.cells": cells, "parameters.w.cells": cells}
    case = load_case("v20_dissipation").replace(steps)
    solver = _start(case, device)
    start = solver.state.energy
    solver.advance(case.time)
    lost = start - solver.state.energy
    return abs(lost - solver.dissipated) / lost


def energy_never_rises(device, small: bool) -> float:
    """Largest rise of the energy in one of 10^4 steps (300 if small) of random networks and potentials."""
    random, worst, steps, number = np.random.default_rng(0), -np.inf, 0, 0
    while steps < (300 if small else 10_000):
        number += 1
        cells = [int(n) for n in random.integers(6, 20, 2)]
        name = ["v19_tanh_network", "v06_quadratic_wfr", "v08_quadratic_network"][number % 3]
        changes: dict[str, object] = {
            "dynamics.birth_death": float(random.choice([0.0, 0.5, 5.0])),
            "eulerian.max_step": 0.02,
        }
        changes["eulerian.scheme"] = str(random.choice(["fromm", "mc", "minmod", "vanleer", "upwind"]))
        case = load_case(name)
        free = [key for key, p in case.parameters.items() if p.fixed is None]
        changes |= {f"parameters.{key}.cells": n for key, n in zip(free, cells, strict=True)}
        if name == "v19_tanh_network":
            changes["model.activation"] = str(random.choice(["tanh", "relu", "cos", "gaussian"]))
            changes["model.penalty.power"] = float(random.choice([1, 1.5, 2]))
        solver = _start(case.replace(changes), device)
        solver.advance(2.0)
        worst, steps = max(worst, solver.energy_rise), steps + solver.steps
    return worst


def threshold_of_the_reaction(device, small: bool) -> float:
    """Largest rise of the energy over frozen-V reaction steps with alpha dt = 2 / max |Phi|^2.

    They start from random masses.
    """
    case = load_case("v21_threshold").replace({"parameters.a.cells": 16, "parameters.w.cells": 16})
    solver = _start(case, device)
    stepper, model, mesh = solver.stepper, solver.model, solver.mesh
    assert isinstance(stepper, Stepper)
    assert isinstance(model, Network)
    features = model.on_mesh(mesh).coupling
    assert isinstance(features, Features)
    phi = np.multiply.outer(mesh.axes[0].centres, features.matrix)
    step = 2 / float(np.max(model.square_norm(phi))) / case.dynamics.birth_death
    random, worst = np.random.default_rng(1), -np.inf
    for _ in range(5 if small else 100):
        density = random.random(mesh.shape) ** 4
        state = stepper.states.of(stepper.backend.upload(density / np.sum(density * mesh.volumes)))
        for _ in range(60):
            new = stepper.states.of(stepper.reaction.frozen(state, state.moments.linear, step))
            worst, state = max(worst, new.energy - state.energy), new
    return worst


def double_well_on_the_plane(device, small: bool) -> float:
    """Largest error of the stationary means against the self-consistency equation; O(1/cells^2)."""
    case = load_case("v22_double_well_2d")
    solver = _start(
        case.replace({"parameters.x.cells": 41, "parameters.y.cells": 41}) if small else case, device
    )
    solver.advance(case.time)
    masses, exact = solver.density() * solver.mesh.volumes, double_well_mean(case.dynamics.diffusion)
    x, y = (axis.centres for axis in solver.mesh.axes)
    return max(abs(float(masses.sum(axis=1) @ x) - exact), abs(float(masses.sum(axis=0) @ y) + exact))


CHECKS = (
    Check("V5", "Gibbs state reached: L1 distance", 1e-12, gibbs_reached),
    Check("V8", "weighted nodes against the closure: mean", 1e-8, closure_of_nodes),
    Check("V12", "decay of Fourier modes at their known rates", 1e-5, modes_on_the_circle, 1e-4),
    Check("V14", "E(mu_t) - E(nu) - 2 KL/(alpha t)", 0.0, rate_of_fisher_rao),
    Check("V19", "energies of the mean field, independent values", 1e-7, energies_of_the_mean_field),
    Check("V20", "energy lost against dissipated, relative", 1e-2, dissipation_identity),
    Check("V20", "largest rise of the energy in 10^4 steps", 1e-14, energy_never_rises),
    Check("V21", "largest rise at the threshold of the reaction", 1e-14, threshold_of_the_reaction),
    Check("V22", "stationary means of two double wells", 1e-6, double_well_on_the_plane),
    *optima.CHECKS,
)
