"""Names that outputs have, as metrics declare them: no parameter may have one, and what else is in a file is
not ours.
"""

from fnmatch import fnmatchcase
from functools import cache

from mfpde.case import Case
from mfpde.errors import InputError
from mfpde.metrics import variables
from mfpde.metrics.declaration import ANY, GROWING, NUMBER
from mfpde.store import vtk
from mfpde.store.layout import FRAMES

#: what h5netcdf calls dimensions that a file does not name
UNNAMED = "phony_dim_*"
#: patterns of what versions before wrote and this one does not: their files keep it, see `store.writer`
RETIRED: frozenset[str] = frozenset()


def check_names(case: Case) -> None:
    """Refuse parameters whose names an output needs for something else, where users name them.

    Raises:
        InputError: with the name.
    """
    if not case.model.users_name_parameters:
        return
    for name in case.parameters:
        if is_taken(name):
            free = next(
                other for other in (f"{name[:14]}_1", f"p_{name[:14]}", "theta1") if not is_taken(other)
            )
            raise InputError(
                f"{case.path}: parameters.{name}: outputs have something else of this name; choose another,"
                f" such as {free}"
            )


def is_taken(name: str) -> bool:
    """Whether outputs need a name."""
    return any(fnmatchcase(name, pattern) for pattern in taken())


@cache
def taken() -> frozenset[str]:
    """Patterns of the names of all dimensions, groups and datasets."""
    names = {name for path in paths() for name in path.split("/")} - {ANY, NUMBER}
    return frozenset({UNNAMED, vtk.GROUP} | {name.replace(NUMBER, ANY) for name in names})


@cache
def paths() -> frozenset[str]:
    """Patterns of the paths of all dimensions and datasets that outputs may have, without those for VTK."""
    return frozenset({FRAMES, *GROWING, *RETIRED} | {variable.pattern for variable in variables()})
