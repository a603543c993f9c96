"""Schemes of births: positive steps of densities, jumps and weights of units; bumps, and the case stuck."""

from itertools import product

import numpy as np
import pytest

import mfpde
from mfpde.analysis.escape import escaped
from mfpde.case.load import load_case
from mfpde.errors import InputError
from mfpde.eulerian.build import build_solver
from mfpde.eulerian.opencl_backend import OpenCLBackend
from mfpde.figures import escape
from mfpde.kinds import BIRTHS, UNIT_BIRTHS
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.models import build_model
from mfpde.models.births import birth_level, births_laws
from tests.conftest import small_case

NAMED = ["reservoir", "threshold", "refresh"]
COARSE = ["parameters.a.cells=27", "parameters.c.cells=50", "parameters.c.domain=[-0.1, 9.9]"]
E_BEST, E_STUCK = 0.06230769, 1.01254902


def stuck(variant, *sets):
    return load_case("stuck", sets, variant)


def solver_of(case, device=None):
    return build_solver(case, build_model(case), device)


def births(scheme, **laws):
    its = {"scheme": scheme, **laws} | ({"rate": 0.3} if scheme == "refresh" else {})
    return {"dynamics.birth_death": 4.0, "dynamics.births": its}


def test_the_positive_part_is_the_same_on_all_backends(device):
    solver = solver_of(small_case(**{"eulerian.backend": "numpy"}))
    model, mesh, density = solver.model, solver.mesh, solver.density()
    here = solver.stepper.backend
    source = model.risk.source(np.linspace(-1, 1, 20))
    for form in ("row", "cell"):
        there = OpenCLBackend(mesh, model.on_mesh(mesh), "fromm", "float64", device, form)
        found = []
        for backend in (here, there):
            field, potential = backend.upload(density), backend.potential(source)
            sums = [backend.spread(field, potential, 0.1, power, above=True) for power in (1, 2)]
            reacted = backend.download(backend.react(field, potential, 0.7, 0.1, above=True))
            found.append((reacted, sums))
        np.testing.assert_allclose(found[1][0], found[0][0], rtol=1e-12, atol=1e-15)
        assert found[1][1] == pytest.approx(found[0][1], rel=1e-12)
        assert found[0][0].max() <= density.max()


@pytest.mark.parametrize("scheme", NAMED)
@pytest.mark.parametrize("where", ["numpy", "opencl"])
def test_a_step_is_positive_and_keeps_the_mass_however_long(scheme, where, device):
    laws = {} if scheme == "refresh" else {"a": {"law": "normal", "mean": 1.0, "std": 0.5, "within": [-3, 3]}}
    case = small_case(**births(scheme, **laws), **{"eulerian.backend": where})
    solver = solver_of(case, device if where == "opencl" else None)
    stepper = solver.stepper
    for dt in (0.01, 1.0, 30.0):
        after = stepper.states.of(stepper.reaction.step(solver.state, dt))
        density = stepper.backend.download(after.field)
        assert density.min() >= 0
        assert after.moments.mass == pytest.approx(1, abs=1e-13)
    assert stepper.claim == ("none" if scheme == "refresh" else "energy")


@pytest.mark.parametrize("scheme", [*NAMED, "clone"])
def test_what_is_dissipated_is_what_is_lost_to_second_order(scheme, device):
    """Of a run of the stepper and of its halves; the identity and the energy itself converge as dt^2."""
    laws = {} if scheme == "clone" else {"c": {"law": "uniform", "low": -0.1, "high": 9.9}}
    lost, missed = [], []
    for h in (0.04, 0.02, 0.01):
        steps = {"eulerian.max_step": h, "eulerian.tolerance": 2, "dynamics.diffusion": 0.0}
        case = stuck("bad_transport", *COARSE).replace(births(scheme, **laws) | steps)
        solver = solver_of(case)
        start = solver.state.energy
        solver.advance(1.2)
        lost.append(start - solver.state.energy)
        missed.append(abs(lost[-1] - solver.dissipated))
        assert solver.stepper.claim == "none" or solver.energy_rise <= 0
    assert missed[-1] < 1e-3 * lost[-1]
    assert np.log2(missed[0] / missed[1]) > 1.6
    assert np.log2(abs((lost[0] - lost[1]) / (lost[1] - lost[2]))) > 1.6


@pytest.mark.parametrize(
    ("scheme", "by"),
    [("reservoir", "birth_death"), ("refresh", "weights")]
    + [
        pytest.param(*of, marks=pytest.mark.slow)
        for of in product(NAMED, ["birth_death", "weights"])
        if of not in [("reservoir", "birth_death"), ("refresh", "weights")]
    ],
)
def test_networks_follow_the_density(scheme, by):
    """The mean of f at some data over replicates, within four standard errors and the mesh's error."""
    laws = {"c": {"law": "uniform", "low": 2.0, "high": 8.0}, "a": {"law": "point", "at": 0.3}}
    reaction = {"lagrangian.reaction": by, "lagrangian.reaction_step": 0.005, "lagrangian.tolerance": 1e-4}
    start = {"law": "normal", "mean": 0.7, "std": 0.3, "within": [-2, 2]}
    coarse = {"data.inputs.points": 50, "data.inputs.high": 9.8, "parameters.a.initial": start}
    case = stuck("full_transport").replace(births(scheme, **laws) | reaction | coarse)
    model = build_model(case)
    solver, flow = solver_of(case), build_flow(case, model, Ladder([250], [10], 3))
    solver.advance(0.08)
    flow.advance(0.08)
    expected = model.risk.prediction(solver.state.moments.linear)
    found = flow.backend.predictions(flow.state)
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert np.all(np.abs(found.mean(axis=0) - expected) < 4 * error + 2e-3)
    assert flow.birth_death.born.sum() > 15
    weights = flow.backend.weights(flow.state)
    assert np.add.reduceat(weights, flow.birth_death.ladder.first_unit[:-1]) == pytest.approx(1)


@pytest.mark.parametrize("by", ["birth_death", "weights"])
def test_births_go_on_from_a_checkpoint_bit_by_bit(by):
    laws = {"c": {"law": "uniform", "low": 0.0, "high": 10.0}}
    case = stuck("bad_transport").replace(births("reservoir", **laws) | {"lagrangian.reaction": by})
    model = build_model(case)
    whole, first, second = (build_flow(case, model, Ladder([50], [2], 3)) for _ in range(3))
    whole.advance(0.3)
    whole.advance(0.6)
    first.advance(0.3)
    second.restore(first.checkpoint())
    second.advance(0.6)
    np.testing.assert_array_equal(whole.state, second.state)
    np.testing.assert_array_equal(whole.backend.weights(whole.state), second.backend.weights(second.state))


def test_v_under_the_births_is_known_without_units():
    """0 for a = 0; else the potential's mean, as a cloud of many draws has it."""
    case = stuck("bad_reservoir")
    model = build_model(case)
    assert birth_level(case, model, births_laws(case, model.parameters))(None) == 0
    at = case.replace({"dynamics.births.a": {"law": "point", "at": 0.3}})
    flow = build_flow(at, model, Ladder([300], [2], 1))
    level = birth_level(at, model, births_laws(at, model.parameters))(flow._cloud)
    residual = model.risk.source(flow.backend.predictions(flow.state))
    c = np.linspace(0, 10, 400, endpoint=False)[:, None]
    expected = 0.3 * (model.features(c) @ residual.T).mean(axis=0) + 0.01 * 0.3**2
    np.testing.assert_allclose(level, expected, atol=1e-4)


@pytest.mark.parametrize("variant", ["bad_transport", "bad_clone"])
def test_stuck_means_stuck(variant):
    """No mass reaches the other bump, and E stays above the optimum of what can be felt."""
    solver = solver_of(stuck(variant))
    solver.advance(3.0)
    masses = solver.density() * solver.mesh.volumes
    c = solver.mesh.axes[1].centres
    assert masses[:, (c > 1) & (c < 4)].sum() < 1e-12
    assert solver.state.energy > E_STUCK
    assert solver.energy_rise <= 0


def test_births_from_a_reservoir_escape():
    solver = solver_of(stuck("bad_reservoir", "parameters.a.cells=31", "parameters.c.cells=100"))
    solver.advance(4.0)
    assert solver.state.energy - E_BEST < 0.1
    assert solver.energy_rise <= 0


def test_bumps_have_unit_norm_and_meet_nobody_else():
    model = build_model(stuck("bad_transport"))
    features, c = model.features, np.array([[2.5], [6.0], [9.975], [0.0]])
    np.testing.assert_allclose(features.squares(c), 1, rtol=1e-12)
    values = features(c)
    assert values[0] @ values[1] == 0
    assert values[2] @ values[3] > 0  # around the circle
    x, apart = features.data.x, np.array([[0.2], [-0.3]])
    for shift in apart:
        linear = values + features.slopes(c, x)[..., 0] * shift
        missed = np.abs(features.values(c + shift, x) - linear)
        assert np.all(missed <= features.remainder(c, np.abs(np.broadcast_to(shift, c.shape)), x) + 1e-12)


def test_the_teacher_s_atoms_have_the_energies_that_are_stated():
    """E of the best measure, and of the best one that knows nothing of the first bump."""
    model = build_model(stuck("bad_transport"))
    penalty, values = 0.01, model.features(np.array([[2.5], [6.0]]))
    for known, expected in ((np.array([1.0, 0.8]), E_BEST), (np.array([0.0, 0.8]), E_STUCK)):
        bumps = np.count_nonzero(known)
        a = known.sum() / (1 + 2 * bumps * penalty)
        masses = np.where(known > 0, known - 2 * penalty * a, 0) / a
        assert masses.sum() == pytest.approx(1)
        f = (masses * [a, -a]) @ values
        assert model.risk.loss(f) + 2 * penalty * a**2 == pytest.approx(expected, abs=1e-8)


def test_every_scheme_of_a_density_is_told():
    assert set(BIRTHS) == {"reborn", "clone", *NAMED}
    assert set(UNIT_BIRTHS) == set(NAMED)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scheme": "reservoire"}, "did you mean 'reservoir'"),
        ({"shceme": "clone"}, "did you mean 'scheme'"),
        ({"scheme": "refresh"}, "needs rate > 0"),
        ({"scheme": "reservoir", "rate": 1.0}, "belongs to scheme"),
        ({"scheme": "clone", "a": {"law": "point"}}, "leave out births.a"),
        ({"scheme": "reservoir", "w": {"law": "normal", "sdt": 1.0}}, "dynamics.births.w"),
        ({"scheme": "reservoir", "v": {"law": "point"}}, "is not a free parameter"),
    ],
)
def test_mistakes_are_told(changes, said):
    def read():
        case = small_case(**{"dynamics.birth_death": 1.0, "dynamics.births": changes})
        births_laws(case, build_model(case).parameters)

    with pytest.raises(InputError, match=said):
        read()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model.period": 9.0}, "expected 10, the length of the circle"),
        ({"model.spacing": 3.0}, "at least 12"),
        ({"data.teacher.units": [{"a": 1.0, "d": 2.0}]}, "got 'd'"),
        ({"data.teacher.units": [{"a": 1.0}]}, "c is missing"),
    ],
)
def test_mistakes_with_bumps_are_told(changes, said):
    with pytest.raises(InputError, match=said):
        build_model(stuck("bad_transport").replace(changes))


def test_a_rate_that_changes_in_time_is_a_clock():
    """Without transport alpha(t) is alpha = 1 over the time int alpha dt; E falls all the same."""
    still = {f"parameters.{name}.mobility": 0.0 for name in "awb"}
    coarse = {f"parameters.{name}.cells": 7 for name in "awb"} | {"eulerian.max_step": 0.01}
    found = []
    for rate, until in (("2*exp(-t)", 1.0), (1.0, 2 * (1 - np.exp(-1.0)))):
        case = small_case(**still, **coarse, **{"dynamics.birth_death": rate, "time": until})
        solver = solver_of(case.replace({"eulerian.backend": "numpy"}))
        solver.advance(until)
        found.append(solver.state.energy)
        assert solver.stepper.claim == "energy"
        assert solver.energy_rise <= 0
    assert found[0] == pytest.approx(found[1], rel=1e-5)


def test_units_jump_by_the_rate_of_their_time():
    counts = []
    for rate in ("6*t", 3.0, 0.0001):
        case = stuck("full_transport").replace(
            {"dynamics.birth_death": rate, "time": 0.4, "data.inputs.points": 50, "data.inputs.high": 9.8}
        )
        flow = build_flow(case, build_model(case), Ladder([200], [8], 3))
        flow.advance(0.4)
        counts.append(int(flow.birth_death.killed.sum() + flow.birth_death.cloned.sum()))
    assert counts[2] < 5 < 50 < counts[0] < counts[1]  # V falls in time, so early jumps are more


def test_a_rate_must_be_one():
    case = small_case(**{"dynamics.birth_death": "1 - 2*t"})
    with pytest.raises(InputError, match=r"dynamics.birth_death: '1 - 2\*t' is .* expected a formula in t"):
        solver_of(case)
    case = small_case(**{"dynamics.birth_death": "exp(-t)", "lagrangian.reaction": "weights"})
    with pytest.raises(InputError, match="takes a number"):
        build_flow(case, build_model(case), Ladder([5], [1], 1))


def test_who_has_escaped_by_when(tmp_path):
    """A network that has been below the level has escaped; shares have Wilson's interval."""
    tables = {"time": 0.2, "output.every": 0.1, "lagrangian.units": [5, 9], "lagrangian.replicates": 4}
    small = {f"parameters.{name}.cells": 9 for name in "awb"} | {"eulerian.backend": "numpy"}
    energies = mfpde.run(small_case(**tables, **small), tmp_path / "e.h5").lagrangian(9)["energy"].values
    level = float(np.median(energies[-1]))
    case = small_case(**tables, **small, **{"output.escape": level})
    runs = [mfpde.run(case.replace(title=name), tmp_path / f"{name}.h5") for name in ("one", "two")]
    found = escaped(runs[0], 9, level)
    below = np.array([(energies[: k + 1] < level).any(axis=0).sum() for k in range(len(energies))])
    np.testing.assert_array_equal(found.number, below)
    z, p, n = 1.959964, below / 4, 4
    middle, half = (p + z**2 / (2 * n)), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    np.testing.assert_allclose(found.low, np.maximum((middle - half) / (1 + z**2 / n), 0), atol=1e-6)
    np.testing.assert_allclose(found.high, (middle + half) / (1 + z**2 / n), atol=1e-6)
    figure = escape.draw(runs)
    assert len(figure.axes) == 2
    assert escape.draw([mfpde.open_run(tmp_path / "e.h5")] * 2) is None


@pytest.mark.slow
def test_a_reservoir_frees_the_bad_start_of_the_paper(device):
    """arXiv:1902.01843: half of the energy is below .001 by step 2500 of 0.01; E never rises."""
    coarse = ["parameters.a.cells=97", "parameters.b.cells=128", "dynamics.births.scheme='reservoir'"]
    solver = solver_of(load_case("birth_death", coarse, "bad_births"), device)
    solver.advance(10.0)
    assert solver.state.energy / 2 == pytest.approx(0.0137, rel=0.01)  # the plateau
    solver.advance(25.0)
    assert solver.state.energy / 2 < 1e-3
    assert solver.stepper.claim == "energy"
    assert solver.energy_rise <= 1e-12
