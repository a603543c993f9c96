"""Steps of noise, chosen by an estimate of their error before their noise is drawn.

A step of length h has kicks at the nodes c of a Gauss rule on [0, h], with its weights b as variances, and
exact drift between them. In a quadratic potential of stiffness k the variance of the units then is tau / k
times the rule's value of the integral of e^(-2 k s) over that integral. One node is Strang's splitting: k h /
sinh(k h) = 1 - (k h)^2 / 6 + ...; two err by (k h)^4 / 270. What bends the potential adds an error of order
(k h)^2 to either: with two nodes at most about (k h)^2 / 60 of the variance, measured in quartic, double and
unequal wells. k is how the velocity answers to a virtual kick of the step's own length, see `Noise.answer`.
Steps are thus functions of the present, and never taken back once their noise is known, which would bias the
law.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mfpde.errors import RunError
from mfpde.lagrangian.noise import Noise

#: number of nodes: nodes, weights, and the error of the variance over (k h)^2
RULES: dict[int, tuple[tuple[float, ...], tuple[float, ...], float]] = {
    1: ((0.5,), (1.0,), 1 / 6),
    2: ((0.5 - 12**-0.5, 0.5 + 12**-0.5), (0.5, 0.5), 1 / 60),
}
#: share of the longest step allowed that a new step has, lest chance shorten it again at once
SAFETY = 0.9
#: how much a step may be shortened before the curvature is looked at anew, over the shorter kicks
SHORTEN = 8.0
#: steps to the next output beyond which a run would not end
MOST_STEPS = 10**6

#: rate and answers for directions, with kicks of a time h
Probe = Callable[[np.ndarray, float], tuple[float, np.ndarray]]
#: what a checkpoint holds, and what it has in one of an earlier version
SAVED = {"kicked_from": None, "kicked": 0, "longest": np.inf, "nodes": 1, "judged": False, "answers": None}


@dataclass
class NoiseSteps:
    """Where a call of `Flow.advance` is among its steps of noise: equal ones from `kicked_from` to its end,
    until the estimate changes them.
    """

    noise: Noise
    noise_step: float
    tolerance: float
    #: where the present equal steps began, if a call of `advance` is under way
    kicked_from: float | None = None
    kicked: int = 0  #: kicks since then
    longest: float = np.inf  #: a step, besides `noise_step`
    nodes: int = 1  #: kicks of a step
    judged: bool = False  #: whether the present step has been found short enough
    answers: np.ndarray | None = None  #: directions that the last virtual kick gave

    def begin(self, time: float) -> None:
        """A call of `advance` starts, unless one goes on from a checkpoint."""
        if self.kicked_from is None:
            self.kicked_from, self.kicked = time, 0

    def end(self) -> None:
        """A call of `advance` has ended."""
        self.kicked_from = None

    def layout(self, until: float) -> tuple[float, int, float]:
        """Where equal steps began, how many there are until then, and their length."""
        assert self.kicked_from is not None
        count = int(np.ceil((until - self.kicked_from) / min(self.noise_step, self.longest) * (1 - 1e-9)))
        return self.kicked_from, count, (until - self.kicked_from) / max(count, 1)

    def judge(self, time: float, until: float, step: int, probe: Probe) -> None:
        """Keep the present steps if they are short enough and not needlessly short; else begin other ones
        here.

        Arguments:
            step: number of the next kick.
        Raises:
            RunError: steps are too short for the run to end.
        """
        h = self.layout(until)[2]
        directions = self.noise.directions(self.answers, step)
        rate, answers = probe(directions, h)
        allowed = self._allowed(rate)
        if (
            allowed < h * (1 - 1e-9)
            or self.nodes != self._nodes(rate, h)
            or (allowed > 2 * h and self.longest < self.noise_step)
        ):
            # a longer kick may see less of a narrow well, a shorter one more: grow slowly, and look again
            # after shrinking
            h = min(self.noise_step, SAFETY * allowed, 2 * h)
            while True:
                rate, answers = probe(directions, h)
                allowed = self._allowed(rate)
                if not (until - time) / MOST_STEPS < allowed:
                    self._refuse(time, rate, allowed)
                if allowed >= h:
                    break
                h = max(SAFETY * allowed, h / SHORTEN)
            self.kicked_from, self.kicked, self.longest, self.nodes = time, 0, h, self._nodes(rate, h)
        self.answers, self.judged = answers, True

    def _nodes(self, rate: float, h: float) -> int:
        return 1 if h <= self._longest(1, rate) else 2

    def _longest(self, nodes: int, rate: float) -> float:
        return float(np.sqrt(self.tolerance / RULES[nodes][2]) / rate) if rate > 0 else np.inf

    def _allowed(self, rate: float) -> float:
        return min(self.noise_step, max(self._longest(nodes, rate) for nodes in RULES))

    def _refuse(self, time: float, rate: float, allowed: float) -> None:
        raise RunError(
            f"lagrangian.noise_tolerance: units meet rates of {rate:.1e} at time {time:g}, where steps of"
            f" noise (dynamics.diffusion) would be {allowed:.1e}, more than {MOST_STEPS:.0e} to the next"
            " output: the potential is too stiff, or has a jump; soften it, or set lagrangian.units = []"
        )
