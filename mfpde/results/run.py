"""A finished or interrupted run, as its file tells it."""

from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from mfpde.errors import InputError
from mfpde.kinds import LOSSES, PROBLEM_TABLES
from mfpde.results.density import DensityOfRun
from mfpde.results.file import OutputFile

#: what the file of a run that stopped before its first frame says of its health
NOTHING = {"finished": False, "failure": "stopped before its first frame", "warnings": []}
#: parts of the health of a run, and their kinds
KINDS = {"finished": bool, "failure": str | None, "warnings": list, "eulerian": dict, "lagrangian": dict}


class Run(OutputFile):
    """A finished or interrupted run, read from its file when asked."""

    @property
    def times(self) -> np.ndarray:
        """Output times."""
        return np.asarray(self.tree["time"])

    @property
    def has_density(self) -> bool:
        """Whether the run had an Eulerian side."""
        return "eulerian" in self.tree.children

    @property
    def has_data(self) -> bool:
        """Whether the model is a network that learns data points."""
        return "inputs" in self.tree.to_dataset()

    @property
    def has_function(self) -> bool:
        """Whether the model is a network, of data points or of all inputs; then functions have a distance."""
        return "targets" in self.tree.to_dataset()

    @property
    def conserves_mass(self) -> bool:
        """Whether measures are probabilities at all times."""
        kind = self.case["model"].get("kind", PROBLEM_TABLES.first)
        return bool(PROBLEM_TABLES[kind].conserves_mass)

    @property
    def eulerian(self) -> xr.Dataset:
        """The density and what was measured of it.

        Raises:
            InputError: the run had no Eulerian side.
        """
        if not self.has_density:
            raise InputError(f"{self.path}: this run has no Eulerian side (eulerian.enabled = false)")
        return self.group("eulerian")

    @property
    def mu(self) -> xr.DataArray:
        """Cell averages of the density over (time, parameters), at the times at which fields are stored."""
        return self._density.mu

    @property
    def _density(self) -> DensityOfRun:
        return DensityOfRun(self.path, self.eulerian, self.tree, self.parameters)

    def integrate(self, field: xr.DataArray, *names: str) -> xr.DataArray:
        """Integral of a field over parameters, by the cells' volumes; over all if none are named."""
        return self._density.integrate(field, names)

    def marginal(self, *names: str) -> xr.DataArray:
        """Density of one parameter at all output times, or of several where the density is stored."""
        return self._density.marginal(names)

    def expectation(self, field: xr.DataArray) -> xr.DataArray:
        """int field dmu of a field over parameters, such as ``run.mu.a * run.mu.b``."""
        return self._density.expectation(field)

    def mean(self, name: str) -> xr.DataArray:
        """Mean of a parameter under the density at all output times; on a circle the mean direction."""
        return self._density.mean(name)

    def variance(self, name: str) -> xr.DataArray:
        """Variance of a parameter at all output times; on a circle of deviations from the mean direction."""
        return self._density.variance(name)

    def resultant(self, name: str) -> xr.DataArray:
        """|E exp(2 pi i x / length)| of a parameter on a circle at all output times."""
        return self._density.resultant(name)

    @cached_property
    def units(self) -> list[int]:
        """Widths of the ladder, in order."""
        if "lagrangian" not in self.tree.children:
            return []
        return sorted(int(name) for name in self.tree["lagrangian"].children)

    @property
    def paired(self) -> bool:
        """Whether networks of different widths share random numbers."""
        return bool(self.case["lagrangian"].get("common", False))

    def lagrangian(self, units: int) -> xr.Dataset:
        """The networks of one width."""
        return self.group(f"lagrangian/{units}")

    def comparison(self, units: int) -> xr.Dataset:
        """Distances of the networks of one width from the density."""
        return self.group(f"comparison/{units}")

    @property
    def data(self) -> xr.Dataset:
        """Inputs, targets and weights, as the networks see them."""
        return self.tree.to_dataset()[["inputs", "targets", "data_weights"]]

    @property
    def learns_classes(self) -> bool:
        """Whether the loss takes classes, so that f tells how probable they are."""
        loss = self.case["model"].get("loss", LOSSES.first)  # files of 0.1 know the square alone
        return self.has_data and LOSSES.constant(loss, "TARGETS") is not None

    @property
    def classes(self) -> list[str]:
        """Names of the classes of what is learnt: of -1 and +1, or of each output; none of numbers."""
        return self.fact("classes", list, "a list of names") if "classes" in self.attributes else []

    @property
    def norm_weights(self) -> np.ndarray:
        """Weights (r,) with which squares of a prediction's coefficients sum to its square norm in L2(nu)."""
        if self.has_data:
            return np.tile(self.data["data_weights"].values, self.data.sizes.get("output", 1))
        return np.ones(self.tree.to_dataset().sizes["coefficient"])

    @property
    def parameters(self) -> list[str]:
        """Components of theta in order, as in the last dimension of stored particles."""
        return self.fact("parameters", list, "a list of names")

    @property
    def case(self) -> dict[str, Any]:
        """The case as it was run, with every default filled in."""
        return self.fact("case_resolved", dict, "a case")

    @property
    def health(self) -> dict[str, Any]:
        """Whether the run finished, what was watched, and what was noticed."""
        if "health" not in self.attributes:
            return dict(NOTHING)
        health = self.fact("health", dict, "a table")
        for key, kind in KINDS.items():
            missing = key in NOTHING and key not in health
            if missing or not isinstance(health.get(key, {}), kind):
                raise InputError(
                    f"{self.path}: the attribute 'health' has no proper '{key}'; it is no whole output of"
                    " mfpde run"
                )
        return health

    def __repr__(self) -> str:
        return f"Run('{self.path}', units={self.units}, finished={self.health['finished']})"
