"""Types that all tables of a case share: ranges of numbers, intervals, choices from registries, and the base
of tables.
"""

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from mfpde.registry import Registry

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


def as_interval(value: Any) -> Any:
    """A list of two numbers as a pair."""
    numbers = isinstance(value, list | tuple) and all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in value
    )
    if not numbers or len(value) != 2:
        raise ValueError(f"expected [low, high], two numbers, got {value!r}")
    return tuple(value)


def increasing(interval: tuple[float, float]) -> tuple[float, float]:
    """The interval, if low < high."""
    if not interval[0] < interval[1]:
        raise ValueError(f"expected [low, high] with low < high, got {list(interval)}")
    return interval


Interval = Annotated[tuple[Real, Real], BeforeValidator(as_interval), AfterValidator(increasing)]


class Table(BaseModel):
    """Base of all tables: unknown keys are errors, text and truth values do not become numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    #: of one table of several: what others call its name
    aliases: ClassVar[tuple[str, ...]] = ()
    #: the type of what stands under names of the user's beside its own keys; None if there is no such thing
    named: ClassVar[Any] = None


@dataclass(frozen=True)
class OneOf:
    """Marks text as the name of an entry of a registry: ``scheme: Annotated[str, OneOf(LIMITERS)]``."""

    registry: Registry[Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """As for `Literal` of the names, so that messages and JSON schemas are the same."""
        return core_schema.literal_schema(list(self.registry.names))


def tables_of(registry: Registry[Any], tag: str, default: str = "") -> Any:
    """The type of a table that may be any of a registry whose entries are tables; imports these.

    Arguments:
        tag: the key that chooses among them: the first field of each, a `Literal` of its name.
        default: which one a table without that key is, if that is allowed.
    """
    tables: list[Any] = [registry[name] for name in registry]
    chosen: Any = Annotated[reduce(or_, tables), Field(discriminator=tag)]
    if not default:
        return chosen
    return Annotated[chosen, BeforeValidator(lambda v: {tag: default, **v} if isinstance(v, dict) else v)]
