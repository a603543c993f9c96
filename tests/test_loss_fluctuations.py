"""Fluctuations that the mean field predicts under other losses than the square, and with several outputs."""

import numpy as np
import pytest
from losses import WITH_OUTPUTS
from test_tangent import assert_backends_agree, plane, repeated, two_inputs

import mfpde
from mfpde.lagrangian import perturbation
from mfpde.lagrangian.fluctuations import build_fluctuations
from mfpde.lagrangian.perturbation import Perturbation
from mfpde.models.loss import build_loss
from mfpde.models.network import build_network

SMOOTH = [
    name
    for name, outputs in WITH_OUTPUTS
    if outputs == 1 and name != "square" and build_loss(plane(**{"model.loss": name}).model).is_smooth
]


def prediction_of(case, method, device=None, until=1.0):
    """The prediction at a time."""
    case = case.replace({"fluctuations.method": method})
    found = build_fluctuations(case, build_network(case), device)
    found.advance(until)
    return found


def learning(name, outputs=1, **changes):
    """A network (a, w), or (a1, a2, ..., w), without mesh."""
    formulas = ["sin(1.5*x0) + 0.2", "cos(x0)", "0.7*x0 - 0.3"][:outputs]
    changes = {"model.loss": name, "fluctuations.rank": 12} | changes
    return plane(**{"data.teacher": formulas if outputs > 1 else formulas[0]} | changes)


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("make", [plane, two_inputs])
def test_tangents_of_both_backends_agree(name, make, device):
    network = build_network(make(**{"model.loss": name, "model.penalty.power": 3}))
    for alpha in (0.0, 0.7):
        assert_backends_agree(network, 37, 5, alpha, device)
    assert_backends_agree(repeated(network), 21, 3, 0.7, device)


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("alpha", [0.0, 0.8])
def test_the_tangent_is_the_limit_of_perturbations(name, alpha, monkeypatch):
    monkeypatch.setattr(perturbation, "SIZE", 1e-3)
    reaction = {"dynamics.birth_death": alpha, "lagrangian.reaction": "weights"} if alpha else {}
    case = learning(name, **reaction)
    one, other = (prediction_of(case, method) for method in ("tangent", "perturbation"))
    assert isinstance(other.full, Perturbation)
    g, h = one.full.response(), other.full.response()
    np.testing.assert_allclose(g, h, rtol=0, atol=2e-6 * np.abs(g).max())
    assert np.abs(g - prediction_of(case, "tangent", until=0.01).full.response()).max() > 0.05  # it has moved
    np.testing.assert_allclose(one.full.mean_variance(), other.full.mean_variance(), rtol=1e-4)


@pytest.mark.parametrize(("name", "outputs"), [of for of in WITH_OUTPUTS if of[0] not in SMOOTH])
def test_others_are_predicted_by_perturbation_from_the_monte_carlo_value_on(name, outputs):
    case = learning(name, outputs, **{"fluctuations.rank": 40, "characteristics.nodes": 300})
    if outputs == 3:
        case = case.replace({"characteristics.nodes": 2000})
    network = build_network(case)
    found = build_fluctuations(case, network)
    assert isinstance(found.full, Perturbation) == (name != "square" or outputs > 1)
    g = found.full.response()
    predicted = network.function.square_norm(g.T).sum()
    state = found.full.flow.backend.download(found.full.flow.state)[:, : found.followed.values.shape[0]]
    weights = found.full.prior
    phi = network.unit_functions(state)
    f = weights @ phi
    monte_carlo = weights @ network.square_norm(phi) - network.square_norm(f)
    assert predicted == pytest.approx(monte_carlo, rel=5e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "outputs"), [("logistic", 1), ("huber", 1), ("square", 2), ("softmax", 2)])
def test_networks_fluctuate_as_predicted(name, outputs, tmp_path):
    changes = {"lagrangian.units": [300], "lagrangian.replicates": 400, "fluctuations.rank": 24}
    changes |= {"characteristics.nodes": 1024 if outputs == 1 else 4096, "output.every": 1.0, "time": 3.0}
    run = mfpde.run(learning(name, outputs, **changes), tmp_path / "f.h5")
    table = run.compare().table["fluctuations"]
    run.close()
    observed = table["widths"][0]
    assert np.abs(observed["z"]).max() < 4
    assert abs(table["predicted"][-1] / table["monte_carlo"][-1] - 1) > 0.1
