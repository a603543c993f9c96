"""Units that feel each other through an interaction of finite rank: O(n) per network, readably; the reference
for kernels/moment_units.cl.
"""

from collections.abc import Callable, Sequence

import numpy as np

from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.shares import Share, in_shares, in_turn, share_out
from mfpde.measures.finite_rank import FiniteRank
from mfpde.threads import product

#: numbers per unit that a share is made for, at least: beside the features there are phases and points
FEWEST = 4
#: features of a network are kept until its moments are known, rather than computed again, up to this many
#: numbers
KEPT = 2**25


class Moments:
    """W * mu and its derivatives at the units of every network, by the moments of the network."""

    def __init__(self, interaction: FiniteRank, ladder: Ladder):
        self.interaction, self.ladder = interaction, ladder
        self.jobs, self.split = share_out(ladder, max(interaction.rank, FEWEST))

    def forces(self, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Derivatives of W * mu by every component, and W * mu (components + 1, units).

        Arguments:
            theta: (components, units); weights: (units,).
        """
        result = np.empty((len(theta) + 1, theta.shape[1]))

        def work(shares: Sequence[Share], run: Callable) -> None:
            def sums(share: Share) -> np.ndarray:
                return self.interaction.centre_sums(_rows(theta, share), _rows(weights, share))

            centre = (
                self.interaction.centre(in_turn(run(sums, shares)))[..., None]
                if self.interaction.lines
                else 0.0
            )

            def features(share: Share) -> np.ndarray:
                return self.interaction.values(_rows(theta, share) - centre)

            def first(share: Share) -> tuple[np.ndarray | None, np.ndarray]:
                u = features(share)
                return u if kept else None, product(u.transpose(1, 0, 2), _rows(weights, share)[..., None])[
                    ..., 0
                ].T

            kept = self.interaction.rank * (shares[-1].units.stop - shares[0].units.start) <= KEPT
            found = run(first, shares)
            moments = in_turn([part for _, part in found])
            coefficients = (self.interaction.couple @ moments).reshape(
                len(theta) + 1, self.interaction.rank, -1
            )

            def second(k: int) -> None:
                known = found[k][0]
                u = features(shares[k]) if known is None else known
                made = (
                    product(u.transpose(1, 2, 0), coefficients.transpose(2, 1, 0))
                    .transpose(2, 0, 1)
                    .reshape(len(theta) + 1, -1)
                )
                result[-1, shares[k].units], result[:-1, shares[k].units] = made[0], made[1:]

            run(second, range(len(shares)))

        in_shares(self.jobs, self.split, work)
        return result


def _rows(values: np.ndarray, share: Share) -> np.ndarray:
    """Values of the units of a share, network by network (..., networks, units)."""
    part = values[..., share.units]
    return part.reshape(*part.shape[:-1], share.count, -1)
