"""Waves, s^p exp(g.s) cos(w.s) and s^p exp(g.s) sin(w.s): functions of differences of finite rank."""

from typing import NamedTuple


class Wave(NamedTuple):
    """s^powers exp(growth . s) times the cosine or the sine of frequency . s; one entry per component."""

    powers: tuple[int, ...]
    growth: tuple[float, ...]
    frequency: tuple[float, ...]
    sine: bool = False

    @property
    def turns(self) -> bool:
        """Whether it has a frequency, so that a sine goes with the cosine."""
        return any(self.frequency)


def derivative(u: Wave, k: int) -> list[tuple[Wave, float]]:
    """Features and factors that the derivative of a feature by component k consists of."""
    parts: list[tuple[Wave, float]] = []
    if power := u.powers[k]:
        parts.append((u._replace(powers=(*u.powers[:k], power - 1, *u.powers[k + 1 :])), float(power)))
    if growth := u.growth[k]:
        parts.append((u, growth))
    if frequency := u.frequency[k]:
        parts.append((u._replace(sine=not u.sine), frequency if u.sine else -frequency))
    return parts


def addition_theorem(here: Wave, there: Wave, sine: bool) -> list[tuple[Wave, Wave, float]]:
    """Factors at x and y, and signs: cos(w(x - y)) = cos cos + sin sin, sin(w(x - y)) = sin cos - cos sin."""
    if not here.turns:
        return [(here, there, 1.0)]
    here_sine, there_sine = here._replace(sine=True), there._replace(sine=True)
    return (
        [(here_sine, there, 1.0), (here, there_sine, -1.0)]
        if sine
        else [(here, there, 1.0), (here_sine, there_sine, 1.0)]
    )
