"""What descent by finite steps shows: every network on its Euler polygon, at one time."""

from functools import cached_property
from typing import NamedTuple

import numpy as np

from mfpde.lagrangian.descent import Descent, Training
from mfpde.models.problem import Cloud


class Descended(NamedTuple):
    """The networks of one step and batch size (replicates, ...)."""

    predictions: np.ndarray
    values: dict[str, np.ndarray]  #: "energy" and "loss"


class DescentView:
    """All networks that descend."""

    def __init__(self, descent: Descent):
        self.descent, self.model, self.settings = descent, descent.model, descent.case.descent

    @cached_property
    def networks(self) -> list[list[Descended]]:
        """By step, then by batch."""
        return [[self._seen(training) for training in row] for row in self.descent.trainings]

    @cached_property
    def diverged(self) -> np.ndarray:
        """When networks diverged (steps, batches, replicates); NaN for those that have not. Networks that
        have by now are noticed.
        """
        losses, energies = (
            np.array([[seen.values[name] for seen in row] for row in self.networks], dtype=float)
            for name in ("loss", "energy")
        )
        return self.descent.notice(losses, energies)

    def of_sound(self, values: list[list[np.ndarray]]) -> np.ndarray:
        """Values of networks (steps, batches, replicates), NaN once they have diverged."""
        found = np.array(values, dtype=float)
        found[~np.isnan(self.diverged)] = np.nan
        return found

    def gaps(self, prediction: np.ndarray) -> np.ndarray:
        """|f_descent - f|^2 in L2(nu) from functions by their coefficients (r,) or (replicates, r)."""
        with np.errstate(all="ignore"):
            return self.of_sound(
                [
                    [self.model.square_norm(seen.predictions - prediction) for seen in row]
                    for row in self.networks
                ]
            )

    def _seen(self, training: Training) -> Descended:
        descent, backend = self.descent, self.descent.flow.backend
        with np.errstate(all="ignore"):  # of networks that diverge
            units = training.at(descent.time)
            state = backend.upload(units)
            predictions, potential = backend.predictions(state), backend.download(backend.velocity(state))[-1]
            cloud = Cloud(
                units, backend.weights(state), predictions, potential, descent.ladder.first_unit[:-1]
            )
            return Descended(predictions, self.model.cloud_values(cloud))
