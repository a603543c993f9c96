"""Laws of one parameter."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mfpde.table import Interval, Positive, Real, Table, increasing


class NormalLaw(Table):
    """Normal law, optionally conditioned on an interval."""

    law: Literal["normal"]
    mean: Real = 0.0
    std: Positive = 1.0
    within: Interval | None = None


class UniformLaw(Table):
    """Uniform law on [low, high]."""

    law: Literal["uniform"]
    low: Real = -1.0
    high: Real = 1.0

    @model_validator(mode="after")
    def _ordered(self):
        increasing((self.low, self.high))
        return self


class PointLaw(Table):
    """All mass at one point."""

    law: Literal["point"]
    at: Real = 0.0


class WrappedCauchyLaw(Table):
    """Wrapped Cauchy law on a circle of length 2 pi; r is the length of its mean direction."""

    law: Literal["wrapped_cauchy"]
    mean: Real = 0.0
    r: Annotated[float, Field(ge=0, le=0.9999, allow_inf_nan=False)] = 0.5


Law = Annotated[NormalLaw | UniformLaw | PointLaw | WrappedCauchyLaw, Field(discriminator="law")]
