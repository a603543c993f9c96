"""The table [data]: a file, a teacher at given inputs, or a planted teacher under a law of all inputs."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from mfpde.case.teacher_tables import PlantedTeacher, Teacher
from mfpde.table import Dimension, NonNegative, Positive, Real, Samples, Seed, Table, Text, increasing


class GridInputs(Table):
    """Inputs on a tensor grid with end points included; weights 1/L, or trapezoidal for Lebesgue inner
    products.
    """

    law: Literal["grid"]
    dimension: Dimension = 1
    low: Real = -1.0
    high: Real = 1.0
    points: Samples = 32
    weights: Literal["average", "lebesgue"] = "average"

    @model_validator(mode="after")
    def _ordered(self):
        increasing((self.low, self.high))
        return self


class UniformInputs(Table):
    """Independent inputs, uniform on [low, high] in each coordinate."""

    law: Literal["uniform"]
    dimension: Dimension = 1
    low: Real = -1.0
    high: Real = 1.0
    samples: Samples = 128
    seed: Seed = 0

    @model_validator(mode="after")
    def _ordered(self):
        increasing((self.low, self.high))
        return self


class NormalInputs(Table):
    """Independent inputs, normal in each coordinate."""

    law: Literal["normal"]
    dimension: Dimension = 1
    mean: Real = 0.0
    std: Positive = 1.0
    samples: Samples = 128
    seed: Seed = 0


class SphereInputs(Table):
    """Independent inputs, uniform on a sphere centred at 0."""

    law: Literal["sphere"]
    dimension: Annotated[int, Field(ge=2, le=10_000)] = 2
    radius: Positive = 1.0
    samples: Samples = 128
    seed: Seed = 0


class GaussHermiteInputs(Table):
    """Tensor Gauss-Hermite nodes and weights of the standard normal law: a population loss, exact for
    polynomials of degree 2 points - 1.
    """

    law: Literal["gauss_hermite"]
    dimension: Dimension = 1
    points: Annotated[int, Field(ge=2, le=128)] = 16


Inputs = Annotated[
    GridInputs | GaussHermiteInputs | UniformInputs | NormalInputs | SphereInputs, Field(discriminator="law")
]


def _as_name(value: Any) -> Any:
    """Columns of arrays are named by numbers, which need no quotes."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str | int) and not isinstance(value, bool) else value


ColumnName = Annotated[Text, BeforeValidator(_as_name)]


class WeightColumn(Table):
    """The weights of rows, and whether they are scaled to sum 1, as counts should be."""

    column: ColumnName
    normalize: bool = False


def _by_word(value: Any) -> Any:
    return {"tab": "\t", "blank": " ", "blanks": " "}.get(value, value) if isinstance(value, str) else value


Separator = Annotated[Literal[",", ";", "|", "\t", " "], BeforeValidator(_by_word)]
Number = Annotated[float, Field(allow_inf_nan=False)]
#: what a cell of a table may be called in a case
CellValue = bool | Number | str


#: keys that say how a file is read
_OF_FILES = ("separator", "decimal", "header", "missing", "missing_values", "labels")


class Data(Table):
    """What is learnt: pairs (x, y) of a file, a teacher at given inputs, or a planted teacher under a law of
    all inputs (no data points).
    """

    file: Text | None = None
    x: Annotated[list[ColumnName], BeforeValidator(_as_list), Field(min_length=1)] | None = None
    y: ColumnName | Annotated[list[ColumnName], Field(min_length=1, max_length=64)] | None = None
    weights: ColumnName | WeightColumn | None = None
    separator: Separator | None = None  #: of a text table; found if None
    decimal: Literal[".", ","] = "."
    header: bool | None = None  #: whether the first line of a text table names columns; found if None
    missing: Literal["refuse", "drop"] = "refuse"  #: what becomes of rows that lack a value
    #: what stands for a missing value besides empty cells, NaN and the like
    missing_values: list[Number | str] | None = None
    #: the classes of y in their order: two become -1 and +1
    labels: Annotated[list[CellValue], Field(min_length=2, max_length=64)] | None = None
    standardize: bool = False
    teacher: Teacher | None = None
    inputs: Inputs | None = None
    noise: NonNegative = 0.0
    noise_seed: Seed = 0
    population: Literal["gaussian", "sphere"] | None = None
    dimension: Dimension | None = None

    @property
    def targets(self) -> list[str]:
        """The columns of y; none of a teacher."""
        return [self.y] if isinstance(self.y, str) else self.y or []

    @property
    def weight_column(self) -> WeightColumn | None:
        """The weights of rows."""
        return WeightColumn(column=self.weights) if isinstance(self.weights, str) else self.weights

    @model_validator(mode="after")
    def _one_source(self):
        if (self.file is None) == (self.teacher is None):
            raise ValueError(
                "expected either 'file' (with x and y columns) or 'teacher' (with inputs), and not both"
            )
        if self.file is not None and (self.x is None or self.y is None):
            raise ValueError("'file' needs the column names 'x' (a list) and 'y'")
        if self.file is not None and self.inputs is not None:
            raise ValueError("'inputs' belongs to a 'teacher', not to a 'file'")
        if self.file is None and (
            given := [
                name for name in _OF_FILES if getattr(self, name) != type(self).model_fields[name].default
            ]
        ):
            raise ValueError(f"'{given[0]}' says how a 'file' is read; a 'teacher' has none")
        if self.labels is not None and any(label in self.labels[:k] for k, label in enumerate(self.labels)):
            raise ValueError(
                "'labels' are different values of y; of two the first becomes -1 and the second +1"
            )
        if self.labels is not None and len(self.targets) > 1:
            raise ValueError("'labels' are values of one column y; expected a single name")
        named = [*(self.x or []), *self.targets]
        if len(set(named)) < len(named):
            y = f"'{self.y}'" if isinstance(self.y, str) else self.y
            raise ValueError(f"x = {self.x} and y = {y} name a column twice")
        if self.teacher is not None and self.inputs is None and self.population is None:
            raise ValueError(
                "'teacher' needs 'inputs', for example inputs = { law = \"normal\", dimension = 2, samples ="
                " 256 }, or 'population'"
            )
        return self

    @model_validator(mode="after")
    def _population_has_no_points(self):
        if self.population is None:
            if self.dimension is not None:
                raise ValueError(
                    "'dimension' belongs to 'population'; with data points it is a key of 'inputs'"
                )
            return self
        if not isinstance(self.teacher, PlantedTeacher):
            raise ValueError(
                "'population' needs a planted 'teacher', whose inner products with units have closed forms;"
                ' expected kind = "planted"'
            )
        given = [name for name in ("file", "x", "y", "weights", "inputs") if getattr(self, name) is not None]
        given += [name for name in ("standardize", "noise") if getattr(self, name)]
        if given:
            raise ValueError(
                f"'population' is a loss over all x, without data points: leave out '{given[0]}'"
            )
        if self.dimension is None:
            raise ValueError("'population' needs 'dimension', that of x")
        if self.population == "sphere" and self.dimension < 2:
            raise ValueError(
                'population = "sphere" needs dimension of at least 2: x lies on the unit sphere of that space'
            )
        return self
