"""What a metric declares: variables, each with its path, its meaning, how replicates of it are combined, and
the function that finds its value. The layout of the file, the comparison and the documentation read nothing
else.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

TIME, FIELDS = GROWING = ("time", "fields_time")  #: dimensions that grow
AXES = "axes"  #: among dimensions: the axes of the mesh
VALUES = "values"  #: among dimensions: that of a prediction, see `metrics.functions`
NAME, UNITS = "{name}", "{units}"  #: in paths and texts: a parameter, a width of networks
ANY, NUMBER = "*", "#"  #: the same in patterns
#: how values of the density, and of the replicates of a network, are put into a comparison; see
#: `analysis.combine`
How = Literal["series", "least", "deviation from 1", "sum", "mean", "mean and std", "mean and stderr"]
#: tables on the terminal: one of its own, that of gaps, that of distances
Shape = Literal["own", "gap", "distances"]


class Dataset(NamedTuple):
    """One dataset of a file. Those whose first dimension is one of `GROWING` grow frame by frame."""

    path: str
    dims: tuple[str, ...]
    long_name: str
    units: str = "1"
    dtype: str = "f8"


class Compared(NamedTuple):
    """What `mfpde compare` makes of a variable."""

    how: How
    key: str  #: in the table that --json prints
    label: str = ""  #: on the terminal
    table: Shape | None = None  #: on the terminal; None is not shown there
    title: str = ""  #: of a table of its own
    form: str = ".4g"  #: of its numbers there
    always: bool = False  #: whether every version has stored it, so that a file without it is damaged
    stated: bool = False  #: whether the health of a run states it, more exactly than outputs tell


@dataclass(frozen=True)
class Variable:
    """A dataset, or one per parameter (`{name}` in its path) or width of networks (`{units}`).

    Its functions are given views of what a run shows, by the names of their arguments (see `metrics.shown`):
    ``def mass(density)``. A run without one of these views does not have the variable.

    Arguments:
        path: in the file, such as "comparison/{units}/w1_{name}".
        dims: a dimension is a variable over itself.
        value: finds it. Where there are several, a mapping by name; of networks an array over all of them, or
            a mapping by width.
        when: whether a run with these views has it; always if None.
        over: the names it has one of; all axes of the mesh if None.
        exactly: its long name where that depends on the run.
        only: which runs have it, for the documentation.
    """

    path: str
    dims: tuple[str, ...]
    long_name: str
    value: Callable[..., Any]
    when: Callable[..., bool] | None = None
    over: Callable[..., Sequence[str]] | None = None
    exactly: Callable[..., str] | None = None
    dtype: str | Callable[..., str] = "f8"
    units: str = "1"
    compared: Compared | None = None
    only: str = ""

    @cached_property
    def views(self) -> tuple[str, ...]:
        """Names of the views it is found from."""
        return tuple(inspect.signature(self.value).parameters)

    @property
    def is_dimension(self) -> bool:
        """Whether it is a scale for others."""
        return self.dims == (self.path,)

    @property
    def grows(self) -> bool:
        """Whether it has a value at every output, or every output of fields."""
        return self.dims[0] in GROWING

    @property
    def of_fields(self) -> bool:
        """Whether it is stored at the outputs of fields alone."""
        return self.dims[0] == FIELDS

    @property
    def pattern(self) -> str:
        """Its path with `ANY` for a name and `NUMBER` for a width."""
        return self.path.replace(NAME, ANY).replace(UNITS, NUMBER)

    def applies(self, shown: Mapping[str, Any]) -> bool:
        """Whether a run has it."""
        return all(name in shown for name in self.views) and (
            self.when is None or self.when(*self._seen(shown))
        )

    def datasets(self, shown: Mapping[str, Any]) -> list[Dataset]:
        """What it is in the file of a run that has it."""
        seen = self._seen(shown)
        meaning = self.long_name if self.exactly is None else self.exactly(*seen)
        dtype = self.dtype if isinstance(self.dtype, str) else self.dtype(*seen)
        found = []
        for units, name in self._places(shown):
            dims = [_filled(dim, units, name) for dim in self._dims(shown)]
            path, said = (_filled(text, units, name) for text in (self.path, meaning))
            found.append(Dataset(path, tuple(dims), said, self.units, dtype))
        return found

    def values(self, shown: Mapping[str, Any]) -> dict[str, Any]:
        """What it is now, by path in the file."""
        found = self.value(*self._seen(shown))
        values = {}
        for units, name in self._places(shown):
            value = found if name is None else found[name]
            if units is not None:
                place = units if isinstance(value, Mapping) else shown["networks"].ladder.of_width(units)[0]
                value = value[place]
            values[_filled(self.path, units, name)] = value
        return values

    def _seen(self, shown: Mapping[str, Any]) -> list[Any]:
        return [shown[name] for name in self.views]

    def _places(self, shown: Mapping[str, Any]) -> Iterator[tuple[int | None, str | None]]:
        """Widths and names that it has one of."""
        names: Sequence[str | None] = [None]
        if NAME in self.path:
            names = shown["density"].mesh.names if self.over is None else self.over(*self._seen(shown))
        for units in shown["networks"].ladder.units if UNITS in self.path else [None]:
            yield from ((units, name) for name in names)

    def _dims(self, shown: Mapping[str, Any]) -> Iterator[str]:
        for dim in self.dims:
            if dim == AXES:
                yield from shown["density"].mesh.names
            else:
                yield shown["problem"].coordinates if dim == VALUES else dim


def _filled(text: str, units: int | None, name: str | None) -> str:
    return text.replace(UNITS, str(units)).replace(NAME, str(name))
