"""The schema of a case file: every key, its type, its default, its meaning. Defaults live here and nowhere else."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

#: beyond this, squares and powers of parameters leave the range of single precision
LARGEST = 1e12

Positive = Annotated[float, Field(gt=0, le=LARGEST, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, le=LARGEST, allow_inf_nan=False)]
Real = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
PositiveInt = Annotated[int, Field(gt=0, le=10_000_000)]
Dimension = Annotated[int, Field(gt=0, le=10_000)]
Samples = Annotated[int, Field(ge=2, le=10_000_000)]
Seed = Annotated[int, Field(ge=0, le=2**64 - 1)]
Text = Annotated[str, Field(min_length=1)]


def _as_interval(value: Any) -> Any:
    numbers = isinstance(value, list | tuple) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in value)
    if not numbers or len(value) != 2:
        raise ValueError(f"expected [low, high], two numbers, got {value!r}")
    return tuple(value)


def _increasing(interval: tuple[float, float]) -> tuple[float, float]:
    if not interval[0] < interval[1]:
        raise ValueError(f"expected [low, high] with low < high, got {list(interval)}")
    return interval


Interval = Annotated[tuple[Real, Real], BeforeValidator(_as_interval), AfterValidator(_increasing)]


class Table(BaseModel):
    """Base of all tables: unknown keys are errors, text and truth values do not become numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


# --- laws of one parameter ------------------------------------------------------------------------------------------


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
        _increasing((self.low, self.high))
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


# --- [model] --------------------------------------------------------------------------------------------------------


class Penalty(Table):
    """r(theta) = lambda |a|^power + confinement |z|^2, so that E = |f - f*|^2 + 2 int r dmu."""

    strength: NonNegative = Field(0.0, alias="lambda")
    power: Annotated[float, Field(ge=1, le=64, allow_inf_nan=False)] = 2.0
    confinement: NonNegative = 0.0


class NetworkModel(Table):
    """A network f(x) = int a sigma(<w, x> + b) mu(da, dw, db)."""

    kind: Literal["network"] = "network"
    activation: str = "tanh"
    bias: bool = True
    penalty: Penalty = Penalty()


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


def _network_by_default(value: Any) -> Any:
    return {"kind": "network", **value} if isinstance(value, dict) else value


Model = Annotated[Annotated[NetworkModel | PotentialModel, Field(discriminator="kind")], BeforeValidator(_network_by_default)]


# --- [data] ---------------------------------------------------------------------------------------------------------


class GridInputs(Table):
    """Inputs on a tensor grid with end points included; weights 1/L, or trapezoidal for Lebesgue inner products."""

    law: Literal["grid"]
    dimension: Dimension = 1
    low: Real = -1.0
    high: Real = 1.0
    points: Samples = 32
    weights: Literal["average", "lebesgue"] = "average"

    @model_validator(mode="after")
    def _ordered(self):
        _increasing((self.low, self.high))
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
        _increasing((self.low, self.high))
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
    """Tensor Gauss-Hermite nodes and weights of the standard normal law: a population loss, exact for polynomials of degree 2 points - 1."""

    law: Literal["gauss_hermite"]
    dimension: Dimension = 1
    points: Annotated[int, Field(ge=2, le=128)] = 16


Inputs = Annotated[GridInputs | GaussHermiteInputs | UniformInputs | NormalInputs | SphereInputs, Field(discriminator="law")]


class FormulaTeacher(Table):
    """f*(x) given by a formula in x0, x1, ..."""

    kind: Literal["formula"]
    formula: Text


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
    return {"kind": "formula", "formula": value} if isinstance(value, str) else value


Teacher = Annotated[
    Annotated[FormulaTeacher | PlantedTeacher | MixtureTeacher, Field(discriminator="kind")],
    BeforeValidator(_formula_as_table),
]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Data(Table):
    """Pairs (x, y): a file, or a teacher at given inputs."""

    file: Text | None = None
    x: Annotated[list[Text], BeforeValidator(_as_list), Field(min_length=1)] | None = None
    y: Text | None = None
    weights: Text | None = None
    standardize: bool = False
    teacher: Teacher | None = None
    inputs: Inputs | None = None
    noise: NonNegative = 0.0
    noise_seed: Seed = 0

    @model_validator(mode="after")
    def _one_source(self):
        if (self.file is None) == (self.teacher is None):
            raise ValueError("expected either 'file' (with x and y columns) or 'teacher' (with inputs), and not both")
        if self.file is not None and (self.x is None or self.y is None):
            raise ValueError("'file' needs the column names 'x' (a list) and 'y'")
        if self.file is not None and self.inputs is not None:
            raise ValueError("'inputs' belongs to a 'teacher', not to a 'file'")
        if self.x is not None and (len(set(self.x)) < len(self.x) or self.y in self.x):
            raise ValueError(f"x = {self.x} and y = '{self.y}' name a column twice")
        if self.teacher is not None and self.inputs is None:
            raise ValueError("'teacher' needs 'inputs', for example inputs = { law = \"normal\", dimension = 2, samples = 256 }")
        return self


# --- [parameters.*] -------------------------------------------------------------------------------------------------


class Parameter(Table):
    """One axis of theta: an axis of the mesh with its initial law, or a fixed value."""

    fixed: Real | None = None
    domain: Interval | None = None
    cells: Annotated[int, Field(ge=4, le=1_000_000)] = 64
    periodic: bool = False
    stretch: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] = 0.0
    stretch_at: Real | None = None
    mobility: NonNegative = 1.0
    initial: Law | None = None

    @model_validator(mode="after")
    def _free_or_fixed(self):
        if self.fixed is None and self.initial is None:
            raise ValueError("expected 'initial' (a law) or 'fixed' (a number)")
        if self.fixed is not None and (self.initial is not None or self.domain is not None or self.periodic):
            raise ValueError("a 'fixed' parameter has neither 'initial' nor 'domain', and is not periodic")
        if self.stretch and (self.periodic or self.domain is None):
            raise ValueError("'stretch' needs a 'domain' with walls")
        if self.stretch_at is not None and not (self.stretch and self.domain and self.domain[0] <= self.stretch_at <= self.domain[1]):
            raise ValueError("'stretch_at' is where cells are smallest: it needs 'stretch' > 0 and lies in the domain")
        return self


# --- [dynamics], the two sides, [output] ----------------------------------------------------------------------------


class Dynamics(Table):
    """What moves the measure besides transport."""

    birth_death: NonNegative = 0.0
    reaction: Literal["plain", "entropic"] = "plain"
    diffusion: NonNegative = 0.0
    births: dict[str, Law] | None = None

    @model_validator(mode="after")
    def _births_need_a_rate(self):
        if self.births is not None and self.birth_death == 0:
            raise ValueError("'births' needs birth_death > 0: killed units are reborn from that density")
        return self

    @model_validator(mode="after")
    def _entropic_reaction_needs_both(self):
        if self.reaction == "entropic" and (self.birth_death == 0 or self.diffusion == 0):
            raise ValueError('reaction = "entropic" is -alpha (V + tau log mu - mean): it needs birth_death > 0 and diffusion > 0')
        return self


class Eulerian(Table):
    """The finite-volume side."""

    enabled: bool = True
    scheme: Literal["fromm", "mc", "minmod", "vanleer", "upwind"] = "fromm"
    precision: Literal["float64", "float32"] = "float64"
    backend: Literal["opencl", "numpy", "fipy"] = "opencl"
    cfl: Annotated[float, Field(gt=0, le=0.5, allow_inf_nan=False)] = 0.45
    energy_safety: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 0.9
    max_step: Positive = 0.1
    error_estimate: bool = False
    diffusion_scheme: Literal["auto", "scharfetter_gummel", "strang"] = "auto"
    hand_off: bool = False


class Lagrangian(Table):
    """The networks: a ladder of widths, each with independent replicates."""

    units: list[PositiveInt] = [100, 300, 1000, 3000]
    replicates: PositiveInt | list[PositiveInt] = 16
    seed: Seed = 1
    precision: Literal["float64", "float32"] = "float64"
    reaction: Literal["birth_death", "weights"] = "birth_death"
    reaction_step: Positive = 0.02
    noise_step: Positive = 0.02
    tolerance: Annotated[float, Field(ge=1e-13, le=0.1, allow_inf_nan=False)] = 1e-6
    max_step: Positive = 1.0

    @model_validator(mode="after")
    def _one_count_each(self):
        if self.units and isinstance(self.replicates, list) and len(self.replicates) != len(self.units):
            counts = f"'replicates' lists {len(self.replicates)} counts for {len(self.units)} widths in 'units'"
            raise ValueError(f"{counts}; change both, or give one count for all, such as replicates = 16")
        if len(set(self.units)) != len(self.units):
            raise ValueError("'units' names a width twice")
        return self

    def replicate_counts(self) -> list[int]:
        """Number of replicates of each width."""
        return list(self.replicates) if isinstance(self.replicates, list) else [self.replicates] * len(self.units)


class Output(Table):
    """When to write what."""

    every: Positive | None = None
    fields_every: Positive | None = None
    snapshot_replicates: Annotated[int, Field(ge=0)] = 4


class Exact(Table):
    """The exact solution of the case, by name: `mfpde converge` measures errors against it."""

    solution: Literal["gaussian", "gibbs", "wrapped_cauchy", "circle_cosine", "collapse", "frozen_features", "fisher_rao"]


class Case(Table):
    """A whole case. Immutable; `replace` makes a changed copy."""

    title: str = ""
    time: Positive
    model: Model = NetworkModel()
    data: Data | None = None
    parameters: dict[str, Parameter]
    dynamics: Dynamics = Dynamics()
    eulerian: Eulerian = Eulerian()
    lagrangian: Lagrangian = Lagrangian()
    output: Output = Output()
    exact: Exact | None = None

    @model_validator(mode="after")
    def _data_of_the_model(self):
        if self.model.kind == "network" and self.data is None:
            raise ValueError("the key 'data' is required: a network learns a teacher or a file")
        if self.model.kind == "potential" and self.data is not None:
            raise ValueError("'data' belongs to model.kind = \"network\"; a potential has none")
        return self

    _path: Path = PrivateAttr(default=Path("case.toml"))
    _text: str = PrivateAttr(default="")

    @property
    def path(self) -> Path:
        """The file the case was read from; data files are looked up beside it."""
        return self._path

    @property
    def text(self) -> str:
        """The case as it was given, before defaults."""
        return self._text

    def resolved(self) -> dict[str, Any]:
        """The case with every default filled in, as plain data (JSON and TOML types)."""
        tables = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        tables["output"] |= {"every": self.output_every, "fields_every": self.output_fields_every}
        return tables

    @property
    def output_every(self) -> float:
        """Time between outputs: twenty of them unless the case says otherwise."""
        return self.output.every or self.time / 20

    @property
    def output_fields_every(self) -> float:
        """Time between stored fields: four of them unless the case says otherwise."""
        return self.output.fields_every or self.time / 4

    def replace(self, changes: dict[str, Any] | None = None, **more: Any) -> "Case":
        """A copy with some keys changed, validated again.

        Keys are dotted paths: ``case.replace({"eulerian.scheme": "mc"}, time=5.0)``.
        """
        from mfpde.case.load import case_from_tables, set_key

        # not `resolved`: intervals that follow from the time must follow a new time
        tables = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        for key, value in {**(changes or {}), **more}.items():
            set_key(tables, key, value)
        return case_from_tables(tables, self._path, self._text)
