"""`mfpde converge`: observed orders are those the schemes claim; characteristics are a reference."""

import numpy as np
import pytest
from conftest import small_case
from scipy.stats import qmc

from mfpde.errors import InputError
from mfpde.lagrangian.characteristics import build_characteristics, observe
from mfpde.models.network import build_network
from mfpde.studies.converge import converge

FINE = {f"parameters.{name}.cells": n for name, n in zip("awb", (41, 64, 64), strict=True)}


def test_the_mesh_converges_at_second_order_to_the_characteristics(device):
    table = converge(small_case(**FINE), "cells", 3, device)
    assert [level["value"] for level in table["levels"]] == [16, 32, 64]
    assert min(table["orders"]["function"]) > 1.7
    assert min(table["orders"]["energy"]) > 1.2  # differences of signs make it irregular
    assert table["reference_error"] < table["levels"][-1]["errors"]["function"]
    assert table["levels"][-1]["errors"]["function"] < 1e-3


def test_upwind_converges_at_first_order(device):
    table = converge(small_case(**FINE, **{"eulerian.scheme": "upwind"}), "cells", 3, device)
    assert 0.7 < table["orders"]["w1_w"][-1] < 1.3


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [0.0, 2.0])
def test_time_steps_converge_at_second_order(alpha, device):
    table = converge(small_case(**{"dynamics.birth_death": alpha}), "dt", 3, device)
    assert min(table["orders"]["function"]) > 1.7
    assert min(table["orders"]["energy"]) > 1.7


def test_widths_converge_at_order_one_half(device):
    case = small_case(**{"lagrangian.units": [400], "lagrangian.replicates": 200})
    table = converge(case, "units", 3, device)
    assert [level["value"] for level in table["levels"]] == [100, 200, 400]
    assert np.mean(table["orders"]["function"]) == pytest.approx(0.5, abs=0.08)


def test_nodes_converge_faster_than_draws(device):
    table = converge(small_case(), "nodes", 4, device)
    assert np.mean(table["orders"]["function"]) > 0.65


def test_births_fall_back_on_the_finest_level(device):
    births = {"dynamics.birth_death": 2.0, "dynamics.births": {"a": {"law": "point"}}}
    table = converge(small_case(**births), "cells", 2, device)
    assert table["reference"] == "finest level"
    assert len(table["levels"]) == 1
    with pytest.raises(InputError, match="births"):
        converge(small_case(**births), "units", 2, device)


def test_nodes_are_the_mean_field_with_reaction_too(device):
    """Energy of nodes and of a fine mesh agree to the mesh's error; weights sum to one."""
    from mfpde.eulerian.build import build_solver

    case = small_case(**FINE, **{"dynamics.birth_death": 1.0})
    network = build_network(case)
    flow = build_characteristics(case, network, 4096, device)
    flow.advance(1.0)
    found = observe(network, flow)
    solver = build_solver(case, network, device)
    solver.advance(1.0)
    assert found.weights.sum() == pytest.approx(1)
    assert found.energy == pytest.approx(solver.state.energy, rel=3e-3)
    assert np.abs(found.prediction - solver.prediction).max() < 2e-3


def test_nodes_start_as_quadrature_of_the_initial_law(device):
    network = build_network(small_case())
    flow = build_characteristics(small_case(), network, 1000, device)
    nodes = observe(network, flow).nodes
    assert nodes.shape == (3, 1024)
    assert abs(np.mean(nodes[0] ** 2) - 0.9733) < 1e-3  # variance of the normal law within three deviations
    uniform = np.stack(
        [c.law.cdf(row) for c, row in zip(network.parameters.components, nodes, strict=True)], axis=1
    )
    assert qmc.discrepancy(uniform) < 0.1 * qmc.discrepancy(np.random.default_rng(0).random((1024, 3)))


def test_too_few_levels_or_cells_are_refused(device):
    with pytest.raises(InputError, match="at least 2"):
        converge(small_case(), "cells", 1, device)
    with pytest.raises(InputError, match="too small to be halved"):
        converge(small_case(), "cells", 9, device)
