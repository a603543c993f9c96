"""mu_b, the fixed density from which units are born (arXiv:1902.01843, section on reinjection)."""

from collections.abc import Sequence

from mfpde.case import Case
from mfpde.errors import InputError, nearest
from mfpde.laws import Law
from mfpde.laws.point import Point
from mfpde.models.parameters import ParameterSpace, check_inside


def births_laws(case: Case, parameters: ParameterSpace) -> Sequence[Law] | None:
    """Laws of the free components of units that are born, or None; a component that is not named is born
    from mu_0, an amplitude at 0 if births have a scheme.

    Raises:
        InputError: a name that is no free parameter, a parameter that is called as a key of births, or a law
            wider than its domain.
    """
    births = case.dynamics.births
    if births is None or not case.dynamics.injects:
        return None
    known = [c.name for c in parameters.free]
    for name in set(known) & set(type(births).model_fields):
        raise InputError(
            f"{case.path}: parameters.{name}: cannot be told from the key dynamics.births.{name}; expected"
            " another name"
        )
    silent = {c.name for c in parameters.amplitudes} if births.scheme not in (None, "reborn") else set()
    for name in births.laws:
        if name not in known:
            raise InputError(
                f"{case.path}: dynamics.births.{name}: is not a free parameter{nearest(name, known)}"
            )
    laws = []
    for c in parameters.free:
        spec = births.laws.get(c.name)
        unnamed = Point(0.0) if c.name in silent else c.law
        laws.append(unnamed if spec is None else spec.build())
        check_inside(laws[-1], c.domain, f"{case.path}: dynamics.births.{c.name}", "births'", c.periodic)
    return laws
