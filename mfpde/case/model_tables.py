"""[model], [parameters.*] and [dynamics]: the energy, the parameters with their laws, and what moves these
besides transport.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from mfpde.case.problems.network import NetworkModel
from mfpde.case.problems.potential import PotentialModel
from mfpde.case.problems.spikes import SpikesModel
from mfpde.kinds import LAWS, PROBLEM_TABLES
from mfpde.laws import LawTable
from mfpde.table import Interval, NonNegative, Real, Table, tables_of

if TYPE_CHECKING:
    Law = LawTable
else:
    Law = tables_of(LAWS, "law")


if TYPE_CHECKING:
    Model = NetworkModel | PotentialModel | SpikesModel
else:
    Model = tables_of(PROBLEM_TABLES, "kind", "network")


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
