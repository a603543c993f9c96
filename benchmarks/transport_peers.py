"""The transport stage written for NumPy, JAX and PyTorch: what somebody would write who has no finite-volume
code, and then tunes it.

All compute the same: velocities of faces from differences of V(a, z) = a h(z) + penalty_a(a) + penalty_z(z),
second-order upwind fluxes from Fromm slopes clipped to |s| <= 2 rho, and one forward Euler step. No bound of
the step is computed, as mfpde does.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.ours import Stage
from benchmarks.timing import Candidate


def numpy_stage(stage: Stage, precision: str, compiled: bool = True) -> list[Candidate]:
    """Slices of padded arrays, axis after axis, in place where that saves memory traffic."""
    real = np.dtype(precision).type
    rho, v, dt = stage.rho.astype(real), stage.v.astype(real), real(stage.dt)

    def run() -> np.ndarray:
        after = rho.copy()
        for k, width in enumerate(stage.widths):
            padded = np.pad(rho, [(2, 2) if j == k else (0, 0) for j in range(rho.ndim)], mode="edge")
            centre = _part(padded, k, 1, -1)
            half = _part(padded, k, 2, None) - _part(padded, k, 0, -2)
            half *= real(0.25)
            np.clip(half, -centre, centre, out=half)
            velocity = np.diff(v, axis=k)
            velocity *= real(-1 / width)
            flux = np.maximum(velocity, 0) * _part(centre + half, k, 1, -2)
            flux += np.minimum(velocity, 0, out=velocity) * _part(centre - half, k, 2, -1)
            flux *= dt * real(1 / width)
            _part(after, k, 0, -1)[...] -= flux  # no flux through walls
            _part(after, k, 1, None)[...] += flux
        return after

    return [Candidate("NumPy", precision, run, run, rho.size)]


def jax_stage(stage: Stage, precision: str, compiled: bool = True) -> list[Candidate]:
    """One jitted function of slices of a padded array; and the same with the padded array kept out of the
    fusion.

    XLA otherwise computes the padding anew at every use, which was measured four times slower.
    """
    import jax
    import jax.numpy as jnp

    with jax.enable_x64(precision == "float64"):
        rho, h, amplitude, penalty_a, penalty_z = (
            jnp.asarray(array, precision)
            for array in (stage.rho, stage.h, stage.amplitude, stage.penalty_a, stage.penalty_z)
        )
        dt = jnp.asarray(stage.dt, precision)

    def plain(rho: Any, h: Any) -> Any:
        return _from_padded(
            jnp,
            jnp.pad(rho, 2, mode="edge"),
            _velocities(jnp, stage, amplitude, h, penalty_a, penalty_z),
            stage.widths,
            dt,
        )

    def kept(rho: Any, h: Any) -> Any:
        padded = jax.lax.optimization_barrier(jnp.pad(rho, 2, mode="edge"))
        return _from_padded(
            jnp, padded, _velocities(jnp, stage, amplitude, h, penalty_a, penalty_z), stage.widths, dt
        )

    def candidate(who: str, function: Any) -> Candidate:
        jitted = jax.jit(function)

        def run() -> Any:
            with jax.enable_x64(precision == "float64"):
                return jitted(rho, h).block_until_ready()

        return Candidate(who, precision, run, lambda: np.asarray(run()), rho.size)

    return [candidate("JAX", plain), candidate("JAX, barrier", kept)]


def torch_stage(stage: Stage, precision: str, compiled: bool = True) -> list[Candidate]:
    """Concatenations, slices and differences, axis after axis, by PyTorch.

    Eager, and compiled where there is a C++ compiler.
    """
    import torch

    tensor = {
        name: torch.as_tensor(np.ascontiguousarray(getattr(stage, name)), dtype=getattr(torch, precision))
        for name in ("rho", "h", "amplitude", "penalty_a", "penalty_z")
    }

    def step(rho: Any, h: Any) -> Any:
        z = h.ndim
        v = (
            tensor["amplitude"].reshape(-1, *[1] * z) * h
            + tensor["penalty_a"].reshape(-1, *[1] * z)
            + tensor["penalty_z"]
        )
        after = rho
        for k, width in enumerate(stage.widths):
            cells = rho.shape[k]
            first, last = rho.narrow(k, 0, 1), rho.narrow(k, cells - 1, 1)
            padded = torch.cat([first, first, rho, last, last], k)
            centre = padded.narrow(k, 1, cells + 2)
            half = 0.25 * (padded.narrow(k, 2, cells + 2) - padded.narrow(k, 0, cells + 2))
            half = torch.maximum(torch.minimum(half, centre), -centre)
            velocity = torch.diff(v, dim=k) * (-1 / width)
            flux = velocity.clamp(min=0) * (centre + half).narrow(k, 1, cells - 1)
            flux = flux + velocity.clamp(max=0) * (centre - half).narrow(k, 2, cells - 1)
            wall = torch.zeros_like(first)
            after = after - stage.dt / width * torch.diff(torch.cat([wall, flux, wall], k), dim=k)
        return after

    def candidate(who: str, function: Any, note: str = "") -> Candidate:
        def run() -> Any:
            with torch.no_grad():
                return function(tensor["rho"], tensor["h"])

        return Candidate(who, precision, run, lambda: run().numpy(), stage.rho.size, note)

    found = [candidate("Torch", step)]
    if compiled:
        fused = torch.compile(step, dynamic=False)
        try:
            with torch.no_grad():
                fused(tensor["rho"], tensor["h"])
        except Exception as error:  # no C++ compiler, or one it cannot use
            return [candidate("Torch", step, f"not compiled: {type(error).__name__}")]
        found.append(candidate("Torch, compiled", fused))
    return found


def _part(array: Any, k: int, start: int, stop: int | None) -> Any:
    return array[tuple(slice(start, stop) if j == k else slice(None) for j in range(array.ndim))]


def _velocities(xp: Any, stage: Stage, amplitude: Any, h: Any, penalty_a: Any, penalty_z: Any) -> list[Any]:
    """At all faces of each axis, 0 at walls, from differences of tables of lower dimension."""
    z = h.ndim

    def rise(values: Any, k: int) -> Any:
        """Differences across all faces along one axis, 0 at walls."""
        return xp.pad(xp.diff(values, axis=k), [(1, 1) if j == k else (0, 0) for j in range(values.ndim)])

    def column(values: Any) -> Any:
        return values.reshape(-1, *[1] * z)

    along_a = column(rise(amplitude, 0)) * h + column(rise(penalty_a, 0))
    along_z = [column(amplitude) * rise(h, k) + rise(penalty_z, k) for k in range(z)]
    return [-rises / width for rises, width in zip([along_a, *along_z], stage.widths, strict=True)]


def _from_padded(xp: Any, padded: Any, velocities: Sequence[Any], widths: Sequence[float], dt: Any) -> Any:
    """The density after the stage, from slices of the array with two ghosts on all sides."""

    def shifted(k: int, by: int) -> Any:
        return padded[
            tuple(
                slice(2 + by, padded.shape[j] - 2 + by) if j == k else slice(2, -2)
                for j in range(padded.ndim)
            )
        ]

    def half_slope(left: Any, centre: Any, right: Any) -> Any:
        return xp.clip(0.25 * (right - left), -centre, centre)

    after = centre = shifted(0, 0)
    for k, (velocity, width) in enumerate(zip(velocities, widths, strict=True)):
        far_west, west, east, far_east = (shifted(k, by) for by in (-2, -1, 1, 2))
        half_west, half, half_east = (
            half_slope(far_west, west, centre),
            half_slope(west, centre, east),
            half_slope(centre, east, far_east),
        )
        left, right = _part(velocity, k, 0, -1), _part(velocity, k, 1, None)
        flux_left = xp.maximum(left, 0) * (west + half_west) + xp.minimum(left, 0) * (centre - half)
        flux_right = xp.maximum(right, 0) * (centre + half) + xp.minimum(right, 0) * (east - half_east)
        after = after - dt / width * (flux_right - flux_left)
    return after


PEERS = {"NumPy": numpy_stage, "JAX": jax_stage, "Torch": torch_stage}
