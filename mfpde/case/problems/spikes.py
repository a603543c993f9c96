"""[model] of spikes: the nonnegative measure behind a blurred image of it."""

import math
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from mfpde.case.problems import ProblemTable
from mfpde.table import Positive, Real, Table, Text

#: kernels that have a name
NAMED = ("dirichlet", "gaussian")


class Spike(Table):
    """One observed spike: its mass, and its place by all parameters in their order."""

    mass: Positive
    at: list[Real] | Real

    @property
    def place(self) -> list[float]:
        """One number for every parameter."""
        return self.at if isinstance(self.at, list) else [self.at]


class SpikesModel(ProblemTable):
    """J(mu) = |Phi mu - y|^2 / 2 + lambda mu(all) over nonnegative measures, y = Phi of the observed spikes,
    K(theta - theta') = <phi(theta), phi(theta')>.
    """

    conserves_mass = False

    kind: Literal["spikes"]
    kernel: Text = "dirichlet"
    order: Annotated[int, Field(ge=1, le=16)] = 2
    width: Positive | None = None
    strength: Positive = Field(alias="lambda")
    observed: Annotated[list[Spike], Field(min_length=1, max_length=64)]
    initial_mass: Positive = 1.0

    @property
    def mass(self) -> float:
        """Of the measure at time 0."""
        return self.initial_mass

    @model_validator(mode="after")
    def _keys_of_others(self):
        """A key that would have no effect is refused."""
        if self.kernel == "gaussian" and self.width is None:
            raise ValueError('kernel = "gaussian" needs width, the standard deviation of the kernel')
        if self.kernel != "gaussian" and self.width is not None:
            raise ValueError("'width' belongs to kernel = \"gaussian\"; leave it out")
        if self.kernel != "dirichlet" and self.order != type(self).model_fields["order"].default:
            raise ValueError("'order' belongs to kernel = \"dirichlet\"; leave it out")
        return self


TABLE = SpikesModel
#: a small case, which tests run on all sides
EXAMPLE: dict[str, Any] = {
    "model": {
        "kind": "spikes",
        "lambda": 0.2,
        "observed": [{"mass": 1.0, "at": 2.0}, {"mass": 0.5, "at": 4.0}],
        "initial_mass": 0.8,
    },
    "dynamics": {"birth_death": 1.0},
    "lagrangian": {"units": [20, 80], "replicates": 3, "reaction": "weights"},
    "parameters": {
        "x": {
            "domain": [0.0, 2 * math.pi],
            "periodic": True,
            "cells": 48,
            "initial": {"law": "uniform", "low": 0.0, "high": 2 * math.pi},
        }
    },
}
