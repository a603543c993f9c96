"""The certified gap: how far an energy is, at most, from the least energy of all probability measures.

Gaps are E minus a lower bound of E* (`certificates`); they are never larger than the Frank-Wolfe gap
2 (int V dmu - inf V), which is what a measure's own V proves.
"""

import numpy as np

from mfpde.metrics.declaration import TIME, Compared, Variable
from mfpde.metrics.views.certificate import CertificateView, free_energy_gap_of, has_free_energy_gap
from mfpde.metrics.views.density import DensityView
from mfpde.metrics.views.networks import NetworksView
from mfpde.metrics.views.nodes import NodesView

GAP = "certified gap: E - E* is at most this"
ONLY_NETWORKS = "of networks; a potential's energy is not known to be convex"


def compared(how) -> Compared:
    """One table of the density and of networks."""
    return Compared(
        how, "gap", "certified gap", "own", title="Certified gap: at most this far from the best", form=".3g"
    )


def of_density(density: DensityView, certificate: CertificateView) -> float:
    """Of mu."""
    return density.solver.state.energy - certificate.bound.value


def of_networks(networks: NetworksView, certificate: CertificateView) -> np.ndarray:
    """Of every network."""
    return networks.values["energy"] - certificate.bound.value


def of_nodes(nodes: NodesView, certificate: CertificateView) -> float:
    """Of the nodes."""
    return float(nodes.values["energy"][0]) - certificate.bound.value


VARIABLES = [
    Variable(
        "certificate/lower_bound",
        (TIME,),
        "lower bound of E*, the least energy of all probability measures on the domain",
        lambda certificate: certificate.bound.value,
        exactly=lambda certificate: f"lower bound of E*: {certificate.kind}",
        only=ONLY_NETWORKS,
    ),
    Variable(
        "certificate/proven",
        (TIME,),
        "1 where the lower bound is proven, 0 where it is an estimate",
        lambda certificate: float(certificate.bound.proven),
        only=ONLY_NETWORKS,
    ),
    Variable(
        "eulerian/gap",
        (TIME,),
        GAP,
        of_density,
        when=lambda density, certificate: not density.solver.stepper.tau,
        compared=compared("series"),
        only=ONLY_NETWORKS,
    ),
    Variable(
        "eulerian/gap",
        (TIME,),
        "certified gap 2 tau KL(mu | exp(-V/tau)/Z): F - F* on the mesh is at most this, F = E + 2 tau int mu"
        " log mu",
        free_energy_gap_of,
        when=has_free_energy_gap,
        compared=compared("series"),
        only="with `dynamics.diffusion`, of networks and of potentials without interaction",
    ),
    Variable(
        "lagrangian/{units}/gap",
        (TIME, "replicate_{units}"),
        GAP,
        of_networks,
        compared=compared("mean and std"),
        only=ONLY_NETWORKS,
    ),
    Variable("characteristics/gap", (TIME,), GAP, of_nodes, only=ONLY_NETWORKS),
]
