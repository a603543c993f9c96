"""A resumed run equals one that was never stopped, dataset by dataset, bit by bit."""

from functools import partial
from pathlib import Path

import pytest
from conftest import small_case

from mfpde.case.load import case_from_tables
from mfpde.kinds import OPTIMISERS
from mfpde.runs import resume, simulate
from mfpde.runs.loop import Loop
from mfpde.verify.killing import differences


def assert_same(path, other):
    assert differences(path, other) == []


def stop_after(monkeypatch, ticks):
    """Let a run be stopped, as by Ctrl-C, after so many steps of anything."""
    original, left = Loop._watch, [ticks]

    def watch(self, *arguments):
        left[0] -= 1
        self.asked.to_stop = left[0] <= 0
        original(self, *arguments)

    monkeypatch.setattr(Loop, "_watch", watch)
    return left


def potential_case(**changes):
    tables = {
        "time": 1.0,
        "model": {"kind": "potential", "external": "x^2/2 + y^4/4", "interaction": "x^2/4 + exp(-y^2)"},
        "parameters": {
            name: {"domain": [-3, 3], "cells": 14, "initial": {"law": "normal", "std": 0.5}} for name in "xy"
        },
        "lagrangian": {"units": [10, 30], "replicates": 3},
        "output": {"every": 0.25, "fields_every": 0.5},
    }
    return case_from_tables(tables, Path("potential.toml")).replace(changes)


PLANTED = {"kind": "planted", "units": [{"a": 2.0, "w": 1.0}, {"a": -1.0, "w": 0.5}]}
BIRTHS = {"a": {"law": "normal", "std": 0.5, "within": [-3, 3]}}


def descending(optimiser):
    descent = {"steps": [0.05, 0.2], "batches": [0, 5], "units": 20, "replicates": 2}
    return small_case(**{"descent": descent | {"optimiser": optimiser}, "lagrangian.units": []})


KINDS = {
    "transport": small_case,
    "birth-death": lambda: small_case(**{"dynamics.birth_death": 2.0}),
    "births": lambda: small_case(**{"dynamics.birth_death": 2.0, "dynamics.births": BIRTHS}),
    "weights": lambda: small_case(**{"dynamics.birth_death": 2.0, "lagrangian.reaction": "weights"}),
    "noise": lambda: small_case(**{"dynamics.diffusion": 0.05, "dynamics.birth_death": 1.0}),
    "strang": lambda: small_case(**{"dynamics.diffusion": 0.05, "eulerian.diffusion_scheme": "strang"}),
    "entropic": lambda: small_case(
        **{
            "dynamics.diffusion": 0.05,
            "dynamics.birth_death": 1.0,
            "dynamics.reaction": "entropic",
            "lagrangian.units": [],
        }
    ),
    "annealing": lambda: small_case(
        **{
            "model.penalty.lambda": "0.01 + 0.3*exp(-3*t)",
            "dynamics.diffusion": "0.05*exp(-t)",
            "dynamics.birth_death": "1 + t",
            "eulerian.error_estimate": True,
        }
    ),
    "single precision": lambda: small_case(
        **{"eulerian.precision": "float32", "lagrangian.precision": "float32", "dynamics.birth_death": 1.0}
    ),
    "companions": lambda: small_case(**{"eulerian.error_estimate": True}),
    "hand-off": lambda: small_case(
        **{"eulerian.hand_off": True, "dynamics.birth_death": 0.5, "eulerian.error_estimate": True}
    ),
    "common": lambda: small_case(**{"lagrangian.common": True}),
    "potential": potential_case,
    "noisy potential": lambda: potential_case(**{"dynamics.diffusion": 0.1}),
    "stiff noise": lambda: potential_case(
        **{"dynamics.diffusion": 0.1, "model.external": "100*x^2 + y^4/4", "dynamics.birth_death": 3.0}
    ),
    "prediction": lambda: small_case(
        **{"fluctuations": {"predict": True, "rank": 8}, "characteristics.nodes": 216}
    ),
    "weighted prediction": lambda: small_case(
        **{
            "fluctuations": {"predict": True, "rank": 8},
            "characteristics.nodes": 216,
            "dynamics.birth_death": 1.0,
        }
    ),
    "perturbation": lambda: small_case(
        **{
            "fluctuations": {"predict": True, "rank": 4, "method": "perturbation"},
            "characteristics.nodes": 216,
            "lagrangian.units": [],
        }
    ),
    "descent": partial(descending, "gradient"),
    **{f"descent by {name}": partial(descending, name) for name in OPTIMISERS if name != "gradient"},
    "population": lambda: small_case(
        model={"activation": "erf", "bias": False},
        data={"population": "gaussian", "dimension": 1, "teacher": PLANTED},
        parameters={
            name: small_case().model_dump(mode="json", by_alias=True, exclude_none=True)["parameters"][name]
            for name in "aw"
        },
    ),
    "reference": lambda: small_case(
        **{"eulerian.backend": "numpy", "dynamics.birth_death": 1.0, "parameters.b": {"fixed": 0.0}}
    ),
    "fipy": lambda: small_case(
        **{"eulerian.backend": "fipy", "parameters.b": {"fixed": 0.0}, "lagrangian.units": [10]}
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_stopped_and_resumed_run_equals_one_that_was_not_stopped(kind, tmp_path, monkeypatch):
    case = KINDS[kind]()
    assert simulate(case, tmp_path / "whole.h5")
    left = stop_after(monkeypatch, 7)
    stops, finished = 0, simulate(case, tmp_path / "parts.h5")
    while not finished:
        stops += 1
        left[0] = 11 * 10**stops  # in the first interval, in a later one, and to the end
        finished = resume(tmp_path / "parts.h5")
    assert stops >= 1
    assert_same(tmp_path / "whole.h5", tmp_path / "parts.h5")
