"""Optimisers: which way networks go in a step of finite length, from their velocity -M grad V and what they
remember.

To add one, add a file with its table, a `DescentTable` with keys of its own, and ``OPTIMISER`` = the table;
its name is then a choice of descent.optimiser. The velocity is n times the gradient of a loss of order 1, so
that what is remembered, like the step, has the same scale for all widths n.
"""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Protocol

from pydantic import Field, model_validator

from mfpde.table import Positive, PositiveInt, Table

#: rows of components and one more, for all units; where the backend keeps it
State = Any


class Arithmetic(Protocol):
    """What optimisers ask of a backend."""

    def combine(self, y: State, stages: Sequence[State], factors: Sequence[float]) -> State:
        """y + sum factors * stages, with up to seven stages, as a new state."""


class DescentTable(Table):
    """Networks trained by steps of finite length beside the flow, with all data or on minibatches."""

    #: whether networks follow the flow as the step tends to 0, all else fixed; then at first order
    follows_flow: ClassVar[bool] = True

    optimiser: str
    steps: list[Positive] = []
    batches: Annotated[list[Annotated[int, Field(ge=0, le=10_000_000)]], Field(min_length=1)] = [0]
    units: PositiveInt = 1000
    replicates: PositiveInt = 8

    @model_validator(mode="after")
    def _each_once(self):
        for name in ("steps", "batches"):
            if len(set(getattr(self, name))) != len(getattr(self, name)):
                raise ValueError(f"'{name}' names a value twice")
        return self

    def turn(
        self, backend: Arithmetic, rate: State, memory: Sequence[State]
    ) -> tuple[State, Sequence[State]]:
        """The direction of the next step, theta <- theta + eta direction, and what to remember after it.

        Arguments:
            rate: -M grad V where the networks are, and V in its last row; not to be changed.
            memory: what was remembered after the last step; empty before the first. Checkpoints hold it.
        """
        raise NotImplementedError
