"""What the benchmarks must show, as ratios within one run, and what they showed."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.particles import CASES
from benchmarks.rows import Part


@dataclass(frozen=True)
class Claim:
    """One ratio: `found` is at least `wanted`, or at most for a share."""

    what: str
    found: float
    wanted: float
    at_most: bool = False

    @property
    def holds(self) -> bool:
        """Whether it was shown."""
        return self.found <= self.wanted if self.at_most else self.found >= self.wanted

    def __str__(self) -> str:
        return (
            f"{'ok  ' if self.holds else 'FAIL'} {self.what}: {self.found:.3g}, wanted"
            f" {'<=' if self.at_most else '>='} {self.wanted:g}"
        )

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"holds": self.holds}


def judge(parts: dict[str, Part]) -> list[Claim]:
    """The claims that the parts measured say something about."""
    return [claim for name, part in parts.items() for claim in JUDGES.get(name, lambda _: iter(()))(part)]


def _transport(part: Part) -> Iterator[Claim]:
    for who, factor in part.numbers["times_faster"].items():
        if who.startswith(("JAX", "FiPy")):
            yield Claim(
                f"transport stage, {part.numbers['claimed_mesh']}, float32: times faster than {who}",
                factor,
                8 if who.startswith("JAX") else 1000,
            )


def _potential(part: Part) -> Iterator[Claim]:
    for name, found in part.numbers.items():
        yield Claim(f"potential, {name}: share of a step", found["share"], 0.15, at_most=True)


def _particles(part: Part) -> Iterator[Claim]:
    for (name, found), (inputs, _) in zip(part.numbers.items(), CASES, strict=False):
        if found["times_faster"]:
            who, wanted = found["best_peer"], 3.0 if inputs == 1 else 1.5
            yield Claim(
                f"particles, {name}, float32: times faster than the best peer, {who}",
                found["times_faster"][who],
                wanted,
            )


JUDGES = {"transport": _transport, "potential": _potential, "particles": _particles}
