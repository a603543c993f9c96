"""Mirrored, turned, shifted, rescaled and permuted problems have mirrored, turned, shifted, rescaled and
permuted answers.
"""

from pathlib import Path

import numpy as np
import pytest

from mfpde.case.load import case_from_tables
from mfpde.eulerian.build import build_solver
from mfpde.models import build_model

PI = 3.141592653589793
DYNAMICS = {
    "transport": {},
    "reaction": {"birth_death": 1.5},
    "langevin": {"diffusion": 0.3},
    "entropic": {"diffusion": 0.3, "birth_death": 1.0, "reaction": "entropic"},
}
LAWS = {
    "normal": lambda shift, sign, scale: {
        "law": "normal",
        "mean": sign * scale * 0.4 + shift,
        "std": 0.5 * scale,
    },
    "uniform": lambda shift, sign, scale: {
        "law": "uniform",
        "low": min(-0.9 * sign, 1.3 * sign) * scale + shift,
        "high": max(-0.9 * sign, 1.3 * sign) * scale + shift,
    },
    "narrow": lambda shift, sign, scale: {
        "law": "normal",
        "mean": sign * scale * 0.37 + shift,
        "std": 0.01 * scale,
    },
}


def solved(model, parameters, dynamics, time=0.4, **eulerian):
    tables = {
        "time": time,
        "model": {"kind": "potential", **model},
        "parameters": parameters,
        "dynamics": dynamics,
        "eulerian": {"backend": "numpy", **eulerian},
        "lagrangian": {"units": []},
    }
    case = case_from_tables(tables, Path("symmetry.toml"))
    solver = build_solver(case, build_model(case))
    solver.advance(time)
    return solver


def line(law, shift=0.0, sign=1, scale=1.0, cells=24, **more):
    domain = [-4 * scale + shift, 4 * scale + shift]
    return {"domain": domain, "cells": cells, "initial": LAWS[law](shift, sign, scale), **more}


def close(one, other, of=1e-10):
    np.testing.assert_allclose(one, other, rtol=of, atol=of * np.abs(other).max())


@pytest.mark.parametrize("dynamics", DYNAMICS)
@pytest.mark.parametrize("law", LAWS)
def test_mirrored(law, dynamics):
    model = {sign: {"external": f"x^4/8 + ({sign})*x/2", "interaction": "cosh(x/2)"} for sign in (1, -1)}
    runs = [
        solved(model[sign], {"x": line(law, sign=sign)}, DYNAMICS[dynamics], scheme="mc") for sign in (1, -1)
    ]
    close(runs[0].density(), runs[1].density()[::-1])
    assert runs[0].state.energy == pytest.approx(runs[1].state.energy, rel=1e-10)


@pytest.mark.parametrize("dynamics", DYNAMICS)
def test_shifted(dynamics):
    runs = [
        solved(
            {"external": f"(x - ({c}))^4/8", "interaction": "x^2/2"},
            {"x": line("normal", shift=c)},
            DYNAMICS[dynamics],
        )
        for c in (0.0, 10.0)
    ]
    close(runs[1].density(), runs[0].density(), 1e-8)  # positions at 10 are rounded more


@pytest.mark.parametrize("dynamics", DYNAMICS)
def test_turned_by_whole_cells(dynamics):
    cells, moved = 18, 5
    runs = []
    for angle in (0.0, 2 * PI * moved / cells):
        law = {"law": "wrapped_cauchy", "mean": 0.3 + angle, "r": 0.5}
        circle = {"domain": [-PI, PI], "cells": cells, "periodic": True, "initial": law}
        runs.append(
            solved(
                {"external": f"cos(2*(s - {angle}))", "interaction": "-cos(s)"},
                {"s": circle},
                DYNAMICS[dynamics],
            )
        )
    close(np.roll(runs[0].density(), moved), runs[1].density())


@pytest.mark.parametrize("scale", [1e-5, 1e6])
@pytest.mark.parametrize("dynamics", DYNAMICS)
def test_rescaled(dynamics, scale):
    """theta = scale x, with V(theta) = scale^2 V(x): velocities scale as lengths, and reactions are slowed by
    scale^2.
    """
    rates = {"diffusion": scale**2, "birth_death": scale**-2}
    there = {
        key: value * rates.get(key, 1) if key in rates else value for key, value in DYNAMICS[dynamics].items()
    }
    here = solved({"external": "x^4/8", "interaction": "x^2/2"}, {"x": line("normal")}, DYNAMICS[dynamics])
    model = {"external": f"{scale**2} * (x/{scale})^4/8", "interaction": f"{scale**2} * (x/{scale})^2/2"}
    scaled = solved(model, {"x": line("normal", scale=scale)}, there)
    close(scaled.density() * scale, here.density(), 1e-8)


@pytest.mark.parametrize("dynamics", DYNAMICS)
def test_permuted(dynamics):
    axes = {"x": line("normal", cells=12), "y": line("uniform", cells=10, mobility=0.7)}
    model = {"external": "x^4/8 + x*y/2 + y^2/2", "interaction": "(x^2 + y^2)/4"}
    one, other = (
        solved(model, {name: axes[name] for name in order}, DYNAMICS[dynamics], time=0.2)
        for order in ("xy", "yx")
    )
    # sweeps go from axis to axis, which errs like steps do
    close(one.density(), other.density().T, 2e-4 if "diffusion" in DYNAMICS[dynamics] else 1e-10)
