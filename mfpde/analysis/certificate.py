"""What the certificates of a run prove together: E* is one number, so the best bound of all times serves
each.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from mfpde.results.run import Run


@dataclass(frozen=True)
class Certified:
    """Lower bounds of E* that a run has found."""

    lower_bounds: np.ndarray  #: at every output time (times,)
    proven: np.ndarray  #: which of them are proven (times,)
    kind: str  #: what they are worth

    @property
    def best(self) -> float:
        """The largest; of the proven ones, if any is."""
        kept = self.lower_bounds[self.proven] if np.any(self.proven) else self.lower_bounds
        return float(np.nanmax(kept))

    @property
    def is_proven(self) -> bool:
        """Whether the best is proven."""
        return bool(np.any(self.proven))


def certified(run: "Run") -> Certified | None:
    """The bounds of a run; None if it has none: a potential, or a file of an earlier version."""
    if "certificate" not in run.tree.children:
        return None
    found = run.group("certificate")
    bounds = found["lower_bound"]
    return Certified(bounds.values, found["proven"].values > 0.5, str(bounds.attrs.get("long_name", "")))


def certificate_table(run: "Run") -> dict[str, Any] | None:
    """What gaps of a run are worth, for --json: over which measures they hold ("continuum" or, of free
    energies, "grid"), whether they are proven at every time, and the bounds of E*.
    """
    if run.has_density and run.case["dynamics"].get("diffusion") and "gap" in run.eulerian:
        return {
            "domain": "grid",
            "certified": True,
            "why": str(run.eulerian["gap"].attrs.get("long_name", "")),
        }
    if (found := certified(run)) is None:
        return None
    return {
        "domain": "continuum",
        "certified": bool(np.all(found.proven)),
        "why": found.kind,
        "lower_bound": found.lower_bounds.tolist(),
        "best_lower_bound": found.best,
    }


def in_words(run: "Run") -> str:
    """How far the end of a run is from the best measure, in one sentence; empty where nothing is known."""
    if len(run.times) == 0:
        return ""
    until, bounds = f"at time {run.times[-1]:g}", certified(run)
    if bounds is None or run.case["dynamics"].get("diffusion"):
        if not (run.has_density and "gap" in run.eulerian):
            return ""
        name = "the free energy" if run.case["dynamics"].get("diffusion") else "the energy"
        gap = float(run.eulerian["gap"].values[-1])
        said = f"{until} {name} of the density is at most {gap:.2g} above the least there is"
        return said if np.isfinite(gap) else ""
    if run.has_density:
        energy, whose = float(run.eulerian["energy"].values[-1]), "the density"
    elif run.units:
        widest = run.units[-1]
        energy = float(run.lagrangian(widest)["energy"].values[-1].mean())
        whose = f"networks of {widest} units"
    else:
        return ""
    word = "at most" if bounds.is_proven else "by an estimate"
    return (
        f"{until} the energy of {whose} is {word} {energy - bounds.best:.2g} above the least of all measures"
    )
