"""The atoms of the optimum over the final density: where mass should gather, and where it has."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from mfpde.analysis.excess import known_optimum
from mfpde.figures import needs, style
from mfpde.results.run import Run

NEEDS = "a density, and an optimum that is found at once"
#: of the largest density, from which it is coloured
FAINTEST = 1e-4
AREA = 500  #: of an atom of mass 1, in square points


def lacks(run: Run) -> str:
    """What the run lacks of what is shown."""
    if said := needs.density(run) or needs.data_points(run):
        return said
    return "" if known_optimum(run) else "an optimum that is found at once (mfpde optimum takes its time)"


def draw(run: Run) -> Figure | None:
    """Left: the density of z, over one component or two of it. Right: that of the amplitude. Atoms of the
    optimum are circles with the area of their mass; blue for a > 0, orange for a < 0.
    """
    if needs.density(run) or needs.data_points(run) or (optimum := known_optimum(run)) is None:
        return None
    atoms = optimum.table["atoms"]
    axes_of_run = [str(name) for name in run.mu.dims if name not in ("time", "fields_time")]
    free = [name for name in axes_of_run if not name.startswith("a")][:2]
    amplitudes = [name for name in axes_of_run if name.startswith("a")][:1]
    figure, axes = style.figure(1, 1 + len(amplitudes), 2.9)
    if len(free) == 2:
        _plane(figure, axes[0, 0], run, free, atoms)
    else:
        _line(axes[0, 0], run, free[0], atoms)
    for name in amplitudes:
        _line(axes[0, 1], run, name, atoms)
    for sign, colour in (("> 0", style.PALETTE[0]), ("< 0", style.PALETTE[1])):
        label = f"atoms of the optimum, $a {sign}$"
        axes[0, 0].plot([], [], "o", mfc="none", mec=colour, mew=1.3, ms=4, ls="", label=label)
    style.legend_below(figure, axes[0, 0])
    return figure


def _plane(figure: Figure, panel: Axes, run: Run, names: list[str], atoms: list[dict[str, float]]) -> None:
    density = run.marginal(*names)
    density = density.isel({density.dims[0]: -1})
    values = density.transpose(names[1], names[0]).values
    most = float(values.max())
    image = panel.pcolormesh(
        density[names[0]], density[names[1]], np.maximum(values, FAINTEST * most),
        norm=LogNorm(FAINTEST * most, most), cmap="Greys", rasterized=True,
    )  # fmt: skip
    figure.colorbar(image, ax=panel, label=f"density of $({names[0]}, {names[1]})$", pad=0.02)
    for atom in atoms:
        _circle(panel, atom[names[0]], atom[names[1]], atom)
    panel.set(xlabel=f"${names[0]}$", ylabel=f"${names[1]}$", title=f"$t = {run.times[-1]:g}$")


def _line(panel: Axes, run: Run, name: str, atoms: list[dict[str, float]]) -> None:
    density = run.marginal(name)
    density = density.isel({density.dims[0]: -1})
    panel.plot(density[name], density, color=style.DENSITY)
    top = float(density.max())
    for atom in atoms:
        _circle(panel, atom[name], 0.0, atom)
    panel.set(xlabel=f"${name}$", ylabel=f"density of ${name}$", ylim=(0, 1.05 * top))


def _circle(panel: Axes, x: float, y: float, atom: dict[str, float]) -> None:
    colour = style.PALETTE[0] if atom.get("a", 1.0) > 0 else style.PALETTE[1]
    panel.scatter(
        [x], [y], s=AREA * atom["mass"], facecolors="none", edgecolors=colour, lw=1.3, clip_on=False, zorder=3
    )
