"""The schema of a case file: every key, its type, its default, its meaning. Defaults live in these tables and
nowhere else.
"""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from mfpde.case.data_tables import Data as Data
from mfpde.case.data_tables import WeightColumn as WeightColumn
from mfpde.case.messages import explain
from mfpde.case.model_tables import Dynamics as Dynamics
from mfpde.case.model_tables import Model as Model
from mfpde.case.model_tables import Parameter as Parameter
from mfpde.case.nested import check_depth, set_key
from mfpde.case.problems.network import NetworkModel as NetworkModel
from mfpde.case.problems.network import Penalty as Penalty
from mfpde.case.problems.potential import PotentialModel as PotentialModel
from mfpde.case.problems.spikes import SpikesModel as SpikesModel
from mfpde.case.side_tables import BACKENDS as BACKENDS
from mfpde.case.side_tables import LONGEST_STEP as LONGEST_STEP
from mfpde.case.side_tables import Characteristics as Characteristics
from mfpde.case.side_tables import Descent as Descent
from mfpde.case.side_tables import Eulerian as Eulerian
from mfpde.case.side_tables import Fluctuations as Fluctuations
from mfpde.case.side_tables import Lagrangian as Lagrangian
from mfpde.kinds import EXACT, OPTIMISERS, PROBLEM_TABLES
from mfpde.table import OneOf, Positive, Real, Table


class Output(Table):
    """When to write what."""

    every: Positive | None = None
    fields_every: Positive | None = None
    snapshot_replicates: Annotated[int, Field(ge=0)] = 4
    checkpoint_every: Positive = 60.0  #: seconds of the clock on the wall
    #: E below which a network has left its plateau, for the figure `escape`
    escape: Real | None = None


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
        if self.model.learns and self.data is None:
            raise ValueError(
                f"the key 'data' is required: a {self.model.kind} learns a teacher or a file (or give"
                ' model.kind = "potential" and a formula)'
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _no_data_that_nothing_learns(cls, tables: Any):
        """Before anything is said of what is in them."""
        model = tables.get("model") if isinstance(tables, dict) else None
        kind = model.get("kind") if isinstance(model, dict) else None
        if not isinstance(kind, str) or kind not in PROBLEM_TABLES or PROBLEM_TABLES[kind].learns:
            return tables
        if tables.get("data") is not None:
            raise ValueError(
                f"'data' belongs to model.kind = \"network\"; a {kind} has none: leave [data] out, or"
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
        # not `resolved`: intervals that follow from the time must follow a new time
        tables = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        for key, value in {**(changes or {}), **more}.items():
            set_key(tables, key, value)
        changed = case_from_tables(tables, self._path, self._text)
        changed._variant, changed._folder = self._variant, self._folder
        return changed


def case_from_tables(
    tables: dict[str, Any], path: Path, text: str = "", typed: dict[str, str] | None = None
) -> Case:
    """Check plain tables against the schema.

    Arguments:
        typed: keys that were set on the command line, with the option as it was typed, for messages.
    Raises:
        InputError: the first problem, as one sentence.
    """
    check_depth(tables, str(path))
    try:
        case = Case.model_validate(tables)
    except ValidationError as error:
        raise explain(error, Case, path, typed or {}) from None
    case._path, case._text = path, text
    with suppress(OSError):  # a process whose folder is gone has absolute paths alone
        case._folder = path.absolute().parent
    return case
