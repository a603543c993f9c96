"""[model], [parameters.*] and [dynamics]: the energy, the parameters with their laws, and what moves these
besides transport.
"""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from mfpde.case.problems.network import NetworkModel
from mfpde.case.problems.potential import PotentialModel
from mfpde.case.problems.spikes import SpikesModel
from mfpde.errors import nearest
from mfpde.kinds import BIRTHS, LAWS, PROBLEM_TABLES
from mfpde.laws import LawTable
from mfpde.table import Interval, NonNegative, OneOf, Positive, Real, Table, Text, tables_of

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


class Births(Table):
    """How mass is born besides by cloning: a scheme, and laws of mu_b by the names of parameters."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    __pydantic_extra__: dict[str, Law]
    named: ClassVar[Any] = Law

    scheme: Annotated[str, OneOf(BIRTHS)] | None = None
    rate: Positive | None = None

    @model_validator(mode="before")
    @classmethod
    def _laws_are_tables(cls, given: Any):
        for key, value in given.items() if isinstance(given, dict) else ():
            if key not in cls.model_fields and not isinstance(value, dict):
                raise ValueError(
                    f"'{key}' is no key of births, and {value!r} no law of a parameter"
                    f"{nearest(key, list(cls.model_fields))}"
                )
        return given

    @model_validator(mode="after")
    def _keys_of_schemes(self):
        if self.scheme == "clone" and self.laws:
            name = next(iter(self.laws))
            raise ValueError(f'scheme = "clone" has no births from a law; leave out births.{name}')
        if (self.scheme == "refresh") != (self.rate is not None):
            raise ValueError(
                'scheme = "refresh" needs rate > 0: epsilon in epsilon (mu_b - mu)'
                if self.rate is None
                else "'rate' belongs to scheme = \"refresh\"; leave it out"
            )
        return self

    @property
    def laws(self) -> dict[str, LawTable]:
        """Laws of mu_b that the case names."""
        return self.model_extra or {}

    @property
    def process(self) -> str:
        """The scheme's name; what births were before schemes had names is "reborn"."""
        return self.scheme or "reborn"


class Dynamics(Table):
    """What moves the measure besides transport."""

    birth_death: NonNegative | Text = 0.0
    reaction: Literal["plain", "entropic"] = "plain"
    diffusion: NonNegative | Text = 0.0
    births: Births | None = None

    @property
    def alpha(self) -> float:
        """`birth_death` of a case in which it is a number."""
        assert not isinstance(self.birth_death, str)
        return self.birth_death

    @property
    def tau(self) -> float:
        """`diffusion` of a case in which it is a number."""
        assert not isinstance(self.diffusion, str)
        return self.diffusion

    @property
    def scheme(self) -> str:
        """How mass is born: the name of a scheme of births."""
        return "clone" if self.births is None else self.births.process

    @property
    def injects(self) -> bool:
        """Whether anything is born from a law of its own."""
        return self.scheme != "clone"

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
        if self.reaction == "entropic" and self.scheme not in ("clone", "reborn"):
            raise ValueError(
                f'reaction = "entropic" knows no births.scheme = "{self.scheme}", which compares V with its'
                ' mean under mu_b; use reaction = "plain"'
            )
        return self
