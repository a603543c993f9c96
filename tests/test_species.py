"""Two measures driven as one: the stepper on a product of meshes, and the integrator on a product of units.

The game K(x, y) = x y with regularisation k (x^2 - y^2) / 2: mu lowers the payoff int int K, nu raises it.
With V_mu = x E y + k x^2 / 2 and V_nu = -y E x + k y^2 / 2 the means spiral, m' = -(k m + J m), J = [[0, 1],
[-1, 0]]."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.linalg import expm

from mfpde.case import schema
from mfpde.eulerian.diffusion import Diffusion
from mfpde.eulerian.numpy_backend import NumpyBackend
from mfpde.eulerian.opencl_backend import OpenCLBackend
from mfpde.eulerian.product import Product, joined
from mfpde.eulerian.stepper import Stepper
from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.numpy_backend import NumpyBackend as Units
from mfpde.lagrangian.product import NumpyProduct
from mfpde.laws.normal import Normal
from mfpde.measures.axis import Axis
from mfpde.measures.mesh import Mesh
from mfpde.models.energy import PairEnergy
from mfpde.models.feature_coupling import Features
from mfpde.models.mesh_potential import MeshPotential
from mfpde.models.parameters import Component, ParameterSpace

K, START, TIME = 0.5, (1.0, -0.5), 1.5
LAWS = [Normal(mean, 0.3) for mean in START]


@dataclass(frozen=True)
class Payoff:
    """E x E y; what either player feels is the mean of the other."""

    guarantee = "none"

    def value(self, moments):
        x, y = moments.linear
        return float(x * y + moments.penalty[0] - moments.penalty[1])

    def curvature_bound(self, change):
        return 0.0

    def source(self, linear):
        x, y = linear
        return np.array([y, -x])

    def mean_potential(self, moments):
        x, y = moments.linear
        return np.array([x * y, -x * y]) + moments.penalty


def exact(time):
    """Means of both players."""
    return expm(-np.array([[K, 1.0], [-1.0, K]]) * time) @ START


def axis_of(name, cells=96):
    return Axis(name, np.linspace(-3, 3, cells + 1), False, 1.0)


def product(device, tau=0.0):
    """The product of both meshes, on NumPy or a device, and the start."""
    meshes = [Mesh([axis_of(name)]) for name in "xy"]
    backends = []
    for mesh in meshes:
        x = mesh.axes[0].centres
        potential = MeshPotential(
            False, np.ones(1), np.zeros(1), K * x**2 / 2, Features(x[:, None]), PairEnergy(), np.ones(1)
        )
        given = (mesh, potential, "fromm", "float64")
        on_device = device is not None
        backends.append(OpenCLBackend(*given, device, tau=tau) if on_device else NumpyBackend(*given, tau))
    both = Product(backends, [1, 1], [1, 1])
    return (
        both,
        meshes,
        both.upload([mesh.average_density([law]) for mesh, law in zip(meshes, LAWS, strict=True)]),
    )


def run(device, dynamics=None, settings=None):
    both, _, field = product(device)
    settings = schema.Eulerian(max_step=0.02, **(settings or {}))
    stepper = Stepper(both, Payoff(), 1.0, settings, dynamics or schema.Dynamics())
    state, time = stepper.states.of(field), 0.0
    while time < TIME:
        step = stepper.step(state, TIME - time)
        state, time = step.state, time + step.dt
        assert step.least >= 0
        np.testing.assert_allclose(state.moments.mass, 1, atol=1e-12)
    return stepper, state


@pytest.mark.parametrize("on_device", [False, True])
def test_two_meshes_follow_the_means_of_the_game(on_device, device):
    stepper, state = run(device if on_device else None)
    assert stepper.claim == "none"
    np.testing.assert_allclose(state.moments.linear, exact(TIME), atol=2e-4)


def test_both_backends_agree_to_rounding(device):
    (_, here), (_, there) = run(None), run(device)
    np.testing.assert_allclose(here.moments.linear, there.moments.linear, rtol=0, atol=1e-12)


def test_a_reaction_keeps_both_masses():
    _, state = run(None, schema.Dynamics(birth_death=0.7))
    assert np.all(np.isfinite(state.moments.linear))


@pytest.mark.parametrize("together", [False, True])
def test_diffusion_spreads_both_and_leaves_their_means(together):
    both, meshes, field = product(None, 0.1)
    diffusion = Diffusion(both, Mesh([axis for mesh in meshes for axis in mesh.axes]), 0.1, together)
    dynamics, settings = schema.Dynamics(diffusion=0.1), schema.Eulerian(max_step=0.02)
    stepper = Stepper(both, Payoff(), 1.0, settings, dynamics, diffusion=diffusion)
    state, time = stepper.states.of(field), 0.0
    while time < TIME:
        step = stepper.step(state, TIME - time)
        state, time = step.state, time + step.dt
    np.testing.assert_allclose(state.moments.linear, exact(TIME), atol=3e-3)
    np.testing.assert_allclose(state.moments.mass, 1, atol=1e-12)


def test_moments_are_joined_in_order():
    both, _, field = product(None)
    moments = both.moments(field)
    np.testing.assert_allclose(moments.linear, START, atol=1e-12)
    assert moments.mass.shape == (2,)
    assert joined([b.moments(f) for b, f in zip(both.backends, field, strict=True)]).linear.shape == (2,)


def forces(states, weights):
    """-grad V and V of the units of both players."""
    (x, y), (mean_x, mean_y) = (
        (s[0] for s in states),
        (w @ s[0] for s, w in zip(states, weights, strict=True)),
    )
    return [
        np.array([-(mean_y + K * x), x * mean_y + K * x**2 / 2]),
        np.array([mean_x - K * y, -y * mean_x + K * y**2 / 2]),
    ]


class Player:
    """What the arithmetic of units asks of a problem."""

    kink = 0.0

    def __init__(self, name, law):
        component = Component(name, law, True, (-3.0, 3.0), 96, False, 1.0)
        self.parameters = ParameterSpace([component])


def test_units_of_both_players_follow_the_means():
    ladder = Ladder([400], [1], 1)
    players = [Player(name, law) for name, law in zip("xy", LAWS, strict=True)]
    backend = NumpyProduct([Units(player, ladder, "float64", 0.0) for player in players], forces)
    u = (np.arange(400) + 0.5) / 400
    start = [np.array([law.quantile(u), np.zeros(400)]) for law in LAWS]
    flow = Flow(backend, schema.Lagrangian(tolerance=1e-9), backend.upload(start))
    flow.advance(TIME)
    means = [s[0].mean() for s in backend.download(flow.state)]
    np.testing.assert_allclose(means, exact(TIME), atol=1e-7)
