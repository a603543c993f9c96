"""Where units can be, and whether a formula and its derivatives have finite values there, in the precision of
the run.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import sympy

from mfpde.case import Case
from mfpde.errors import InputError
from mfpde.expressions import evaluate_together
from mfpde.models.parameters import Component

#: points at which a formula is tried
POINTS = 4096
#: Points keep this share of a domain away from its walls: V may be infinite right there, as -log(x) is at 0,
#: and hold units off.
INSET = 1e-6
#: where there is no domain: quantiles of the initial law
TAIL = 1e-6


def reached(components: Sequence[Component], differences: bool = False) -> list[np.ndarray]:
    """Points that fill the domains (of a component without domain, the reach of its initial law), or
    differences of two such points.

    Ends, middles and zeros are among them, in all combinations; the same points in every run. One array
    (POINTS,) per component.
    """
    random = np.random.default_rng(0)
    return [
        _spread(*_range(c, differences), random, filled=sum(other.free for other in components) == 1)
        for c in components
    ]


def _range(c: Component, differences: bool) -> tuple[float, float]:
    if not c.free:
        at = 0.0 if differences else float(c.law.quantile(np.zeros(1))[0])
        return at, at
    low, high = (
        c.domain if c.domain is not None else (float(q) for q in c.law.quantile(np.array([TAIL, 1 - TAIL])))
    )
    width = high - low
    if differences:
        return (-width / 2, width / 2) if c.periodic else (-width, width)
    margin = INSET * width if c.domain is not None and not c.periodic else 0.0
    return low + margin, high - margin


def _spread(low: float, high: float, random: np.random.Generator, filled: bool) -> np.ndarray:
    """Numbers of which half are special; evenly spread if no other component varies."""
    special = [low, high, (low + high) / 2, *([0.0, 0.0] if low <= 0 <= high else [])]
    points = np.linspace(low, high, POINTS) if filled else random.uniform(low, high, POINTS)
    points = (
        np.where(random.random(POINTS) < 0.5, random.choice(special, POINTS), points)
        if not filled
        else points
    )
    points[: len(special)] = special
    return points


def reached_arguments(components: Sequence[Component], x: np.ndarray) -> np.ndarray:
    """Numbers t that fill the range of <w, x_l> + b over inputs x (L, d) and the reach of w and b, given as
    components (w1, ..., wd[, b]).
    """
    points, random = reached(components), np.random.default_rng(1)
    rows = x[random.integers(len(x), size=POINTS)]
    t = sum(w * column for w, column in zip(points, rows.T, strict=False)) + sum(points[x.shape[1] :])
    return _spread(float(np.min(t)), float(np.max(t)), random, filled=True)


def precisions(case: Case) -> tuple[str, str]:
    """The precision in which values, and that in which derivatives are needed; derivatives matter to units
    alone.
    """
    units = case.lagrangian.precision if case.lagrangian.units else "none"
    single = "float32" in (units, case.eulerian.precision if case.eulerian.enabled else units)
    return "float32" if single else "float64", units


def refuse_where_not_finite(
    named: Mapping[str, sympy.Expr],
    names: Sequence[str],
    points: Sequence[np.ndarray],
    where: str,
    precision: str = "float64",
) -> None:
    """Refuse expressions that have no finite value at one of the points.

    Arguments:
        named: expressions by what they are called in the message, such as "'1/x'" or "the derivative of '1/x'
            by x".
        points: by name of the variable, arrays that broadcast together.
    Raises:
        InputError: with the first place at which one of them is not finite.
    """
    given = {name: np.asarray(values, dtype=precision) for name, values in zip(names, points, strict=True)}
    with np.errstate(all="ignore"):
        found = [value.astype(precision) for value in evaluate_together(list(named.values()), given)]
    for what, value in zip(named, found, strict=True):
        bad = np.flatnonzero(~np.isfinite(value))
        if not bad.size:
            continue
        place = ", ".join(
            f"{name} = {np.broadcast_to(v, value.shape).flat[bad[0]]:.4g}" for name, v in given.items()
        )
        single = " in single precision" if precision == "float32" else ""
        raise InputError(
            f"{where}: {what} is not finite{single} at {place}, which is in reach; expected a formula that is"
            " finite there"
        )
