"""What is computed: the density, networks, nodes, a prediction, and networks that descend by steps."""

from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import Field, model_validator

from mfpde.kinds import LIMITERS, OPTIMISERS
from mfpde.lagrangian.optimisers import DescentTable
from mfpde.table import OneOf, Positive, PositiveInt, Seed, Table, tables_of

Backend = Literal["auto", "opencl", "numpy", "fipy"]
BACKENDS = get_args(Backend)

LONGEST_STEP = 0.1  #: of explicit schemes, unless a case says otherwise


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
    start: Literal["random", "grid"] = "random"
    fixed_step: Positive | None = None
    retraction: Literal["mirror", "plain"] = "mirror"

    @model_validator(mode="after")
    def _retraction_of_steps(self):
        if self.retraction != "mirror" and self.fixed_step is None:
            raise ValueError("'retraction' is that of steps of finite length: it needs 'fixed_step'")
        return self

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
