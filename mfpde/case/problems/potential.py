"""[model] of a potential: an energy by formulas."""

from typing import Any, Literal

from pydantic import model_validator

from mfpde.case.problems import ProblemTable
from mfpde.table import Text


class PotentialModel(ProblemTable):
    """E(mu) = 2 int V0 dmu + int int W(theta - theta') dmu dmu, by formulas in the names of the parameters.

    In `interaction` a name stands for the difference of two points.
    """

    kernels = "potential"

    kind: Literal["potential"]
    external: Text | None = None
    interaction: Text | None = None

    @model_validator(mode="after")
    def _something(self):
        if self.external is None and self.interaction is None:
            raise ValueError("expected 'external' (a formula such as \"x^2/2\"), 'interaction', or both")
        return self


TABLE = PotentialModel
#: a small case, which tests run on all sides
EXAMPLE: dict[str, Any] = {
    "model": {"kind": "potential", "external": "q^4/4 - q^2/2", "interaction": "q^2/4"},
    "parameters": {
        "q": {"domain": [-3, 3], "cells": 60, "initial": {"law": "normal", "mean": 0.3, "std": 0.4}}
    },
}
