"""Laws that reach across the ends of a circle are wound around it: densities, units, nodes and births
alike.
"""

import math
from pathlib import Path

import numpy as np
import pytest

import mfpde
from mfpde.case.load import case_from_tables
from mfpde.errors import InputError
from mfpde.lagrangian.characteristics import build_characteristics
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.measures.cells import cell_masses, exact_masses
from mfpde.models import build_model
from mfpde.models.births import births_laws

TURN = 2 * math.pi
LAWS = {
    "normal": {"law": "normal", "mean": 0.0, "std": 0.5},
    "wide normal": {"law": "normal", "mean": -1.0, "std": 4.0},
    "cut normal": {"law": "normal", "mean": 0.2, "std": 0.5, "within": [-0.4, 1.0]},
    "uniform": {"law": "uniform", "low": -1.0, "high": 0.5},
    "uniform by more than a turn": {"law": "uniform", "low": -1.0, "high": 7.0},
    "point": {"law": "point", "at": -0.3},
    "wrapped Cauchy": {"law": "wrapped_cauchy", "mean": 0.1, "r": 0.6},
}


def case(law, centre=0.0, low=0.0, **changes):
    """A pendulum with pairs, on a circle that begins at `low`, with its bottom at `centre`."""
    tables = {
        "time": 0.2,
        "model": {"kind": "potential", "external": f"-cos(s - {centre!r})", "interaction": "-cos(s)"},
        "parameters": {"s": {"domain": [low, low + TURN], "cells": 48, "periodic": True, "initial": law}},
        "eulerian": {"backend": "numpy"},
        "output": {"every": 0.1, "fields_every": 0.1},
    }
    return case_from_tables(tables | changes, Path("circle.toml"))


def shifted(law, shift):
    """The same law elsewhere."""
    places = {"mean", "at", "low", "high"}
    moved = {key: value + shift if key in places else value for key, value in law.items()}
    return moved | ({"within": [bound + shift for bound in law["within"]]} if "within" in law else {})


def law_of(name):
    return case(LAWS[name]).parameters["s"].initial.build()


@pytest.mark.parametrize("name", LAWS)
def test_the_density_is_the_wrapped_law(name):
    axis = build_model(case(LAWS[name])).parameters.mesh().axes[0]
    law, faces = law_of(name), axis.faces
    exact, masses = exact_masses(axis, law, faces), cell_masses(axis, law)
    turns = range(-9, 10) if name != "wrapped Cauchy" else [0]  # whose distribution function winds by itself
    wound = sum(law.cdf(faces[1:] + TURN * k) - law.cdf(faces[:-1] + TURN * k) for k in turns)
    np.testing.assert_allclose(exact, wound, atol=1e-12)
    assert masses.sum() == pytest.approx(1, abs=1e-12)
    found, wanted = masses @ np.exp(1j * axis.centres), law.resultant(TURN)
    assert abs(found - wanted) < 2e-3
    if abs(wanted) > 1e-9:
        assert np.angle(found / wanted) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", LAWS)
def test_units_lie_on_the_circle_and_have_the_moments_of_the_law(name):
    parameters = build_model(case(LAWS[name])).parameters
    units = Ladder([20_000], [1], 3).initial_state(parameters)[0]
    assert np.all((units >= 0) & (units < TURN))
    assert np.mean(np.exp(1j * units)) == pytest.approx(
        law_of(name).resultant(TURN), abs=4 / math.sqrt(20_000)
    )


@pytest.mark.parametrize("rule", ["trapezoid", "sobol"])
@pytest.mark.parametrize("name", LAWS)
def test_nodes_lie_on_the_circle_and_have_the_moments_of_the_law(name, rule):
    spec = case(LAWS[name])
    flow = build_characteristics(spec, build_model(spec), 2048, rule=rule)
    nodes, weights = flow.backend.download(flow.state)[0], flow.backend.weights(flow.state)
    assert np.all((nodes >= 0) & (nodes < TURN))
    assert weights @ np.exp(1j * nodes) == pytest.approx(law_of(name).resultant(TURN), abs=2e-3)


@pytest.mark.parametrize("name", LAWS)
def test_births_are_wound_too(name):
    """Units that are reborn lie on the circle as soon as they are born, and where the density's
    births are.
    """
    spec = case(
        {"law": "normal", "mean": math.pi, "std": 0.3},
        dynamics={"birth_death": 1.0, "births": {"s": LAWS[name]}},
        lagrangian={"units": [5], "replicates": 1},
    )
    model = build_model(spec)
    parameters = model.parameters
    (law,) = births_laws(spec, parameters)
    ((_, draw),) = build_flow(spec, model, Ladder([5], [1], 0)).birth_death.births
    reborn = draw(np.random.default_rng(0).random(20_000))
    assert np.all((reborn >= 0) & (reborn < TURN))
    assert np.mean(np.exp(1j * reborn)) == pytest.approx(law.resultant(TURN), abs=4 / math.sqrt(20_000))
    density = parameters.mesh().average_density([law])
    axis = parameters.mesh().axes[0]
    if abs(law.resultant(TURN)) > 1e-9:
        assert np.angle(
            (density * axis.widths) @ np.exp(1j * axis.centres) / law.resultant(TURN)
        ) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("place", [{"domain": [0, 3.0], "periodic": True}, {"domain": [-9, 9]}, {}])
def test_births_of_a_law_of_another_circle_are_refused(place):
    spec = case(
        {"law": "point", "at": 1.0}, dynamics={"birth_death": 1.0, "births": {"s": LAWS["wrapped Cauchy"]}}
    )
    spec = spec.replace(
        {"model.external": "1", "parameters": {"s": place | {"initial": {"law": "point", "at": 1.0}}}}
    )
    with pytest.raises(
        InputError,
        match=r"dynamics\.births\.s: a wrapped Cauchy law needs periodic = true and a domain of length 2 pi",
    ):
        births_laws(spec, build_model(spec).parameters)


def test_units_that_are_reborn_across_the_seam_are_stored_on_the_circle(tmp_path):
    spec = case(
        {"law": "normal", "mean": math.pi, "std": 1.5},
        dynamics={"birth_death": 10.0, "births": {"s": LAWS["normal"]}},
        lagrangian={"units": [200], "replicates": 1, "reaction": "birth_death"},
    )
    run = mfpde.run(spec, tmp_path / "a.h5")
    units = run.lagrangian(200)["particles"].values
    assert run.lagrangian(200)["killed"].values.max() > 20
    assert np.all((units >= 0) & (units < TURN))
    run.close()


@pytest.mark.parametrize("name", ["normal", "cut normal", "uniform"])
def test_rotated_problems_have_rotated_answers(name, tmp_path):
    shift, runs = TURN / 2, []
    for k, moved in enumerate((0.0, shift)):
        given = {"lagrangian": {"units": [20], "replicates": 2}, "characteristics": {"nodes": 64}}
        runs.append(mfpde.run(case(shifted(LAWS[name], moved), moved, **given), tmp_path / f"{k}.h5"))
    across, plain = runs
    np.testing.assert_allclose(np.roll(across.mu.values, 24, axis=1), plain.mu.values, rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(across.lagrangian(20)["energy"], plain.lagrangian(20)["energy"], rtol=1e-7)
    nodes = [run.group("characteristics") for run in runs]
    np.testing.assert_allclose(nodes[0]["energy"], nodes[1]["energy"], rtol=1e-7)
    np.testing.assert_allclose(nodes[0]["resultant"], nodes[1]["resultant"], rtol=1e-7)
    for run in runs:
        run.close()
