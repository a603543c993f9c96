"""Teachers f*: formulas, planted units, units of the model's own features, mixtures."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from mfpde.table import Positive, Real, Table, Text


class FormulaTeacher(Table):
    """f*(x) given by a formula in x0, x1, ..., or by one for each of several outputs."""

    kind: Literal["formula"]
    formula: Text | Annotated[list[Text], Field(min_length=1, max_length=64)]

    @property
    def formulas(self) -> list[str]:
        """One for each output."""
        return [self.formula] if isinstance(self.formula, str) else self.formula


class PlantedUnit(Table):
    """One unit of a planted teacher."""

    a: Real
    w: list[Real] | Real
    b: Real = 0.0


class PlantedTeacher(Table):
    """f*(x) = (1/m) sum over m planted units of a sigma(<w, x> + b), or the plain sum."""

    kind: Literal["planted"]
    units: Annotated[list[PlantedUnit], Field(min_length=1)]
    scaling: Literal["mean", "sum"] = "mean"
    activation: str | None = None


class FeaturesTeacher(Table):
    """f*(x) = sum over units of a phi(z; x), with the model's own features; a unit is a table of numbers by
    the names of the model's parameters.
    """

    kind: Literal["features"]
    units: Annotated[list[dict[str, Real]], Field(min_length=1)]


class MixtureComponent(Table):
    """One Gaussian of a mixture teacher: weight * N(x; mean, variance * identity)."""

    weight: Real
    mean: list[Real] | Real
    variance: Positive


class MixtureTeacher(Table):
    """f*(x) = sum of weighted Gaussian densities."""

    kind: Literal["mixture"]
    components: Annotated[list[MixtureComponent], Field(min_length=1)]


def _formula_as_table(value: Any) -> Any:
    return {"kind": "formula", "formula": value} if isinstance(value, str | list) else value


Teacher = Annotated[
    Annotated[
        FormulaTeacher | PlantedTeacher | FeaturesTeacher | MixtureTeacher, Field(discriminator="kind")
    ],
    BeforeValidator(_formula_as_table),
]
