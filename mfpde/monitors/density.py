"""What must hold of a density: little of it at walls, peaks that the mesh resolves, the balance of energy."""

from typing import Any

from mfpde.case import Case
from mfpde.eulerian.solver import Solver
from mfpde.measures.cells import missed_mean
from mfpde.metrics.resolution import MIN_CELLS
from mfpde.models.births import births_laws
from mfpde.monitors.causes import remedy
from mfpde.monitors.health import WALL_MASS, Health

#: share of the energy lost so far by which the dissipation identity may be missed
BALANCE = 0.05


def check_density(health: Health, case: Case, solver: Solver, time: float) -> None:
    """Note what does not hold at an output."""
    if health.initial_energy is None:
        _check_start(health, case, solver)
    _check_walls(health, solver, time)
    _check_resolution(health, solver, time)
    _check_balance(health, solver, time)


def _check_start(health: Health, case: Case, solver: Solver) -> None:
    """Laws that the mesh cannot hold as they are."""
    components = solver.model.parameters.free
    given = [
        ("initial", [c.law for c in components]),
        ("births'", births_laws(case, solver.model.parameters) or []),
    ]
    for kind, laws in given:
        for axis, law in zip(solver.mesh.axes, laws, strict=False):
            if missed := missed_mean(axis, law):
                health.warn(
                    f"{kind} mean {axis.name}",
                    f"the {kind} {law.describe()} of {axis.name} has its mean, {law.first_moment:g},"
                    " nearer to a wall than the centre of the outermost cell, where the density puts it,"
                    f" off by {missed:.1e}; use more parameters.{axis.name}.cells, or widen the domain",
                )


def _check_walls(health: Health, solver: Solver, time: float) -> None:
    for name, mass in solver.wall_mass.items():
        if mass > WALL_MASS:
            health.warn(
                f"wall {name}",
                f"at time {time:g} a mass of {mass:.1e} lies in the outermost cells of {name}: the wall"
                f" matters; {remedy(solver.model, name)}",
            )


def _check_resolution(health: Health, solver: Solver, time: float) -> None:
    narrow = min(solver.blobs, key=lambda name: solver.blobs[name])
    if solver.carrier is not None:
        health.hand_off_time = solver.carrier.since
        health.warn(
            "hand-off",
            f"at time {solver.carrier.since:g} a blob was narrower than three cells: points carry the"
            " density on, mu shows their masses in cells",
        )
    elif solver.blobs[narrow] < MIN_CELLS and health.resolution_time is None:
        health.resolution_time = time
        width = float(next(axis.widths.max() for axis in solver.mesh.axes if axis.name == narrow))
        health.warn(
            "resolution",
            (
                f"at time 0 the density is narrower in {narrow} than {MIN_CELLS:g} cells: its mean is"
                f" that of its law, its second moment up to {width**2 / 4:.1e} (a quarter of a cell"
                f" squared) too large, and W1 is known to a cell; use more parameters.{narrow}.cells"
                if time == 0
                else (
                    f"at time {time:g} the density has a blob in {narrow} narrower than {MIN_CELLS:g}"
                    " cells: from now on trust weak quantities (f, energy, W1) rather than the density;"
                    f" more parameters.{narrow}.cells postpone this"
                )
            ),
        )


def _check_balance(health: Health, solver: Solver, time: float) -> None:
    if health.initial_energy is None:
        health.initial_energy = solver.state.energy
    lost = health.initial_energy - solver.state.energy
    if (
        solver.stepper.claim == "energy"
        and solver.carrier is None
        and lost > 1e-6
        and abs(lost - solver.dissipated) > BALANCE * lost
    ):
        health.warn(
            "balance",
            f"at time {time:g} the energy lost ({lost:.3g}) and the energy dissipated"
            f" ({solver.dissipated:.3g}) differ by more than {BALANCE:.0%}: reduce eulerian.max_step or"
            " use more cells",
        )


def summary_of(solver: Solver) -> dict[str, Any]:
    """Steps, what limited them, and invariants, for the health that is stored in the file."""
    summary: dict[str, Any] = {
        "steps": solver.steps,
        "steps_by_limit": dict(solver.limits),
        "redone": solver.redone,
        "mass_drift": solver.mass_drift,
        "mass_corrections": solver.corrections,
        "mass_corrected": solver.corrected,
        "minimum_density": solver.least,
        "largest_energy_rise": solver.energy_rise,
        "dissipated_energy": solver.dissipated,
        "decreasing_by_proof": solver.stepper.claim,
    }
    diffusion = solver.stepper.diffusion
    if diffusion is not None:
        scheme = "scharfetter_gummel" if diffusion.together else "strang"
        summary |= {"diffusion_scheme": scheme, "damped_sweeps": diffusion.damped}
    return summary
