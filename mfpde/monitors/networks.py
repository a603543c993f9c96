"""What must hold of networks: few units at walls, weights that leave many of them effective."""

from typing import Any

from mfpde.lagrangian.flow import Flow
from mfpde.metrics.effective_number import of_networks as effective_units
from mfpde.metrics.views.networks import NetworksView
from mfpde.metrics.walls import wall_shares
from mfpde.monitors.causes import remedy
from mfpde.monitors.health import WALL_MASS, Health

#: share of the units that weights must leave effective
FEW = 0.1


def check_networks(health: Health, networks: NetworksView, reacts: bool, time: float) -> None:
    """Note what does not hold at an output.

    Arguments:
        reacts: whether there is a reaction.
    """
    for name, share in wall_shares(networks).items():
        if share > WALL_MASS:
            health.warn(
                f"units at wall {name}",
                f"at time {time:g} {share:.1e} of all units sit on a wall of {name};"
                f" {remedy(networks.model, name)}",
            )
    if networks.flow.birth_death is None and reacts:
        effective = effective_units(networks) / networks.ladder.sizes
        if effective.min() < FEW:
            health.warn(
                "weights",
                f"at time {time:g} the weights of a network leave fewer than a tenth of its units effective",
            )


def summary_of(flow: Flow) -> dict[str, Any]:
    """Steps and jumps, for the health that is stored in the file."""
    summary = {"steps": flow.steps, "rejected": flow.rejected}
    if (jumps := flow.birth_death) is not None:
        summary |= {"killed": int(jumps.killed.sum()), "cloned": int(jumps.cloned.sum())}
    return summary
