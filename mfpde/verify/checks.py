"""The checks, in order: kernels, conservation, a killed run that is resumed, installed readers."""

import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mfpde.arithmetic import usual_arithmetic
from mfpde.case import Case
from mfpde.case.load import case_from_tables
from mfpde.certificates.dual import lower_bound
from mfpde.certificates.oracle import build_oracle
from mfpde.device.choice import NUMPY, Choice, choose, devices_here, examined
from mfpde.device.needs import USUAL
from mfpde.errors import InputError
from mfpde.eulerian.build import build_solver
from mfpde.eulerian.solver import Solver
from mfpde.lagrangian.fluctuations import build_fluctuations
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.metrics.views.prediction import PredictionView
from mfpde.models import build_model
from mfpde.models.kinds import as_network
from mfpde.optima.optimum import find_optimum
from mfpde.verify.killing import kill_and_resume
from mfpde.verify.readers import READERS, read_back

#: small, and yet with everything that moves a measure: walls, a penalty, births and deaths, networks
CASE = """
title = "mfpde verify"
time = 1.0
[model]
penalty = { lambda = 0.01, power = 2 }
[data]
teacher = "sin(1.5*x0)"
inputs = { law = "grid", low = -2, high = 2, points = 20 }
[parameters.a]
domain = [-4, 4]
cells = 17
initial = { law = "normal", within = [-3, 3] }
[parameters.w]
domain = [-4, 4]
cells = 16
initial = { law = "normal", within = [-3, 3] }
[parameters.b]
domain = [-4, 4]
cells = 13
initial = { law = "normal", within = [-3, 3] }
[dynamics]
birth_death = 1.0
[eulerian]
max_step = 0.05
[lagrangian]
units = [20, 60]
replicates = 3
[output]
every = 0.05
fields_every = 0.25
checkpoint_every = 0.02
"""
#: by what they may differ, relative to the largest number, after twenty steps
ROUNDING = {"float64": 1e-12, "float32": 2e-5}


@dataclass(frozen=True)
class Check:
    """One check and what came out."""

    name: str
    passed: bool
    found: str  #: what was measured, for people
    seconds: float = 0.0


@usual_arithmetic
def verify(device: str | None = None, folder: Path = Path()) -> dict[str, Any]:
    """Run all checks.

    Arguments:
        device: number or part of the name of an OpenCL device; the default one if None.
        folder: where runs will write; its file system is checked too.
    Returns:
        "device", "checks" (name, passed, found, seconds) and "passed".
    Raises:
        InputError: no such device, or the folder cannot be written to.
    """
    choice, checks = choose("auto", device), []
    chosen = choice.device
    try:
        scratch = tempfile.TemporaryDirectory(prefix="mfpde-verify-", dir=folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written to: {error.strerror}") from None
    with scratch as name:
        for work in (
            _probes(choice),
            _kernels(chosen),
            _conservation(chosen),
            _optimum(chosen),
            _runs(Path(name), chosen.name if chosen else NUMPY),
        ):
            begun = time.perf_counter()
            for check in work:
                now = time.perf_counter()
                checks.append(Check(check.name, check.passed, check.found, now - begun))
                begun = now
    return {
        "device": chosen.describe() if chosen else {"name": "NumPy"},
        "checks": [asdict(check) for check in checks],
        "passed": all(check.passed for check in checks),
    }


def case(**changes: Any) -> Case:
    """The small case, with dotted keys changed."""
    found = case_from_tables(tomllib.loads(CASE), Path("verify.toml"), CASE)
    return found.replace(changes) if changes else found


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.max(np.abs(one - other)) / max(np.max(np.abs(other)), np.finfo(float).tiny))


def _within(name: str, found: float, bound: float) -> Check:
    return Check(name, bool(found <= bound), f"{found:.1e} (at most {bound:.0e})")


def _solver(changed: Case, device) -> Solver:
    solver = build_solver(changed, build_model(changed), device)
    solver.advance(1.0)
    return solver


def _probes(choice: Choice) -> Iterator[Check]:
    """Kernels compiled in one process and loaded from the driver's cache in another; and other devices."""
    for note in choice.notes:
        yield Check("OpenCL devices", True, note)
    if choice.device is not None:
        from mfpde.device.runtime import Manner

        devices, _ = devices_here()
        verdict = examined(choice.device.built(Manner()), devices, USUAL, None, anew=True)
        same = verdict.sound is not None and verdict.sound.manner == choice.device.manner
        yield Check(
            "kernels in two other processes, compiled and loaded again",
            same,
            verdict.problem or f"as here, with {choice.device.form}",
        )


def _kernels(device) -> Iterator[Check]:
    if device is None:  # the reference itself
        return
    kinds: dict[str, dict[str, Any]] = {
        "transport and birth-death": {},
        "diffusion": {"dynamics.diffusion": 0.05, "dynamics.birth_death": 0.0},
    }
    for kind, changes in kinds.items():
        for precision, bound in ROUNDING.items():
            changed = case(**changes, **{"eulerian.precision": precision})
            found, reference = (_solver(changed, where).density() for where in (device, None))
            yield _within(
                f"density against the reference: {kind}, {precision}", _apart(found, reference), bound
            )
    both = []
    for where in (device, None):
        flow = build_flow(case(), build_model(case()), Ladder([60], [3], 1), where)
        both.append(
            np.concatenate(
                [flow.backend.predictions(flow.state).ravel(), flow.backend.download(flow.rate).ravel()]
            )
        )
    yield _within("networks against the reference: f, V and velocities", _apart(*both), ROUNDING["float64"])
    predicted = []
    changed = case(**{"fluctuations": {"predict": True, "rank": 8}, "characteristics.nodes": 216})
    for where in (device, None):
        fluctuations = build_fluctuations(changed, build_model(changed), where)
        assert fluctuations is not None
        fluctuations.advance(0.5)
        predicted.append(np.array([PredictionView(fluctuations).predicted]))
    yield _within("predicted fluctuations against the reference", _apart(*predicted), 1e-6)


def _conservation(device) -> Iterator[Check]:
    solver = _solver(case(), device)
    yield _within("mass stays 1", solver.mass_drift, 1e-12)
    least = float(solver.density().min())
    yield Check(
        "density stays positive", least >= 0 and solver.least >= 0, f"smallest {min(least, solver.least):.0e}"
    )
    yield _within("energy never rises", solver.energy_rise, float(solver.stepper.rounding))


def _optimum(device) -> Iterator[Check]:
    """The least energy of ReLU units, found and proven, and what a density's certificate says of it."""
    changed = case(**{"model.activation": "relu"})
    network = as_network(build_model(changed))
    assert network is not None
    optimum, solver = find_optimum(network), _solver(changed, device)
    yield _within("optimum of a network, proven", optimum.gap, 1e-10)
    bound = lower_bound(network, build_oracle(network), solver.prediction, solver.state.energy)
    excess, gap = solver.state.energy - optimum.energy, solver.state.energy - bound.value
    yield Check("certified gap holds", bound.proven and gap >= excess, f"{excess:.3g} is at most {gap:.3g}")


def _runs(folder: Path, device: str) -> Iterator[Check]:
    finished, killed = yield from kill_and_resume(case(), folder, device, Check)
    if finished is None or killed is None:
        return
    for reader in READERS:
        problem = read_back(reader, finished)
        if problem is None:
            yield Check(f"file opens in {reader}", True, "read back exactly")
        elif problem == "":
            yield Check(f"file opens in {reader}", True, "not installed, not checked")
        else:
            yield Check(f"file opens in {reader}", False, problem)
