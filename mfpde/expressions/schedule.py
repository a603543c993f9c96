"""Rates that change in time: a number, or a formula in t."""

from collections.abc import Callable

import numpy as np

from mfpde.errors import InputError
from mfpde.expressions.evaluate import evaluate
from mfpde.expressions.parse import parse

#: times at which a formula is tried
TRIED = 2001
#: places in [-1, 1] and weights, for means over a step
GAUSS = np.polynomial.legendre.leggauss(5)


class Schedule:
    """A nonnegative rate, constant or not."""

    def __init__(self, rate: Callable[[float], float], largest: float, constant: bool):
        self.rate, self.largest, self.constant = rate, largest, constant

    def __call__(self, time: float) -> float:
        """The rate at a time."""
        return self.rate(time)

    def mean(self, start: float, end: float) -> float:
        """Its mean over a short time, by a Gauss rule; itself where it is constant."""
        if self.constant:
            return self.rate(start)
        middle, half = (start + end) / 2, (end - start) / 2
        values = [self.rate(middle + half * place) for place in GAUSS[0]]
        return float(np.dot(values, GAUSS[1]) / 2)


def constant(rate: float) -> Schedule:
    """A rate that does not change."""
    return Schedule(lambda t: rate, rate, True)


def schedule_of(given: float | str, time: float, where: str, positive: bool = False) -> Schedule:
    """What a key of a case means over [0, time].

    Arguments:
        positive: whether a formula must not be 0 either.
    Raises:
        InputError: a formula that is negative (0 too, if `positive`) or not finite at a time, or cannot be
            read.
    """
    if not isinstance(given, str):
        return constant(given)
    formula = parse(given, ["t"], where)
    times = np.linspace(0, time, TRIED)
    values = np.broadcast_to(evaluate(formula, {"t": times}), times.shape)
    if not np.all(right := np.isfinite(values) & (values > 0 if positive else values >= 0)):
        bad = int(np.argmin(right))
        raise InputError(
            f"{where}: '{given}' is {values[bad]:g} at t = {times[bad]:g}; expected a formula in t that is"
            f" finite and {'above' if positive else 'at least'} 0 from 0 to {time:g}"
        )
    return Schedule(lambda t: float(evaluate(formula, {"t": np.array(t)})), float(values.max()), False)
