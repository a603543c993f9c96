"""Sparse deconvolution: a nonnegative measure mu found from y = Phi of the observed spikes,

J(mu) = |Phi mu - y|^2 / 2 + lambda int dmu,   J' = K * mu - K * b + lambda,   K = <phi(theta), phi(theta')>,

over all nonnegative measures, whatever their mass (Chizat, arXiv:1907.10300). J is the energy E of the house,
so that V = J' / 2: the formulas of a potential with V0 = (lambda - K * b) / 2 and W = K / 2, and |y|^2 / 2.
Transport and reaction move d_t mu = div(mu grad V) - alpha V mu, and mass is what it becomes. Conic particle
gradient descent r <- r exp(-2 a J'), theta <- theta - b grad J' of particles with masses r^2 / m takes steps
of the time 2 b at the rate alpha = 4 a / b.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy

from mfpde.case import Case, schema
from mfpde.errors import InputError, about
from mfpde.measures.mesh import Mesh
from mfpde.models.energy import Moments, PairEnergy
from mfpde.models.formula import Formula
from mfpde.models.mesh_potential import MeshPotential
from mfpde.models.parameters import Component, potential_parameters
from mfpde.models.potential import Potential
from mfpde.models.problem import Cloud
from mfpde.models.spikes_bound import Bound, Certificate, lower_bound
from mfpde.models.spikes_kernel import build_kernel, largest_curvatures


@dataclass(frozen=True)
class ImageEnergy(PairEnergy):
    """J of a measure: that of pairs, and |y|^2 / 2."""

    constant: float

    def value(self, moments: Moments) -> float:
        """J."""
        return super().value(moments) + self.constant


@dataclass(frozen=True)
class Spikes(Potential):
    """Nonnegative measures and the image of the observed spikes; serves mesh and particles alike."""

    kernel: Formula
    places: np.ndarray  #: of the observed spikes (components, spikes)
    masses: np.ndarray  #: (spikes,)
    strength: float  #: lambda
    constant: float  #: |y|^2 / 2
    mass: float = 1.0  #: of the measure at time 0

    forces = "masses"
    why_no_tangent = "model.kind: spikes have no function"
    energy_named = "energy J = |Phi mu - y|^2 / 2 + lambda int dmu"

    def cloud_values(self, cloud: Cloud) -> dict[str, np.ndarray]:
        """J of every cloud of units with masses."""
        return {"energy": super().cloud_values(cloud)["energy"] + self.constant}

    def on_mesh(self, mesh: Mesh) -> MeshPotential:
        """V0 at the centres of the cells, and W * mu."""
        found = super().on_mesh(mesh)
        return MeshPotential(
            found.has_amplitude,
            found.amplitude,
            found.penalty_a,
            found.penalty_z,
            found.coupling,
            ImageEnergy(self.constant),
            found.weights,
        )

    @property
    def scale(self) -> float:
        """Size of the energy, for tolerances of rounding."""
        return max(super().scale, self.constant)

    @cached_property
    def curvatures(self) -> np.ndarray:
        """|d_k d_l phi| (components, components)."""
        return largest_curvatures(self.kernel)

    @cached_property
    def image(self) -> Certificate:
        """K * b and its derivatives, as a function of points (components, m)."""
        return Certificate(self, self.places[:, :0], self.masses[:0])

    def gap(self, theta: np.ndarray, masses: np.ndarray, energy: float) -> Bound:
        """How far J of a measure is at most from the least, by a dual certificate.

        Arguments:
            theta: its atoms (components, n); masses: (n,).
            energy: its J.
        """
        return lower_bound(self, theta, masses, energy)

    def digest(self) -> str:
        """SHA-256 of the formulas, and of what adds a constant."""
        return hashlib.sha256(f"{super().digest()} {self.constant!r}".encode()).hexdigest()


def build_spikes(case: Case) -> Spikes:
    """The spikes a case describes.

    Raises:
        InputError: a formula that is no kernel, spikes outside of the domains, or dynamics that a measure
            without mass constraint has not.
    """
    spec = case.model
    assert isinstance(spec, schema.SpikesModel)
    with about(case.path):
        for key in ("diffusion", "births"):
            if getattr(case.dynamics, key):
                raise InputError(
                    f"dynamics.{key}: spikes move by transport and birth_death alone; leave it out"
                )
        parameters = potential_parameters(case)
        kernel = build_kernel(case, parameters.components)
        places = _places(spec, parameters.components)
        masses = np.array([spike.mass for spike in spec.observed])
        image = _image(kernel, places, masses)
        external = Formula((sympy.Float(spec.strength) - image) / 2, kernel.names, f"V of {kernel.text}")
        interaction = Formula(kernel.expression / 2, kernel.names, kernel.text)
        pairs = kernel.value(list(places[:, :, None] - places[:, None]))
        constant = float(masses @ np.broadcast_to(pairs, 2 * masses.shape) @ masses) / 2
        observed = (places, masses, spec.strength, constant, spec.mass)
        return Spikes(external, interaction, parameters, kernel, *observed)


def _image(kernel: Formula, places: np.ndarray, masses: np.ndarray) -> sympy.Expr:
    """K * b as a formula."""
    symbols = [sympy.Symbol(name, real=True) for name in kernel.names]
    terms = []
    for place, mass in zip(places.T, masses, strict=True):
        moved = {s: s - sympy.Float(at) for s, at in zip(symbols, place, strict=True)}
        terms.append(sympy.Float(mass) * kernel.expression.xreplace(moved))
    return sympy.Add(*terms)


def _places(spec: schema.SpikesModel, components: Sequence[Component]) -> np.ndarray:
    """Of the observed spikes (components, spikes).

    Raises:
        InputError: one with too many numbers or too few, or outside of the domains.
    """
    names = ", ".join(c.name for c in components)
    for number, spike in enumerate(spec.observed, 1):
        if len(spike.place) != len(components):
            raise InputError(
                f"model.observed: spike {number} is at {len(spike.place)} numbers; expected"
                f" {len(components)}, for {names}"
            )
        for c, at in zip(components, spike.place, strict=True):
            if not c.free:
                raise InputError(f"parameters.{c.name}.fixed: spikes need every parameter free; leave it out")
            if c.domain is None:
                raise InputError(f"parameters.{c.name}: spikes need domain = [low, high]")
            if not c.periodic and not c.domain[0] <= at <= c.domain[1]:
                raise InputError(
                    f"model.observed: spike {number} has {c.name} = {at:g}, outside of parameters.{c.name}"
                    f".domain = [{c.domain[0]:g}, {c.domain[1]:g}]"
                )
    return np.array(
        [
            c.place(np.array(at))
            for c, at in zip(
                components, zip(*(spike.place for spike in spec.observed), strict=True), strict=True
            )
        ]
    )
