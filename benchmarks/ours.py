"""What the benchmarks take from mfpde, with `our_steps`: when its interfaces change, these files do."""

import tempfile
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import mfpde
from benchmarks.timing import Candidate
from mfpde.case import Case, load_case
from mfpde.case.load import case_from_tables, load_variants
from mfpde.case.shipped import list_cases
from mfpde.device.choice import choose_device
from mfpde.device.runtime import Device
from mfpde.device.trust import manners
from mfpde.device.widths import vector_width
from mfpde.errors import InputError
from mfpde.eulerian.build import build_solver
from mfpde.eulerian.numpy_backend import NumpyBackend
from mfpde.figures import style
from mfpde.lagrangian.characteristics import build_characteristics
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.models import build_model

__all__ = [
    "Case", "Device", "Stage", "Units", "case_from_tables", "choose_device", "load_case", "particle_gradient",
    "potential_product", "InputError", "run_seconds", "shipped_cases", "solve_characteristics",
    "solve_density", "solve_units", "style", "transport_stage", "vector_width", "manners",
    "whole_run",
]  # fmt: skip


class Stage:
    """One transport stage of a case, rho + dt d rho/dt with V = a h(z) + penalty_a(a) + penalty_z(z) given,
    as arrays in float64.

    Arguments:
        rho: density to start from; if None, half the initial law and half the uniform one, so that no cell is
            empty.
    """

    def __init__(self, case: Case, rho: np.ndarray | None = None):
        self.model = build_model(case)
        plain = case.replace({"eulerian.backend": "numpy", "eulerian.precision": "float64"})
        solver = build_solver(plain, self.model)
        backend = solver.stepper.backend
        self.mesh, self.arrays = solver.mesh, backend.model
        self.initial = solver.density()
        self.rho = (self.initial + 1 / self.mesh.volumes.sum()) / 2 if rho is None else rho
        self.source = solver.stepper.energy.source(solver.state.moments.linear)
        potential = backend.potential(self.source)
        self.v = potential.values
        self.amplitude, self.penalty_a = self.arrays.amplitude, self.arrays.penalty_a
        self.penalty_z = self.arrays.penalty_z.reshape(self.mesh.shape[1:])
        self.h = (self.v[-1] - self.penalty_a[-1] - self.penalty_z) / self.amplitude[-1]
        self.widths = [float(axis.widths[0]) for axis in self.mesh.axes]
        self.dt = 0.45 / backend.rate(self.rho, potential).courant

    def reference(self, scheme: str = "fromm") -> np.ndarray:
        """The density after the stage, by the backend that is made to be read."""
        backend = NumpyBackend(self.mesh, self.arrays, scheme, "float64")
        return self.rho + self.dt * backend.rate(self.rho, backend.potential(self.source)).field


def transport_stage(case: Case, stage: Stage, precision: str, device: Device) -> list[Candidate]:
    """The stage on a device, with what a step must know: largest speed, dissipation, smallest density.

    A step has two stages. The second is one operation of the backend, (x + y + dt rate(y)) / 2, here with x =
    y and twice dt; the first is two, since its rate sets the step.
    """
    settings = {"eulerian.precision": precision, "lagrangian.units": [], "lagrangian.replicates": 1}
    solver = build_solver(case.replace(settings), stage.model, device)
    backend = solver.stepper.backend
    field, potential = backend.upload(stage.rho), backend.potential(stage.source)

    def second() -> Any:
        made = backend.stage(field, field, potential, 2 * stage.dt)
        backend.buffers.queue.finish()
        return made.field

    def first() -> Any:
        rate = backend.rate(field, potential)
        after, _ = backend.combine(0.0, field, 1.0, field, stage.dt, rate.field)
        backend.buffers.queue.finish()
        return after

    return [
        Candidate("mfpde", precision, second, lambda: backend.download(second()), stage.rho.size),
        Candidate("mfpde, rate first", precision, first, lambda: backend.download(first()), stage.rho.size),
    ]


def potential_product(case: Case, precision: str, device: Device) -> tuple[Candidate, np.ndarray]:
    """h on the cells of z, found from the moments as in a step; and the dense matrix of the features."""
    model = build_model(case)
    solver = build_solver(case.replace({"eulerian.precision": precision}), model, device)
    backend, source = solver.stepper.backend, solver.stepper.energy.source(solver.state.moments.linear)
    matrix = model.on_mesh(solver.mesh).coupling.matrix

    def run() -> None:
        backend.potential(source)
        backend.buffers.queue.finish()

    return Candidate("mfpde", precision, run, None, matrix.size), matrix


class Units:
    """A network of n units as arrays: parameters (a, w, b), data (x, y), weights of the data."""

    def __init__(self, case: Case, units: int):
        self.case = case.replace({"lagrangian.units": [units], "lagrangian.replicates": 1})
        self.model = build_model(self.case)
        self.ladder = Ladder([units], [1], 1)
        self.state = self.ladder.initial_state(self.model.parameters)
        self.a, self.w, self.b = self.state[0], self.state[1:-2], self.state[-2]
        self.x, self.y, self.weights = self.model.data.x, self.model.data.y, self.model.data.weights
        self.penalty = self.model.penalty.spec.strength  #: lambda of lambda a^2

    @cached_property
    def reference(self) -> np.ndarray:
        """-grad V of every unit (components, n), by the backend that is made to be read."""
        flow = build_flow(self.case.replace({"eulerian.backend": "numpy"}), self.model, self.ladder)
        return flow.backend.velocity(flow.backend.upload(self.state))[:-1]


def particle_gradient(units: Units, precision: str, device: Device) -> Candidate:
    """-grad V of all units on a device."""
    backend = build_flow(
        units.case.replace({"lagrangian.precision": precision}), units.model, units.ladder, device
    ).backend
    state = backend.upload(units.state)

    def run() -> Any:
        rate = backend.velocity(state)
        backend.buffers.queue.finish()
        return rate

    return Candidate(
        "mfpde", precision, run, lambda: backend.download(run())[:-1], units.a.size * units.y.size
    )


def shipped_cases() -> dict[str, Case]:
    """The cases that come with mfpde, without those that verify it; variants follow their case."""
    names = [listed["name"] for listed in list_cases() if listed["kind"] == "example"]
    return {
        f"{name} {variant}".strip(): case for name in names for variant, case in load_variants(name).items()
    }


def run_seconds(case: Case, device: str | None) -> float:
    """Seconds of a run from the case to the file, as `mfpde run` does it."""
    with tempfile.TemporaryDirectory() as folder:
        start = perf_counter()
        run = mfpde.run(case, Path(folder) / "run.h5", device=device)
        seconds = perf_counter() - start
        run.close()
    return seconds


def whole_run(case: Case, device: str | None) -> dict[str, float]:
    """A run from the case to the file: seconds in all, and those of the density alone."""
    seconds = run_seconds(case, device)
    solver = build_solver(case, build_model(case), choose_device(device))
    start = perf_counter()
    solver.advance(case.time)
    return {
        "seconds": seconds,
        "density_seconds": perf_counter() - start,
        "steps": solver.steps,
        "cells": float(np.prod(solver.mesh.shape)),
    }


def solve_density(case: Case, device: Device) -> tuple[float, np.ndarray]:
    """Seconds to advance the density to the end of the case, and f at the data then."""
    model = build_model(case)
    solver = build_solver(case, model, device)
    start = perf_counter()
    solver.advance(case.time)
    seconds = perf_counter() - start
    return seconds, solver.stepper.energy.prediction(solver.state.moments.linear)


def solve_units(case: Case, units: int, seed: int, device: Device) -> tuple[float, np.ndarray]:
    """The same for a network of so many random units."""
    model = build_model(case)
    flow = build_flow(case, model, Ladder([units], [1], seed), device)
    return _advance(flow, case.time)


def solve_characteristics(
    case: Case, nodes: int, tolerance: float, device: Device
) -> tuple[float, np.ndarray]:
    """The same for quadrature nodes of the initial law."""
    flow = build_characteristics(case, build_model(case), nodes, device, tolerance=tolerance)
    return _advance(flow, case.time)


def _advance(flow: Any, until: float) -> tuple[float, np.ndarray]:
    start = perf_counter()
    flow.advance(until)
    seconds = perf_counter() - start
    return seconds, flow.backend.predictions(flow.state)[0]
