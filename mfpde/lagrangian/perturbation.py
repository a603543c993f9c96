"""How f answers to a change of the initial measure, by difference quotients: the same nodes with weights a
little more and a little less.

Serves every model and asks for no derivatives, at the price of two networks of nodes per direction. Where the
flow has kinks (ReLU at data points, a penalty lambda |a|) the quotient averages over the nodes that cross
them, as the fluctuations of many units do.
"""

import numpy as np

from mfpde.case import Case
from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.models.problem import Problem

#: largest relative change of a weight; the quotient errs by its square
SIZE = 0.05


class Perturbation:
    """Networks of perturbed nodes, two per direction.

    Arguments:
        case: with the settings of characteristics.
        start: nodes (components + 1, nodes); prior: omega (nodes,); directions: s (nodes, directions).
    """

    carries_nodes = False

    def __init__(
        self,
        case: Case,
        model: Problem,
        start: np.ndarray,
        prior: np.ndarray,
        directions: np.ndarray,
        device=None,
    ):
        self.prior, self.directions = prior, directions
        self.size = SIZE / np.maximum(np.abs(directions).max(axis=0), np.finfo(float).tiny)
        self.nodes, self.count = directions.shape
        change = (directions * self.size).T
        weights = prior * (1 + np.concatenate([change, -change]))
        weights /= weights.sum(axis=1, keepdims=True)
        self.flow: Flow = build_flow(case, model, Ladder([self.nodes], [2 * self.count], 0), device)
        self.flow.backend.set_prior(weights.ravel())
        self.flow.restart(self.flow.backend.upload(np.tile(start, 2 * self.count)))

    def _quotient(self, values: np.ndarray) -> np.ndarray:
        """Difference quotients (..., directions) of what every network has (networks, ...)."""
        more, less = values[: self.count], values[self.count :]
        return np.moveaxis(more - less, 0, -1) / (2 * self.size)

    def response(self) -> np.ndarray:
        """g (r, directions): the change of f by its coefficients."""
        return self._quotient(self.flow.backend.predictions(self.flow.state))

    def mean_variance(self) -> np.ndarray:
        """lim n Var of the mean of every component over the units (components,): of its changes, and of what
        no direction follows.
        """
        theta, p = (
            self.flow.backend.download(self.flow.state)[:-1],
            self.flow.backend.weights(self.flow.state),
        )
        means = np.add.reduceat(theta * p, np.arange(0, len(p), self.nodes), axis=1)
        # a pair of perturbed networks is the unperturbed one up to the square of the perturbation
        pair = [slice(0, self.nodes), slice(self.count * self.nodes, (self.count + 1) * self.nodes)]
        middle, weights = ((x[..., pair[0]] + x[..., pair[1]]) / 2 for x in (theta, p))
        return np.sum(self._quotient(means.T) ** 2, axis=1) + unfollowed(
            middle, weights, self.prior, self.directions
        )


def unfollowed(theta: np.ndarray, p: np.ndarray, prior: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Variance of the means of components (components, nodes) that noise orthogonal to all directions makes:
    it moves no f, hence no node.
    """
    centred = theta - (theta @ p)[:, None]
    followed = (centred * p) @ directions
    return np.maximum(0.0, centred**2 @ (p**2 / prior) - np.sum(followed**2, axis=1))
