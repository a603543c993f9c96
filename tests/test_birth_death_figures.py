"""Energies and final clouds of several runs side by side: what is drawn is what the files hold, in the right
panel.
"""

import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import small_case

import mfpde
from mfpde.figures import clouds, energies, plot, style

WIDTHS = [8, 24]
SMALL = {"time": 0.5, "output": {"every": 0.1}, "lagrangian.units": WIDTHS, "lagrangian.replicates": 6}
#: over a and b; in NumPy there is nothing to compile
PLANE = SMALL | {"parameters.w": {"fixed": 1.5}, "eulerian.backend": "numpy"}
NODES = PLANE | {"eulerian.enabled": False, "characteristics.nodes": 128}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("several")
    return lambda name, **changes: mfpde.run(small_case(**changes), folder / f"{name}.h5")


@pytest.fixture(scope="module")
def descent(made):
    """With a mesh, and nodes beside it."""
    return made("descent", **(PLANE | {"characteristics.nodes": 128}), title="Wide start, descent")


@pytest.fixture(scope="module")
def jumping(made):
    """With a mesh, units of different weights, and longer."""
    changes = {
        "time": 0.8,
        "dynamics.birth_death": 2.0,
        "lagrangian.reaction": "weights",
        "title": "Wide start, birth-death",
    }
    return made("jumping", **(PLANE | changes))


@pytest.fixture(scope="module")
def narrow(made):
    """From another law, with nodes in place of a mesh, and four widths."""
    start = {
        "parameters.b.initial": {"law": "normal", "mean": 1.0, "std": 0.1},
        "lagrangian.units": [4, 8, 12, 24],
    }
    return made("narrow", **(NODES | start), title="Narrow start, descent")


@pytest.fixture(scope="module")
def networks(made):
    """Nothing but networks, one of each width."""
    return made("networks", **(NODES | {"characteristics.nodes": 0, "lagrangian.replicates": 1}))


def drawn(module, *runs):
    with style.paper():
        return module.draw(list(runs))


def panels_of(figure):
    return [panel for panel in figure.axes if panel.get_visible() and panel.get_label() != "<colorbar>"]


def legend_of(figure):
    return [text.get_text() for text in figure.legends[0].get_texts() if text.get_text()]


def lines_of(panel, style="-"):
    return [line for line in panel.get_lines() if line.get_linestyle() == style]


def test_runs_of_one_start_share_a_panel(descent, narrow, jumping):
    figure = drawn(energies, descent, narrow, jumping)
    wide, other = panels_of(figure)
    assert [panel.get_title(loc="left") for panel in (wide, other)] == ["Wide start", "Narrow start"]
    assert (wide.get_xlim(), other.get_xlim()) == ((0, 0.8), (0, 0.5))
    assert wide.get_ylim() == other.get_ylim()
    assert wide.get_yscale() == "log"
    assert [len(lines_of(panel)) for panel in (wide, other)] == [2, 1]
    # descent looks the same from both starts
    assert [line.get_color() for line in lines_of(wide)] == list(style.PALETTE[:2])
    assert [line.get_color() for line in lines_of(other)] == list(style.PALETTE[:1])
    # not the 12 of the narrow start
    widths = [f"$n = {units}$: mean and middle 80 %" for units in (4, 8, 24)]
    assert set(legend_of(figure)) == {"descent", "birth-death", r"mean field ($n = \infty$)", *widths}


def test_energies_are_those_of_the_files(descent, jumping, narrow):
    wide, other = panels_of(drawn(energies, descent, jumping, narrow))
    expected = [(wide, descent, "eulerian"), (wide, jumping, "eulerian"), (other, narrow, "characteristics")]
    for (panel, run, group), line in zip(expected, lines_of(wide) + lines_of(other), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), run.tree[f"{group}/energy"])
        np.testing.assert_array_equal(line.get_xdata(), run.times)
        means = [
            found
            for found in panel.get_lines()
            if found.get_color() == line.get_color() and found is not line
        ]
        bands = [
            found
            for found in panel.collections
            if np.allclose(found.get_facecolor()[0, :3], rgb(line.get_color()))
        ]
        shown = energies.shown_widths(run)
        for units, mean, band in zip(shown, means, bands, strict=True):
            values = run.lagrangian(units)["energy"].values
            np.testing.assert_allclose(mean.get_ydata(), values.mean(axis=1), rtol=1e-14)
            corners = band.get_paths()[0].vertices
            for k, time in enumerate(run.times):
                at = corners[corners[:, 0] == time, 1]
                np.testing.assert_allclose(
                    [at.min(), at.max()], np.quantile(values[k], [0.1, 0.9]), rtol=1e-14
                )


def rgb(colour):
    return [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]


def test_the_mesh_goes_before_the_nodes(descent):
    np.testing.assert_array_equal(energies.mean_field_energy(descent), descent.tree["eulerian/energy"])
    assert not np.array_equal(descent.tree["eulerian/energy"], descent.tree["characteristics/energy"])


def test_networks_without_a_mean_field_and_without_replicates(networks, descent):
    (panel,) = panels_of(figure := drawn(energies, networks))
    assert lines_of(panel) == []
    assert len(panel.get_lines()) == len(WIDTHS)
    assert not panel.collections
    assert legend_of(figure)[0] == "networks"  # a run without a title is called by its file
    assert not any("mean field" in label for label in legend_of(figure))
    assert len(panels_of(drawn(energies, networks, descent))) == 1


def test_energies_below_zero_stay_on_a_plain_axis(tmp_path):
    tables = """
        time = 0.2
        [model]
        kind = "potential"
        external = "x^2/2 - 1"
        [parameters.x]
        initial = { law = "normal", std = 2.0, within = [-3, 3] }
        [eulerian]
        enabled = false
        [lagrangian]
        units = [10]
        replicates = 3
        [characteristics]
        nodes = 64
        """
    (tmp_path / "well.toml").write_text(tables)
    run = mfpde.run(mfpde.load_case(tmp_path / "well.toml"), tmp_path / "well.h5")
    (panel,) = panels_of(drawn(energies, run))
    assert panel.get_yscale() == "linear"
    low, high = panel.get_ylim()
    values = np.concatenate([line.get_ydata() for line in panel.get_lines()])
    assert low < values.min() < values.max() < high


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        (
            ["Bad start, descent", "Bad start, birth-death with births"],
            ("Bad start", ["descent", "birth-death with births"]),
        ),
        (
            ["Bad start, birth-death", "Bad start, birth-death: births"],
            ("Bad start", ["birth-death", "birth-death: births"]),
        ),
        (["Paper: wide, fast", "Paper: wide, slow"], ("Paper: wide", ["fast", "slow"])),
        (["Descending", "Descent"], ("", ["Descending", "Descent"])),
        (["Bad start, descent"], ("Bad start", ["descent"])),
        (["Alone"], ("", ["Alone"])),
        (["Twice, so", "Twice, so"], ("Twice", ["so (file0)", "so (file1)"])),
    ],
)
def test_names_say_once_what_runs_have_in_common(titles, expected):
    runs = [SimpleNamespace(case={"title": text}, path=Path(f"file{k}.h5")) for k, text in enumerate(titles)]
    found = energies.names(runs, runs)
    assert {name.heading for name in found} == {expected[0]}
    assert [name.label for name in found] == expected[1]


def test_clouds_are_those_of_the_files(descent, narrow, jumping):
    figure = drawn(clouds, descent, narrow, jumping)
    panels = panels_of(figure)  # the narrow start has no density
    assert [panel.get_title(loc="left") for panel in panels] == [
        "Wide start, descent, $t=0.5$",
        "Wide start, birth-death, $t=0.8$",
    ]
    assert panels[0].get_xlim() == panels[1].get_xlim()
    assert panels[0].get_ylim() == panels[1].get_ylim()
    for panel, run in zip(panels, (descent, jumping), strict=True):
        image, units = panel.collections
        particles = run.lagrangian(WIDTHS[-1])["particles"].values[-1, 0]
        np.testing.assert_array_equal(units.get_offsets(), particles[:, [2, 0]])
        mu = run.mu.values[-1]
        rows, columns = (clouds.stretch((mu > clouds.FLOOR * mu.max()).any(axis=other)) for other in (1, 0))
        np.testing.assert_allclose(image.get_array(), (mu / mu.max())[rows, columns], rtol=1e-14)
        corners = image.get_coordinates()
        np.testing.assert_allclose(corners[0, :-1, 0], run.tree["b_bounds"].values[columns, 0])
        np.testing.assert_allclose(corners[1:, 0, 1], run.tree["a_bounds"].values[rows, 1])
    assert legend_of(figure) == [f"units of one network, $n = {WIDTHS[-1]}$"]


def test_areas_of_units_are_their_weights(jumping):
    (panel,) = panels_of(drawn(clouds, jumping))
    sizes, weights = panel.collections[1].get_sizes(), jumping.lagrangian(WIDTHS[-1])["weights"].values[-1, 0]
    assert np.ptp(sizes) > 0.01 * clouds.AREA
    np.testing.assert_allclose(sizes, clouds.AREA * weights / weights.mean(), rtol=1e-12)


@pytest.mark.parametrize(("since", "marks"), [(None, 0), (0.3, 1), (0.6, 0)])
def test_a_density_that_is_not_resolved_is_marked(descent, monkeypatch, since, marks):
    monkeypatch.setitem(descent.attributes["health"], "resolution_time", since)
    (panel,) = panels_of(drawn(clouds, descent))
    assert sum("narrower" in text.get_text() for text in panel.texts) == marks


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ("aabbb", (2, 3, [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)])),
        ("abab", (2, 2, [(0, 0), (1, 0), (0, 1), (1, 1)])),
        ("ab", (1, 2, [(0, 0), (0, 1)])),
        ("aaaaa", (2, 3, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)])),
        ("abcab", (2, 3, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)])),
    ],
)
def test_a_row_of_clouds_for_every_start_if_there_is_room(starts, expected):
    assert (
        clouds.arrange(
            [SimpleNamespace(case={"parameters": {"a": {"initial": {"law": start}}}}) for start in starts]
        )
        == expected
    )


def test_nothing_is_drawn_of_what_runs_lack(networks):
    assert drawn(energies) is None
    assert drawn(clouds, networks) is None
    three_axes = SimpleNamespace(
        has_density=True, mu=np.zeros((2, 4, 4, 4)), units=[8], lagrangian=lambda _: {"particles": None}
    )
    unseen = SimpleNamespace(
        has_density=True, mu=np.zeros((2, 4, 4)), units=[8], lagrangian=lambda _: {"energy": None}
    )
    assert drawn(clouds, three_axes, unseen) is None


def test_figures_are_written_without_warnings(descent, jumping, narrow, networks, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        written = plot([descent, jumping, networks], tmp_path, ["energies", "clouds"])
    assert [file.name for file in written] == ["energies.pdf", "energies.png", "clouds.pdf", "clouds.png"]
