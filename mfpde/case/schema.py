"""The schema of a case file: every key, its type, its default, its meaning. Defaults live here and nowhere
else.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, PrivateAttr, field_validator, model_validator

from mfpde.case.data_tables import Data as Data
from mfpde.case.data_tables import WeightColumn as WeightColumn
from mfpde.kinds import EXACT, LAWS, LIMITERS, OPTIMISERS
from mfpde.lagrangian.optimisers import DescentTable
from mfpde.laws import LawTable
from mfpde.table import (
    Interval,
    NonNegative,
    OneOf,
    Positive,
    PositiveInt,
    Real,
    Seed,
    Table,
    Text,
    tables_of,
)

# --- [model] ------------------------------------------------------------------------------------------------


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


Model = Annotated[
    Annotated[NetworkModel | PotentialModel, Field(discriminator="kind")],
    BeforeValidator(_network_by_default),
]


if TYPE_CHECKING:
    Law = LawTable
else:
    Law = tables_of(LAWS, "law")

# --- [parameters.*] -----------------------------------------------------------------------------------------


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
            raise ValueError(
                "'stretch' needs a 'domain' with walls: expected domain = [low, high], and no periodic = true"
            )
        if self.stretch_at is not None and not (
            self.stretch and self.domain and self.domain[0] <= self.stretch_at <= self.domain[1]
        ):
            raise ValueError(
                "'stretch_at' is where cells are smallest: it needs 'stretch' > 0 and lies in the domain"
            )
        return self


Backend = Literal["auto", "opencl", "numpy", "fipy"]
BACKENDS = get_args(Backend)

LONGEST_STEP = 0.1  #: of explicit schemes, unless a case says otherwise

# --- [dynamics], the two sides, [output] --------------------------------------------------------------------


class Dynamics(Table):
    """What moves the measure besides transport."""

    birth_death: NonNegative = 0.0
    reaction: Literal["plain", "entropic"] = "plain"
    diffusion: NonNegative = 0.0
    births: dict[str, Law] | None = None

    @field_validator("births", mode="before")
    @classmethod
    def _births_by_parameter(cls, births: Any):
        if isinstance(births, dict) and isinstance(births.get("law"), str):
            raise ValueError(
                "expected a law for every parameter that is named, such as births.a = { law ="
                f' "{births["law"]}" }}'
            )
        return births

    @model_validator(mode="after")
    def _births_need_a_rate(self):
        if self.births is not None and self.birth_death == 0:
            raise ValueError("'births' needs birth_death > 0: killed units are reborn from that density")
        return self

    @model_validator(mode="after")
    def _entropic_reaction_needs_both(self):
        if self.reaction == "entropic" and (self.birth_death == 0 or self.diffusion == 0):
            raise ValueError(
                'reaction = "entropic" is -alpha (V + tau log mu - mean): it needs birth_death > 0 and'
                " diffusion > 0"
            )
        return self


class Eulerian(Table):
    """The finite-volume side."""

    enabled: bool = True
    scheme: Annotated[str, OneOf(LIMITERS)] = "fromm"
    precision: Literal["float64", "float32"] = "float64"
    backend: Backend = "auto"
    cfl: Annotated[float, Field(gt=0, le=0.5, allow_inf_nan=False)] = 0.45
    energy_safety: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 0.9
    max_step: Positive | None = None
    #: 2 is the largest L1 distance of two densities
    tolerance: Annotated[float, Field(ge=1e-12, le=2, allow_inf_nan=False)] = 1e-5
    error_estimate: bool = False
    diffusion_scheme: Literal["auto", "scharfetter_gummel", "strang"] = "auto"
    hand_off: bool = False
    wall_limit: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 0.5
    compression: Annotated[float, Field(ge=0, lt=0.1, allow_inf_nan=False)] = 1e-6


class Lagrangian(Table):
    """The networks: a ladder of widths, each with independent replicates."""

    units: Annotated[list[PositiveInt], Field(max_length=64)] = [100, 300, 1000, 3000]
    replicates: PositiveInt | list[PositiveInt] = 16
    seed: Seed = 1
    common: bool = False
    precision: Literal["float64", "float32"] = "float64"
    reaction: Literal["birth_death", "weights"] = "birth_death"
    reaction_step: Positive = 0.02
    reaction_tolerance: Annotated[float, Field(ge=1e-5, le=0.2, allow_inf_nan=False)] = 0.02
    noise_step: Positive = 0.02
    noise_tolerance: Annotated[float, Field(ge=1e-6, le=0.1, allow_inf_nan=False)] = 0.0025
    tolerance: Annotated[float, Field(ge=1e-13, le=0.1, allow_inf_nan=False)] = 1e-6
    max_step: Positive = 1.0

    @model_validator(mode="after")
    def _one_count_each(self):
        if self.units and isinstance(self.replicates, list) and len(self.replicates) != len(self.units):
            counts = (
                f"'replicates' lists {len(self.replicates)} counts for {len(self.units)} widths in 'units'"
            )
            raise ValueError(f"{counts}; change both, or give one count for all, such as replicates = 16")
        if len(set(self.units)) != len(self.units):
            raise ValueError("'units' names a width twice")
        return self

    def replicate_counts(self) -> list[int]:
        """Number of replicates of each width."""
        return (
            list(self.replicates)
            if isinstance(self.replicates, list)
            else [self.replicates] * len(self.units)
        )


class Characteristics(Table):
    """The mean field carried by quadrature nodes of the initial law, beside a mesh or without one."""

    nodes: Annotated[int, Field(ge=0, le=2**22)] = 0
    rule: Literal["auto", "trapezoid", "sobol"] = "auto"
    tolerance: Annotated[float, Field(ge=1e-13, le=0.1, allow_inf_nan=False)] = 1e-7


class Fluctuations(Table):
    """The dynamical central limit theorem: lim n E|f_n - f|^2 predicted from the mean field alone."""

    predict: bool = False
    rank: Annotated[int, Field(ge=2, le=4096)] = 64
    method: Literal["auto", "tangent", "perturbation"] = "auto"


if TYPE_CHECKING:
    Descent = DescentTable
else:
    Descent = tables_of(OPTIMISERS, "optimiser", default="gradient")


class Output(Table):
    """When to write what."""

    every: Positive | None = None
    fields_every: Positive | None = None
    snapshot_replicates: Annotated[int, Field(ge=0)] = 4
    checkpoint_every: Positive = 60.0  #: seconds of the clock on the wall


class Exact(Table):
    """The exact solution of the case, by name: `mfpde converge` measures errors against it."""

    solution: Annotated[str, OneOf(EXACT)]


class Case(Table):
    """A whole case. Immutable; `replace` makes a changed copy."""

    title: str = ""
    time: Positive
    #: rates of the density and of the free energy below which a run ends before `time`
    stationary: Positive | None = None
    model: Model = NetworkModel()
    data: Data | None = None
    parameters: dict[str, Parameter]
    dynamics: Dynamics = Dynamics()
    eulerian: Eulerian = Eulerian()
    lagrangian: Lagrangian = Lagrangian()
    characteristics: Characteristics = Characteristics()
    fluctuations: Fluctuations = Fluctuations()
    descent: Descent = OPTIMISERS["gradient"]()
    output: Output = Output()
    exact: Exact | None = None

    @model_validator(mode="after")
    def _data_of_the_model(self):
        if self.model.kind == "network" and self.data is None:
            raise ValueError(
                "the key 'data' is required: a network learns a teacher or a file (or give model.kind ="
                ' "potential" and a formula)'
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _no_data_of_a_potential(cls, tables: Any):
        """Before anything is said of what is in them."""
        model = tables.get("model") if isinstance(tables, dict) else None
        if isinstance(model, dict) and model.get("kind") == "potential" and tables.get("data") is not None:
            raise ValueError(
                "'data' belongs to model.kind = \"network\"; a potential has none: leave [data] out, or"
                " model.kind"
            )
        return tables

    @model_validator(mode="after")
    def _stationary_density(self):
        if self.stationary is not None and not self.eulerian.enabled:
            raise ValueError("'stationary' is judged by the density: it needs eulerian.enabled = true")
        return self

    _path: Path = PrivateAttr(default=Path("case.toml"))
    _folder: Path | None = PrivateAttr(default=None)
    _text: str = PrivateAttr(default="")
    _variant: str = PrivateAttr(default="")

    @property
    def path(self) -> Path:
        """The file the case was read from, as the user named it."""
        return self._path

    @property
    def folder(self) -> Path:
        """Where that file is, by the user's name for it while that leads there; data files are looked up
        there.
        """
        named, place = self._path.parent, self.place.parent
        try:
            return named if named.absolute() == place else place
        except OSError:  # the process has no folder any more
            return place

    @property
    def place(self) -> Path:
        """The file with its whole name, wherever the process has gone since."""
        return (self._folder or self._path.parent) / self._path.name

    @property
    def text(self) -> str:
        """The case as it was given, before defaults."""
        return self._text

    @property
    def variant(self) -> str:
        """Which variant of its file the case is; empty for a file without variants."""
        return self._variant

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

    @property
    def longer_than_run(self) -> dict[str, float]:
        """The intervals of [output] that are longer than the run, by key."""
        given = {"output.every": self.output.every, "output.fields_every": self.output.fields_every}
        return {key: value for key, value in given.items() if value is not None and value > self.time}

    def replace(self, changes: dict[str, Any] | None = None, **more: Any) -> "Case":
        """A copy with some keys changed, validated again.

        Keys are dotted paths: ``case.replace({"eulerian.scheme": "mc"}, time=5.0)``.
        """
        from mfpde.case.load import case_from_tables, set_key

        # not `resolved`: intervals that follow from the time must follow a new time
        tables = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        for key, value in {**(changes or {}), **more}.items():
            set_key(tables, key, value)
        changed = case_from_tables(tables, self._path, self._text)
        changed._variant, changed._folder = self._variant, self._folder
        return changed
