"""An external potential V0 and a pair interaction W given as formulas: any Wasserstein (Fisher-Rao) gradient
flow of

E(mu) = 2 int V0 dmu + int int W(theta - theta') dmu dmu,    V = V0 + W * mu,    dE/dmu = 2 V.

Derivatives are symbolic; NumPy values and device code come from the same trees.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy

from mfpde.case import Case, schema
from mfpde.errors import about
from mfpde.expressions import parse
from mfpde.measures.convolution import pair_numbers, pair_operator
from mfpde.measures.finite_rank import FiniteRank
from mfpde.measures.mesh import Mesh
from mfpde.models.coupling import Coupling, Pairs, Uncoupled
from mfpde.models.energy import PairEnergy
from mfpde.models.formula import Formula
from mfpde.models.formula_checks import check_even, check_period, unused
from mfpde.models.mesh_potential import MeshPotential
from mfpde.models.parameters import ParameterSpace, potential_parameters
from mfpde.models.problem import Cloud
from mfpde.models.reach import precisions, reached
from mfpde.models.waves import find_finite_rank


@dataclass(frozen=True)
class Potential:
    """An energy given by formulas; serves mesh and particles alike."""

    external: Formula
    interaction: Formula | None
    parameters: ParameterSpace

    forces = "formulas"
    energy_named = "energy E = 2 int V0 dmu + int int W dmu dmu"
    function = None  #: measures have none
    data = None
    kink = 0.0
    why_no_tangent = "model.kind: a potential has no function"

    @cached_property
    def finite_rank(self) -> FiniteRank | None:
        """W by its features, for meshes and units alike; None without interaction, and where it is not of
        finite rank.
        """
        return (
            None
            if self.interaction is None
            else find_finite_rank(self.interaction.expression, self.parameters.components)
        )

    @property
    def scale(self) -> float:
        """Size of the energy, for tolerances of rounding: the largest of V0 and W on the laws' quartiles."""
        components = self.parameters.components
        quartiles = [c.law.quantile(np.array([0.25, 0.5, 0.75])) for c in components]
        sizes = [
            np.abs(self.external.value([c.place(q) for c, q in zip(components, quartiles, strict=True)]))
        ]
        if self.interaction is not None:
            sizes.append(np.abs(self.interaction.value([q - q[1] for q in quartiles])))
        return float(np.max(np.nan_to_num(sizes)))

    def cloud_values(self, cloud: Cloud) -> dict[str, np.ndarray]:
        """E = sum w (V + V0) of every network of units."""
        external = self.external.value(list(cloud.state[:-1]))
        return {"energy": np.add.reduceat(cloud.weights * (cloud.potential + external), cloud.starts)}

    def on_mesh(self, mesh: Mesh) -> MeshPotential:
        """V0 at the centres of the cells, and W * mu.

        Raises:
            InputError: V0 or W is not finite there.
        """
        centres = {axis.name: axis.centres for axis in mesh.axes}
        axes = [centres.get(c.name, c.law.quantile(np.zeros(1))) for c in self.parameters.components]
        centres_of_cells = np.meshgrid(*axes, indexing="ij", sparse=True)
        external = self.external.value(centres_of_cells)
        if not np.all(np.isfinite(external)):
            self.external.check(centres_of_cells, "model.external")
        coupling: Coupling = Uncoupled(external.size)
        if self.interaction is not None:
            columns = self._columns(mesh)
            coupling = Pairs(pair_operator(mesh, lambda d: self._pair(mesh, d), self.finite_rank, columns))
        return MeshPotential(
            False, np.ones(1), np.zeros(1), external.ravel(), coupling, PairEnergy(), np.zeros(0)
        )

    def _pair(self, mesh: Mesh, differences: Sequence[np.ndarray]) -> np.ndarray:
        assert self.interaction is not None
        given = dict(zip(mesh.names, differences, strict=True))
        points = [given.get(c.name, np.zeros(1)) for c in self.parameters.components]
        values = self.interaction.value(points)
        if not np.all(np.isfinite(values)):
            self.interaction.check(points, "model.interaction")
        return values

    def _columns(self, mesh: Mesh) -> list[int]:
        """Which component each axis is."""
        return [self.parameters.names.index(name) for name in mesh.names]

    def coupling_numbers(self, mesh: Mesh) -> int:
        """What the interaction holds on a mesh."""
        return 0 if self.interaction is None else pair_numbers(mesh, self.finite_rank, self._columns(mesh))

    def known_by(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def unit_functions(self, state: np.ndarray) -> np.ndarray:
        """None: (units, 0)."""
        return np.zeros((state.shape[1], 0))

    def unit_squares(self, state: np.ndarray) -> np.ndarray:
        """0."""
        return np.zeros(state.shape[1])

    def unit_products(self, state: np.ndarray, function: np.ndarray) -> np.ndarray:
        """0."""
        return np.zeros(state.shape[1])

    def unit_numbers(self, networks: np.ndarray) -> int:
        """Features of an interaction of finite rank, which are kept."""
        found = self.by_moments(networks)
        return found.rank if found is not None else 0

    def by_moments(self, networks: np.ndarray) -> FiniteRank | None:
        """The interaction by its features, where for networks of these sizes they are fewer than pairs of
        units; None where sums over pairs are as good, or all there is.
        """
        found = self.finite_rank
        return found if found is not None and found.rank * networks.sum() < np.sum(networks**2) else None

    def check_forces(self, theta: np.ndarray) -> None:
        """Refuse formulas that are not finite at units; of pairs only neighbours in their order are tried."""
        self.external.check(list(theta), "model.external", slopes_in="float64")
        if self.interaction is not None:
            self.interaction.check(list(theta - theta[:, ::-1]), "model.interaction", slopes_in="float64")

    def digest(self) -> str:
        """SHA-256 of the formulas."""
        formulas = [
            self.external.expression,
            self.interaction.expression if self.interaction is not None else 0,
        ]
        return hashlib.sha256(repr([sympy.srepr(sympy.sympify(f)) for f in formulas]).encode()).hexdigest()


def build_potential(case: Case) -> Potential:
    """The potential a case describes.

    Raises:
        InputError: a formula that cannot be read, W that is not even, V0 that is not periodic on a circle, or
            wrong parameters.
    """
    spec = case.model
    assert isinstance(spec, schema.PotentialModel)
    with about(case.path):
        parameters = potential_parameters(case)
        names = parameters.names
        hint = "; there is no table [parameters.{name}]" + "".join(
            f", and [parameters.{name}] is in no formula" for name in unused(spec, names)
        )
        external = Formula(
            parse(spec.external or "0", names, "model.external", hint), names, spec.external or "0"
        )
        external.check(reached(parameters.components), "model.external", *precisions(case))
        interaction = None
        if spec.interaction is not None:
            interaction = Formula(
                parse(spec.interaction, names, "model.interaction", hint), names, spec.interaction
            )
            check_even(interaction, parameters.components)
            interaction.check(
                reached(parameters.components, differences=True), "model.interaction", *precisions(case)
            )
        for k, c in enumerate(parameters.components):
            if c.periodic:
                check_period(external, k, c, parameters.components)
        return Potential(external, interaction, parameters)
