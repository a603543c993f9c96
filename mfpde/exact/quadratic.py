"""Energies whose potential V[mu] is quadratic in the free components of theta for every measure, found in a
model's formulas.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import sympy

from mfpde.expressions import evaluate
from mfpde.models.kinds import perceptrons
from mfpde.models.network import Network
from mfpde.models.parameters import Component
from mfpde.models.potential import Potential


class Force(NamedTuple):
    """Mean gradient and Hessian of V[mu] under mu."""

    gradient: np.ndarray  #: (n,)
    hessian: np.ndarray  #: (n, n)


class QuadraticEnergy(Protocol):
    """An energy that closes on mean (n,) and covariance (n, n)."""

    def force(self, mean: np.ndarray, covariance: np.ndarray) -> Force:
        """Mean gradient and Hessian of V."""

    def energy(self, mean: np.ndarray, covariance: np.ndarray) -> float:
        """E."""

    def prediction(self, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray | None:
        """f(x_l) of a network (L,)."""


@dataclass(frozen=True)
class Quadratics:
    """Functions constant + slope . theta + theta . hessian theta / 2, one for each entry of a shape (...)."""

    constant: np.ndarray  #: (...)
    slope: np.ndarray  #: (..., n)
    hessian: np.ndarray  #: (..., n, n)

    def expectation(self, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
        """E of each under any law of this mean and covariance (...)."""
        second = covariance + np.outer(mean, mean)
        return self.constant + self.slope @ mean + np.sum(self.hessian * second, axis=(-2, -1)) / 2

    def gradient(self, mean: np.ndarray) -> np.ndarray:
        """E of each gradient (..., n)."""
        return self.slope + self.hessian @ mean


def find_quadratics(
    expression: sympy.Expr, variables: Sequence[str], inputs: Mapping[str, np.ndarray]
) -> Quadratics | None:
    """Coefficients of an expression as a polynomial of degree at most 2; None if it is not one.

    Arguments:
        inputs: values (...) of the symbols that are no variables.
    """
    try:
        polynomial = sympy.Poly(expression, *(sympy.Symbol(name, real=True) for name in variables))
    except sympy.PolynomialError:
        return None
    if polynomial.total_degree() > 2:
        return None
    shape, n = np.broadcast_shapes(*(np.shape(v) for v in inputs.values())), len(variables)
    found = Quadratics(np.zeros(shape), np.zeros((*shape, n)), np.zeros((*shape, n, n)))
    for powers, coefficient in polynomial.terms():
        value = evaluate(coefficient, inputs)
        which = [k for k, power in enumerate(powers) for _ in range(power)]
        if not which:
            found.constant[...] = value
        elif len(which) == 1:
            found.slope[..., which[0]] = value
        else:  # c x y has the Hessian entries c and c, c x^2 the entry 2 c
            found.hessian[..., which[0], which[1]] += value
            found.hessian[..., which[1], which[0]] += value
    return found


def _values(components: Sequence[Component]) -> list[sympy.Expr]:
    """Every component as a symbol, or as its value where it is fixed."""
    return [
        sympy.Symbol(c.name, real=True) if c.free else sympy.Float(float(c.law.quantile(np.zeros(1))[0]))
        for c in components
    ]


@dataclass(frozen=True)
class QuadraticNetwork:
    """A network whose units Phi_l = a sigma(<w, x_l> + b) and penalty r are quadratic in theta."""

    network: Network
    units: Quadratics  #: Phi_l, of shape (L,)
    penalty: Quadratics  #: r, of shape ()

    def force(self, mean: np.ndarray, covariance: np.ndarray) -> Force:
        """V = sum_l weights_l (f - f*)_l Phi_l + r."""
        residual = self.network.risk.source(self.prediction(mean, covariance))
        gradient = residual @ self.units.gradient(mean) + self.penalty.gradient(mean)
        return Force(gradient, np.tensordot(residual, self.units.hessian, 1) + self.penalty.hessian)

    def energy(self, mean: np.ndarray, covariance: np.ndarray) -> float:
        """|f - f*|^2 + 2 int r dmu."""
        loss = self.network.risk.loss(self.prediction(mean, covariance))
        return float(loss + 2 * self.penalty.expectation(mean, covariance))

    def prediction(self, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
        """f(x_l) = E Phi_l (L,)."""
        return self.units.expectation(mean, covariance)


def quadratic_network(network: Network) -> QuadraticNetwork | None:
    """The network, if its units and penalty are quadratic in the free components."""
    features, components = perceptrons(network), network.parameters.components
    if features is None:
        return None
    amplitude, *rest = values = _values(components)
    d = features.data.dimension
    x = [sympy.Symbol(f"x{k}", real=True) for k in range(d)]
    t = sum((w * s for w, s in zip(rest[:d], x, strict=True)), sum(rest[d:], sympy.Integer(0)))
    unit = amplitude * features.activation.formula.xreplace({sympy.Symbol("t", real=True): t})
    strength, power = network.penalty.spec.weight, network.penalty.spec.power
    if components[0].free and strength and power != 2:
        return None
    ridge = (
        network.penalty.formula(amplitude)
        if components[0].free
        else sympy.Float(float(network.penalty.amplitude(np.array(float(amplitude)))))
    )
    confinement = sympy.Float(network.penalty.confinement) * sum((v**2 for v in values[1:]), sympy.Integer(0))
    names = [c.name for c in network.parameters.free]
    units = find_quadratics(
        unit, names, {s.name: column for s, column in zip(x, features.data.x.T, strict=True)}
    )
    penalty = find_quadratics(ridge + confinement, names, {})
    return None if units is None or penalty is None else QuadraticNetwork(network, units, penalty)


@dataclass(frozen=True)
class QuadraticPotential:
    """A quadratic V0 and an even quadratic W, both of shape ()."""

    external: Quadratics
    interaction: Quadratics

    def force(self, mean: np.ndarray, covariance: np.ndarray) -> Force:
        """V = V0 + W * mu; an even W pulls as much to one side as to the other on average."""
        return Force(self.external.gradient(mean), self.external.hessian + self.interaction.hessian)

    def energy(self, mean: np.ndarray, covariance: np.ndarray) -> float:
        """2 E V0 + E W of the difference of two points, which has mean 0 and covariance 2 S."""
        pair = self.interaction.expectation(np.zeros_like(mean), 2 * covariance)
        return float(2 * self.external.expectation(mean, covariance) + pair)

    def prediction(self, mean: np.ndarray, covariance: np.ndarray) -> None:
        """A potential predicts nothing."""
        return None


def quadratic_potential(potential: Potential) -> QuadraticPotential | None:
    """The potential, if V0 and W are quadratic in the free components."""
    names = [c.name for c in potential.parameters.free]
    symbols = [sympy.Symbol(name, real=True) for name in potential.parameters.names]
    here = dict(zip(symbols, _values(potential.parameters.components), strict=True))
    # two points differ in no fixed component
    apart = {
        s: s if c.free else sympy.Integer(0)
        for s, c in zip(symbols, potential.parameters.components, strict=True)
    }
    external = find_quadratics(potential.external.expression.xreplace(here), names, {})
    pair = potential.interaction.expression if potential.interaction is not None else sympy.Integer(0)
    interaction = find_quadratics(pair.xreplace(apart), names, {})
    return None if external is None or interaction is None else QuadraticPotential(external, interaction)
