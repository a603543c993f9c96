"""An optimum: its atoms over the dual |h(z)|, which is largest where they are, and its function over the
data.
"""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mfpde.certificates.arrangement import is_homogeneous
from mfpde.certificates.region import region_of
from mfpde.errors import InputError
from mfpde.figures import KNOWN_FORMATS, style
from mfpde.figures.marginals import symbol
from mfpde.models.network import Network
from mfpde.optima.dual import slopes_at_data
from mfpde.optima.optimum import Optimum

POINTS, PIXELS = 2001, 241
SMALLEST, LARGEST = 12.0, 110.0  #: areas of markers, by mass
SIGNS = {1.0: (style.PALETTE[0], "$a > 0$"), -1.0: (style.ACCENT, "$a < 0$")}


def file_of(path: Path) -> Path:
    """The file that a path names: itself, or optimum.png in a folder.

    Raises:
        InputError: an unknown format.
    """
    file = path / "optimum.png" if not path.suffix else path
    if file.suffix[1:] not in KNOWN_FORMATS:
        raise InputError(
            f"--plot {path}: expected a name ending in .{', .'.join(KNOWN_FORMATS)}, or a folder"
        )
    return file


def save_optimum(found: Optimum, path: Path) -> Path:
    """Draw it into a file, or as optimum.png into a folder; returns the file.

    Raises:
        InputError: an unknown format, or a file that cannot be written.
    """
    file = file_of(path)
    with style.paper():
        figure = draw_optimum(found)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(file)
        except OSError as error:
            raise InputError(f"--plot {path}: cannot be written: {error.strerror}") from None
    return file


def draw_optimum(found: Optimum) -> Figure:
    """Left: atoms over |h|, with the level an optimum has (dashed); right: f and the data."""
    figure, axes = style.figure(1, 2, 2.9)
    left, right = axes[0]
    network = found.network
    free = np.flatnonzero([c.free for c in network.parameters.rest])
    size = len(network.parameters.rest)
    if len(free) == size == 2 and is_homogeneous(network):
        _by_angle(found, left)
    elif len(free) == 1:
        _along(found, left, int(free[0]))
    elif len(free) == 2:
        _over(found, left, figure, free)
    else:
        _by_atom(found, left)
    _function(found, right)
    return figure


def _dual(network: Network, found: Optimum, z: np.ndarray) -> np.ndarray:
    """The largest |h| of any output (n,) at z (n, components)."""
    assert network.data is not None
    p = slopes_at_data(network, found.atoms.f(network))
    return np.abs(network.features.values(z, network.data.x) @ p.T).max(axis=1)


def _signs(found: Optimum) -> np.ndarray:
    """Of the amplitudes of one output (n,); 0 of several."""
    a = found.atoms.a
    return np.sign(a[:, 0]) if a.shape[1] == 1 else np.zeros(len(a))


def _atoms(found: Optimum, panel: Axes, x: np.ndarray, y: np.ndarray) -> None:
    """Atoms at places (n,), as large as their mass."""
    masses, signs = found.atoms.masses, _signs(found)
    sizes = SMALLEST + (LARGEST - SMALLEST) * masses / masses.max()
    handles = []
    for sign in sorted(set(signs.tolist()), reverse=True):
        colour, label = SIGNS.get(sign, (style.ACCENT, "atoms"))
        of = signs == sign
        panel.scatter(x[of], y[of], sizes[of], color=colour, alpha=0.75, ec="white", lw=0.6, zorder=3)
        handles.append(Line2D([], [], marker="o", ls="", color=colour, ms=4, label=label))
    panel.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 1.14), ncol=2, handletextpad=0.1)


def _level(found: Optimum, panel: Axes) -> None:
    if found.certificate.level is not None:
        panel.axhline(found.certificate.level, color="grey", ls="--", lw=0.8, zorder=1)


def _by_angle(found: Optimum, panel: Axes) -> None:
    """|h| where rays meet the box, or on the unit circle."""
    network, region = found.network, region_of(found.network)
    z = found.atoms.z[found.atoms.masses > 0]
    angles = np.linspace(-np.pi, np.pi, POINTS)
    own = np.arctan2(found.atoms.z[:, 1], found.atoms.z[:, 0])
    angles = np.sort(np.concatenate([angles, own])) if len(z) else angles
    rays = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    if region.is_bounded:
        rays = rays * _reach(rays, region.low, region.high)[:, None]
    panel.plot(angles, _dual(network, found, rays), color=style.DENSITY, lw=1)
    length = np.linalg.norm(found.atoms.z, axis=1)
    scale = 1.0 if region.is_bounded else 1 / np.where(length > 0, length, 1.0)
    _level(found, panel)
    _atoms(found, panel, own, _dual(network, found, found.atoms.z) * scale)
    first, second = (symbol(c.name) for c in network.parameters.rest)
    panel.set(
        xlabel=f"angle of $({first}, {second})$", ylabel="dual $|h|$", ylim=(0, None), xlim=(-np.pi, np.pi)
    )
    panel.set_xticks([-np.pi, 0, np.pi], [r"$-\pi$", "0", r"$\pi$"])


def _reach(rays: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """How far rays from the origin (n, 2) go in a box; 1 where that does not hold the origin."""
    if np.any(low >= 0) or np.any(high <= 0):
        return np.ones(len(rays))
    with np.errstate(divide="ignore"):
        return np.min(np.where(rays > 0, high / rays, low / rays), axis=1, where=rays != 0, initial=np.inf)


def _window(found: Optimum, component: int) -> tuple[float, float]:
    """What is shown of a component: its domain, or a little more than atoms reach."""
    region, z = region_of(found.network), found.atoms.z[:, component]
    low, high = region.low[component], region.high[component]
    room = 0.3 * max(float(np.ptp(z)), 1.0)
    return float(low if np.isfinite(low) else z.min() - room), float(
        high if np.isfinite(high) else z.max() + room
    )


def _along(found: Optimum, panel: Axes, component: int) -> None:
    """|h| along the one component of z that is free."""
    network = found.network
    at = np.sort(np.append(np.linspace(*_window(found, component), POINTS), found.atoms.z[:, component]))
    z = np.tile(found.atoms.z[0], (len(at), 1))
    z[:, component] = at
    panel.plot(at, _dual(network, found, z), color=style.DENSITY, lw=1)
    _level(found, panel)
    _atoms(found, panel, found.atoms.z[:, component], _dual(network, found, found.atoms.z))
    panel.set(
        xlabel=f"${symbol(network.parameters.rest[component].name)}$", ylabel="dual $|h|$", ylim=(0, None)
    )


def _over(found: Optimum, panel: Axes, figure: Figure, free: np.ndarray) -> None:
    """|h| over the two components of z that are free."""
    network = found.network
    windows = [_window(found, int(k)) for k in free]
    sides = [np.linspace(*window, PIXELS) for window in windows]
    z = np.tile(found.atoms.z[0], (PIXELS**2, 1))
    for k, values in zip(free, np.meshgrid(*sides, indexing="ij"), strict=True):
        z[:, k] = values.ravel()
    image = np.concatenate([_dual(network, found, part) for part in np.array_split(z, 64)])
    shown = panel.imshow(
        image.reshape(PIXELS, PIXELS).T,
        origin="lower",
        extent=(*windows[0], *windows[1]),
        aspect="auto",
        cmap="Greys",
    )
    figure.colorbar(shown, ax=panel, label="dual $|h|$", pad=0.06)
    first, second = (found.atoms.z[:, int(k)] for k in free)
    _atoms(found, panel, first, second)
    panel.set_clip_on(False)
    for artist in panel.collections:
        artist.set_clip_on(False)
    names = [symbol(network.parameters.rest[int(k)].name) for k in free]
    panel.set(xlabel=f"${names[0]}$", ylabel=f"${names[1]}$", xlim=windows[0], ylim=windows[1])


def _by_atom(found: Optimum, panel: Axes) -> None:
    """|h| at the atoms, the largest mass first: z has more components than a panel has."""
    order = np.argsort(-found.atoms.masses)
    heights = _dual(found.network, found, found.atoms.z)
    if not region_of(found.network).is_bounded:
        heights = heights / np.maximum(np.linalg.norm(found.atoms.z, axis=1), 1e-300)
    _level(found, panel)
    place = np.empty(len(order))
    place[order] = np.arange(1, len(order) + 1)
    _atoms(found, panel, place, heights)
    panel.set(xlabel="atoms by mass", ylabel="dual $|h|$", ylim=(0, 1.15 * float(heights.max())))


def _function(found: Optimum, panel: Axes) -> None:
    """f over the data of one input; else f against the targets."""
    network, data, atoms = found.network, found.network.data, found.atoms
    assert data is not None
    if data.x.shape[1] > 1:
        f, y = atoms.f(network), data.targets
        ends = [float(min(f.min(), y.min())), float(max(f.max(), y.max()))]
        panel.plot(ends, ends, color="grey", lw=0.8, ls="--")
        for k in range(len(f)):
            panel.plot(y[k], f[k], "o", ms=3, mew=0, alpha=0.7, color=style.PALETTE[k % len(style.PALETTE)])
        panel.set(xlabel="$y$", ylabel="$f(x)$ at the optimum")
        return
    x = np.linspace(data.x.min(), data.x.max(), POINTS)
    f = (atoms.masses[:, None] * atoms.a).T @ network.features.values(atoms.z, x[:, None])
    for k in range(len(f)):
        colour = style.DATA if len(f) == 1 else style.light(style.PALETTE[k % len(style.PALETTE)])
        panel.plot(
            data.x[:, 0], data.targets[k], "o", color=colour, ms=3, mew=0, label="data" if not k else None
        )
    for k in range(len(f)):
        colour = style.ACCENT if len(f) == 1 else style.PALETTE[k % len(style.PALETTE)]
        panel.plot(x, f[k], color=colour, label="$f$ at the optimum" if not k else None)
    panel.set(xlabel=f"${symbol(data.x_names[0])}$" if len(data.x_names[0]) < 3 else data.x_names[0])
    panel.set(ylabel="$f(x)$")
    panel.legend(loc="upper center", bbox_to_anchor=(0.5, 1.14), ncol=2)
