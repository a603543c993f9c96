"""[model] of a network: features, loss, penalty."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from mfpde.case.problems import ProblemTable
from mfpde.kinds import FEATURES, LOSSES, PENALTIES
from mfpde.table import NonNegative, OneOf, Positive, Table, Text


class Penalty(Table):
    """r(theta) = lambda |a|^power + confinement |z|^2, or of the kind "path" lambda (a^2 + |z|^2) / 2, so
    that E = |f - f*|^2 + 2 int r dmu.
    """

    kind: Annotated[str, OneOf(PENALTIES)] = "power"
    strength: NonNegative | Text = Field(0.0, alias="lambda")
    power: Annotated[float, Field(ge=1, le=64, allow_inf_nan=False)] = 2.0
    confinement: NonNegative = 0.0

    @property
    def weight(self) -> float:
        """lambda where it is a number."""
        assert not isinstance(self.strength, str)
        return self.strength

    @model_validator(mode="after")
    def _keys_of_power(self):
        """A key that would have no effect is refused."""
        fields = type(self).model_fields
        given = [name for name in ("power", "confinement") if getattr(self, name) != fields[name].default]
        if given and self.kind == "path":
            raise ValueError(f"'{given[0]}' belongs to kind = \"power\"; leave it out")
        return self


class NetworkModel(ProblemTable):
    """A network f(x) = int a sigma(<w, x> + b) mu(da, dw, db)."""

    learns = True
    users_name_parameters = False
    kernels = "network"

    kind: Literal["network"] = "network"
    features: Annotated[str, OneOf(FEATURES)] = "perceptron"
    activation: str = "tanh"
    bias: bool = True
    spacing: Positive = 0.5
    period: Positive | None = None
    loss: Annotated[str, OneOf(LOSSES)] = "square"
    huber_delta: Positive = 1.0
    penalty: Penalty = Penalty()

    @model_validator(mode="after")
    def _keys_of_others(self):
        """A key that would have no effect is refused."""
        fields = type(self).model_fields
        for owner, kind, names in (
            ("features", "perceptron", ("activation", "bias")),
            ("features", "bump", ("spacing", "period")),
            ("loss", "huber", ("huber_delta",)),
        ):
            given = [name for name in names if getattr(self, name) != fields[name].default]
            if given and getattr(self, owner) != kind:
                raise ValueError(f"'{given[0]}' belongs to {owner} = \"{kind}\"; leave it out")
        return self


TABLE = NetworkModel
#: a small case, which tests run on all sides
EXAMPLE: dict[str, Any] = {
    "model": {"kind": "network", "bias": False, "penalty": {"lambda": 0.05}},
    "data": {"teacher": "sin(x0)", "inputs": {"law": "grid", "low": -2, "high": 2, "points": 15}},
    "parameters": {
        name: {"domain": [-4, 4], "cells": 24, "initial": {"law": "normal", "std": 0.8, "within": [-3, 3]}}
        for name in ("a", "w")
    },
}
