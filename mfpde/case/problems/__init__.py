"""The table [model] of every kind of problem, by the names of their files.

To add a kind, add a module that defines `TABLE`, a `ProblemTable` whose first key is `kind`, and `EXAMPLE`,
the tables of a small case for tests; and one of the same name to `mfpde.models.problems`, which builds the
problem.
"""

from typing import ClassVar

from mfpde.table import Table


class ProblemTable(Table):
    """Base of them: what other tables, stores and devices must know of a kind of problem."""

    #: whether it learns what [data] describes; else there is none
    learns: ClassVar[bool] = False
    #: whether users name its parameters, which may then collide with names of an output
    users_name_parameters: ClassVar[bool] = True
    #: kernels of its units, a name of `mfpde.verify.kinds.KINDS`; None if units move on the host
    kernels: ClassVar[str | None] = None
    #: whether the mass of its measure is 1 at all times; else a reaction changes it
    conserves_mass: ClassVar[bool] = True

    @property
    def mass(self) -> float:
        """Of the measure at time 0."""
        return 1.0
