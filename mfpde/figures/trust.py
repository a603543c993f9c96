"""Whether the mesh holds the density: what lies at its walls, and how many cells the narrowest peak has."""

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from mfpde.figures import needs, style
from mfpde.figures.marginals import symbol

if TYPE_CHECKING:
    from mfpde.analysis.run import Run

NEEDS = "a density"
WALL = 1e-6  #: mass in outermost cells from which a run warns
CELLS = 2.0  #: of a peak, below which weak quantities alone mean something
LEAST = 1e-18  #: shown of no mass


def lacks(run: "Run") -> str:
    """What the run lacks of what is shown."""
    return needs.density(run)


def draw(run: "Run") -> Figure | None:
    """Left: mass in the outermost cells of every axis with walls; right: the narrowest peak, in cells. Dotted
    is from where on a run warns.
    """
    if lacks(run):
        return None
    density = run.eulerian
    figure, axes = style.figure(1, 2, 2.6)
    left, right = axes[0]
    for name in run.parameters:
        if (mass := density.get(f"wall_mass_{name}")) is not None:
            left.plot(mass.time, mass.clip(LEAST), label=f"${symbol(name)}$")
    left.axhline(WALL, color="grey", ls=":")
    left.set(xlabel="time $t$", ylabel="mass at walls", yscale="log")
    if left.get_legend_handles_labels()[0]:
        left.legend()
    right.plot(density.time, density["narrowest_blob"])
    right.axhline(CELLS, color="grey", ls=":")
    right.set(xlabel="time $t$", ylabel="narrowest peak (cells)", ylim=(0, None))
    return figure
