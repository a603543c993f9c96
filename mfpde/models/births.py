"""The fixed density from which killed units are reborn (arXiv:1902.01843, section on reinjection)."""

from collections.abc import Sequence

from mfpde.case import Case
from mfpde.errors import InputError, nearest
from mfpde.laws import Law
from mfpde.models.parameters import ParameterSpace, check_inside


def births_laws(case: Case, parameters: ParameterSpace) -> Sequence[Law] | None:
    """Laws of the free components of reborn units, or None; a component that is not named is reborn from
    mu_0.

    Raises:
        InputError: a name that is no free parameter, or a law wider than its domain.
    """
    if case.dynamics.births is None:
        return None
    known = [c.name for c in parameters.free]
    for name in case.dynamics.births:
        if name not in known:
            raise InputError(
                f"{case.path}: dynamics.births.{name}: is not a free parameter{nearest(name, known)}"
            )
    laws = []
    for c in parameters.free:
        spec = case.dynamics.births.get(c.name)
        laws.append(c.law if spec is None else spec.build())
        check_inside(laws[-1], c.domain, f"{case.path}: dynamics.births.{c.name}", "births'", c.periodic)
    return laws
