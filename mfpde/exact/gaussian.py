"""Gaussian measures, which stay Gaussian where V[mu] is quadratic.

With g = E grad V, H = Hess V and mobilities M, the test functions theta and (theta - m)(theta - m)^T give, by
Stein's lemma,

m' = -(M + alpha S) g,    S' = -(M H S + S H M) - alpha S H S + 2 tau M  [+ alpha tau S].

The last term belongs to the reaction -alpha (V + tau log mu - mean), as Hess log mu = -S^-1. The part of the
reaction is the Fisher-Rao flow of Chen, Huang, Huang, Reich & Stuart (arXiv:2302.11024).
"""

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from scipy.special import ndtr

from mfpde.case import Case
from mfpde.exact.quadratic import QuadraticEnergy, quadratic_network, quadratic_potential
from mfpde.exact.state import ExactState, Solution, expect, is_whole_normal
from mfpde.exact.trajectory import Trajectory
from mfpde.laws.normal import Normal
from mfpde.measures.mesh import Mesh
from mfpde.models.kinds import as_network, as_potential
from mfpde.models.problem import Problem


@dataclass(frozen=True)
class Gaussian:
    """A Gaussian measure in n free components, with its start."""

    model: QuadraticEnergy
    names: list[str]
    mobility: np.ndarray  #: (n,)
    mean: np.ndarray  #: (n,)
    covariance: np.ndarray  #: (n, n)
    alpha: float = 0.0
    tau: float = 0.0
    entropic: bool = False

    def rate(self, time: float, state: np.ndarray) -> np.ndarray:
        """d/dt of mean and covariance, one after the other in a vector (n + n^2,)."""
        m, s = self._unpack(state)
        g, h = self.model.force(m, s)
        drift = self.mobility[:, None] * (h @ s)
        mean_rate = -self.mobility * g - self.alpha * (s @ g)
        covariance_rate = (
            -(drift + drift.T) - self.alpha * (s @ h @ s) + 2 * self.tau * np.diag(self.mobility)
        )
        if self.entropic:
            covariance_rate += self.alpha * self.tau * s
        return np.concatenate([mean_rate, covariance_rate.ravel()])

    def at(self, time: float) -> ExactState:
        """Mean, covariance, energy, prediction and the normal marginals."""
        m, s = self._unpack(self._trajectory.at(time))
        # a law that has all but collapsed may carry a variance that is rounding
        stds = np.sqrt(np.maximum(np.diag(s), np.finfo(float).tiny))
        cdfs = {
            name: partial(_normal_cdf, mean, std) for name, mean, std in zip(self.names, m, stds, strict=True)
        }
        return ExactState(self.model.prediction(m, s), self.model.energy(m, s), m, s, cdfs=cdfs)

    @cached_property
    def _trajectory(self) -> Trajectory:
        return Trajectory(self.rate, np.concatenate([self.mean, self.covariance.ravel()]))

    def _unpack(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        n = len(self.mean)
        return state[:n], state[n:].reshape(n, n)


def _normal_cdf(mean: float, std: float, x: np.ndarray) -> np.ndarray:
    return ndtr((x - mean) / std)


def build_gaussian(case: Case, model: Problem, mesh: Mesh) -> Gaussian:
    """The Gaussian solution of a case.

    Raises:
        InputError: V is not quadratic, or an initial law is not normal.
    """
    free = model.parameters.free
    for c in free:
        expect(case, not c.periodic, f"parameters without circles, but parameters.{c.name}.periodic = true")
        expect(
            case,
            is_whole_normal(c),
            f"a normal law in parameters.{c.name}.initial, not conditioned to less than 6 std on either side",
        )
    energy: QuadraticEnergy | None = None
    if (network := as_network(model)) is not None and network.data is not None:
        energy = quadratic_network(network)
        expect(
            case,
            energy is not None,
            "units that are polynomials of degree at most 2 in the free parameters, such as model.activation"
            " = 'linear' without bias, and model.penalty.power = 2",
        )
    elif (potential := as_potential(model)) is not None:
        energy = quadratic_potential(potential)
        expect(
            case,
            energy is not None,
            "polynomials of degree at most 2 as model.external and model.interaction",
        )
    else:
        expect(case, False, "data points (data.file or data.inputs) rather than data.population")
    assert energy is not None
    laws = [c.law for c in free if isinstance(c.law, Normal)]
    return Gaussian(
        energy,
        [c.name for c in free],
        np.array([c.mobility for c in free]),
        np.array([law.mean for law in laws]),
        np.diag([law.std**2 for law in laws]),
        case.dynamics.alpha,
        case.dynamics.tau,
        case.dynamics.reaction == "entropic",
    )


SOLUTION = Solution(
    build_gaussian,
    example={
        "model": {"kind": "potential", "external": "x^2/2 + y^2/4"},
        "parameters": {
            name: {"domain": [-5, 5], "cells": 32, "initial": {"law": "normal", "mean": 0.4, "std": 0.7}}
            for name in "xy"
        },
        "dynamics": {"birth_death": 0.5, "diffusion": 0.1},
    },
)
