"""[model] of a potential: an energy by formulas."""

from typing import Literal

from pydantic import model_validator

from mfpde.table import Table, Text


class PotentialModel(Table):
    """E(mu) = 2 int V0 dmu + int int W(theta - theta') dmu dmu, by formulas in the names of the parameters.

    In `interaction` a name stands for the difference of two points.
    """

    kind: Literal["potential"]
    external: Text | None = None
    interaction: Text | None = None

    @model_validator(mode="after")
    def _something(self):
        if self.external is None and self.interaction is None:
            raise ValueError("expected 'external' (a formula such as \"x^2/2\"), 'interaction', or both")
        return self


TABLE = PotentialModel
