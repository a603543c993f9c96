"""-grad V of all units of a tanh network, written for NumPy, JAX and PyTorch.

V_i = a_i h(w_i, b_i) + lambda a_i^2 with h = <f - f*, tanh(<w, .> + b)>, so grad V_i = (n/2) dE/dtheta_i for
the energy E = |f - f*|^2 + (2/n) sum lambda a_i^2. By automatic differentiation of E, as one would, and by
hand, as one would tune it.
"""

from typing import Any

import numpy as np

from benchmarks.ours import Units
from benchmarks.timing import Candidate


def numpy_gradient(units: Units, precision: str, compiled: bool = True) -> list[Candidate]:
    """By hand: features once, then products of matrices and vectors."""
    real = np.dtype(precision).type
    a, w, b, x, y, weights = (
        array.astype(real) for array in (units.a, units.w, units.b, units.x, units.y, units.weights)
    )
    n, strength = real(len(a)), real(2 * units.penalty)

    def run() -> np.ndarray:
        features = w.T @ x.T
        features += b[:, None]
        np.tanh(features, out=features)
        residual = weights * (a @ features / n - y)
        by_a = features @ residual + strength * a
        np.multiply(features, features, out=features)
        np.subtract(1, features, out=features)
        features *= residual
        return -np.vstack([by_a, a * (features @ x).T, a * features.sum(axis=1)])

    return [Candidate("NumPy", precision, run, run, units.a.size * units.y.size)]


def jax_gradient(units: Units, precision: str, compiled: bool = True) -> list[Candidate]:
    """jit of the gradient of E, and of the gradient by hand."""
    import jax
    import jax.numpy as jnp

    wide = precision == "float64"
    with jax.enable_x64(wide):
        x, y, weights = (jnp.asarray(array, precision) for array in (units.x, units.y, units.weights))
        state = tuple(jnp.asarray(array, precision) for array in (units.a, units.w, units.b))
    strength = units.penalty

    def energy(state: Any) -> Any:
        a, w, b = state
        prediction = a @ jnp.tanh(w.T @ x.T + b[:, None]) / a.size
        return weights @ (prediction - y) ** 2 + 2 * strength * jnp.mean(a**2)

    def by_hand(state: Any) -> Any:
        a, w, b = state
        features = jnp.tanh(w.T @ x.T + b[:, None])
        residual = weights * (a @ features / a.size - y)
        slopes = (1 - features**2) * residual
        return features @ residual + 2 * strength * a, a * (slopes @ x).T, a * slopes.sum(axis=1)

    def automatic(state: Any) -> Any:
        return jax.tree.map(lambda g: g * (units.a.size / 2), jax.grad(energy)(state))

    def candidate(who: str, function: Any) -> Candidate:
        jitted = jax.jit(function)

        def run() -> Any:
            with jax.enable_x64(wide):
                return jax.block_until_ready(jitted(state))

        return Candidate(
            who,
            precision,
            run,
            lambda: -np.vstack([np.asarray(g) for g in run()]),
            units.a.size * units.y.size,
        )

    return [candidate("JAX, grad", automatic), candidate("JAX, by hand", by_hand)]


def torch_gradient(units: Units, precision: str, compiled: bool = True) -> list[Candidate]:
    """autograd of E, and the gradient by hand, eager and compiled."""
    import torch

    dtype = getattr(torch, precision)
    x, y, weights = (torch.as_tensor(array, dtype=dtype) for array in (units.x, units.y, units.weights))
    leaves = [torch.tensor(array, dtype=dtype, requires_grad=True) for array in (units.a, units.w, units.b)]
    strength, n = units.penalty, units.a.size

    def automatic(a: Any, w: Any, b: Any) -> Any:
        prediction = a @ torch.tanh(torch.addmm(b[:, None], w.T, x.T)) / n
        energy = weights @ (prediction - y) ** 2 + 2 * strength * (a**2).mean()
        return [g * (n / 2) for g in torch.autograd.grad(energy, (a, w, b))]

    def by_hand(a: Any, w: Any, b: Any) -> Any:
        features = torch.tanh(torch.addmm(b[:, None], w.T, x.T))
        residual = weights * (a @ features / n - y)
        slopes = (1 - features**2) * residual
        return features @ residual + 2 * strength * a, a * (slopes @ x).T, a * slopes.sum(dim=1)

    def candidate(who: str, function: Any, differentiates: bool) -> Candidate:
        def run() -> Any:
            with torch.set_grad_enabled(differentiates):
                return function(*leaves)

        def result() -> np.ndarray:
            return -np.vstack([g.detach().numpy() for g in run()])

        return Candidate(who, precision, run, result, n * units.y.size)

    found = [candidate("Torch, autograd", automatic, True), candidate("Torch, by hand", by_hand, False)]
    if compiled:
        fused = candidate("Torch, compiled", torch.compile(by_hand, dynamic=False), False)
        try:
            fused.run()
        except Exception:  # no C++ compiler, or one it cannot use
            return found
        found.append(fused)
    return found


PEERS = {"NumPy": numpy_gradient, "JAX": jax_gradient, "Torch": torch_gradient}
