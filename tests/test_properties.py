"""What holds for every potential, law and mesh: conservation, positivity, decay, symmetries, agreement of
backends.
"""

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mfpde.case.load import case_from_tables
from mfpde.eulerian.build import build_solver
from mfpde.kinds import LIMITERS
from mfpde.models import build_model

NUMBERS = st.floats(-2, 2).map(lambda v: round(v, 3))
PAIRS = st.sampled_from([None, "x^2/2 + y^2", "exp(-x^2 - y^2)", "-cos(x)*cos(y)", "abs(x) + abs(y)"])


@st.composite
def axes(draw):
    low, width = draw(st.floats(-4, -2)), draw(st.floats(4, 7))
    stretch = draw(st.sampled_from([0.0, 0.0, 2.0, 4.0]))
    law = draw(st.sampled_from(["normal", "uniform"]))
    inside = [low + 0.2 * width, low + 0.7 * width]
    initial = {"law": "uniform", "low": inside[0], "high": inside[1]}
    if law == "normal":
        initial = {
            "law": "normal",
            "mean": low + draw(st.floats(0.3, 0.6)) * width,
            "std": 0.15 * width,
            "within": inside,
        }
    return {
        "domain": [low, low + width],
        "cells": draw(st.integers(5, 14)),
        "initial": initial,
        "mobility": draw(st.sampled_from([1.0, 1.0, 0.3])),
    } | ({"stretch": stretch} if stretch else {})


@st.composite
def problems(draw):
    a, b, c, d = (draw(NUMBERS) for _ in range(4))
    return {
        "time": 0.3,
        "model": (
            {"kind": "potential", "external": f"{a}*x^2 + {b}*x*y + {c}*sin(2*y) + {d}*cos(x)"}
            | ({"interaction": pair} if (pair := draw(PAIRS)) else {})
        ),
        "parameters": {"x": draw(axes()), "y": draw(axes())},
        "dynamics": {"birth_death": draw(st.sampled_from([0.0, 1.0, 4.0]))},
        "eulerian": {
            "backend": "numpy",
            "scheme": draw(st.sampled_from(list(LIMITERS))),
        },
        "lagrangian": {"units": []},
    }


def solved(tables, device=None):
    case = case_from_tables(tables, Path("random.toml"))
    solver = build_solver(case, build_model(case), device)
    solver.advance(case.time)
    return solver


@settings(max_examples=40)
@given(problems())
def test_mass_positivity_and_decay(tables):
    solver = solved(tables)
    assert solver.mass_drift <= 1e-12
    assert solver.least == 0
    assert solver.energy_rise <= solver.stepper.rounding


@settings(max_examples=25)
@given(
    problems(),
    st.floats(0.02, 1.0),
    st.sampled_from(["scharfetter_gummel", "strang"]),
    st.sampled_from(["plain", "entropic"]),
)
def test_diffusion_keeps_mass_and_sign_and_what_it_claims(tables, tau, scheme, reaction):
    dynamics = tables["dynamics"] | {"diffusion": tau}
    if dynamics["birth_death"]:
        dynamics["reaction"] = reaction
    solver = solved(
        tables
        | {
            "dynamics": dynamics,
            "eulerian": tables["eulerian"] | {"diffusion_scheme": scheme},
            "time": 0.1,
        }
    )
    assert solver.mass_drift <= 1e-12
    assert solver.density().min() >= 0
    if solver.stepper.claim == "free energy":
        assert solver.energy_rise <= solver.stepper.rounding


@settings(max_examples=25)
@given(problems())
def test_exchanged_axes_give_the_transposed_density(tables):
    """The mesh treats all axes alike: exchanging x and y in formulas and parameters transposes the
    solution.
    """
    density = solved(tables).density()
    exchange = str.maketrans("xy", "yx")
    formulas = {
        key: text.replace("exp", "E").translate(exchange).replace("E", "exp")
        for key, text in tables["model"].items()
        if key != "kind"
    }
    model = {"kind": "potential"} | formulas
    swapped = tables | {
        "model": model,
        "parameters": {"x": tables["parameters"]["y"], "y": tables["parameters"]["x"]},
    }
    np.testing.assert_allclose(solved(swapped).density().T, density, rtol=0, atol=1e-12 * density.max())


@settings(max_examples=25)
@given(problems())
def test_a_reflected_problem_has_the_reflected_density(tables):
    density = solved(tables).density()
    x = tables["parameters"]["x"]
    low, high = x["domain"]
    initial = dict(x["initial"])
    if initial["law"] == "uniform":
        initial |= {"low": -x["initial"]["high"], "high": -x["initial"]["low"]}
    else:
        initial |= {"mean": -initial["mean"], "within": [-v for v in reversed(initial["within"])]}
    mirrored = x | {"domain": [-high, -low], "initial": initial}
    # x occurs evenly elsewhere
    model = tables["model"] | {"external": tables["model"]["external"].replace("x*y", "(-x)*y")}
    reflected = solved(
        tables | {"model": model, "parameters": {"x": mirrored, "y": tables["parameters"]["y"]}}
    ).density()
    np.testing.assert_allclose(reflected[::-1], density, rtol=0, atol=1e-11 * density.max())


@settings(max_examples=6)
@given(problems(), st.sampled_from([0.0, 0.3]))
def test_backends_agree(device, tables, tau):
    tables = tables | {"dynamics": tables["dynamics"] | {"diffusion": tau}}
    ours = solved(tables | {"eulerian": tables["eulerian"] | {"backend": "opencl"}}, device).density()
    reference = solved(tables).density()
    np.testing.assert_allclose(ours, reference, rtol=0, atol=1e-11 * reference.max())
