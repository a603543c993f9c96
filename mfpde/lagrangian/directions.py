"""Directions in which the initial measure fluctuates, the few that matter for f.

Units drawn i.i.d. change the weight omega_j of a node by noise of covariance diag(omega)/n on measures of
mass 1. What f sees of it, by way of Phi at nodes on the mean-field path, has low rank: an eigenvalue problem
of the features along that path gives the directions that carry most of the variance of f at the times looked
at.
"""

from typing import NamedTuple

import numpy as np

from mfpde.lagrangian.flow import Flow
from mfpde.models.problem import Problem
from mfpde.randomness import generator

#: coefficients of f looked at per time: more are mixed into that many
SKETCH = 256
#: share of the variance at which no more directions are taken
NEGLIGIBLE = 1e-7


class Directions(NamedTuple):
    """s_jr: direction r changes the weight omega_j by omega_j s_jr; sum_r s_jr s_kr approximates 1/omega_j
    where j = k and else 0.
    """

    values: np.ndarray  #: (nodes, directions), those of largest variance first
    left_out: float  #: variance of f that the directions leave out, summed over the times looked at
    complete: bool  #: whether all directions that are not negligible are there


def find_directions(model: Problem, flow: Flow, times: np.ndarray, rank: int) -> Directions:
    """Directions from one pass over the mean-field path.

    Arguments:
        flow: nodes at time 0, as one network; is at the last of the times afterwards.
        times: at which features are looked at.
        rank: how many directions at most.
    """
    prior = flow.backend.weights(flow.state)
    assert model.function is not None
    count = model.function.size
    mix = np.sqrt(model.function.weights)[:, None]
    # a random mixture keeps norms and the span of what matters; Halko, Martinsson & Tropp 2011,
    # doi:10.1137/090771806
    if count > SKETCH:
        mix = mix * generator(0, "directions").standard_normal((count, SKETCH)) / np.sqrt(SKETCH)
    looked = np.concatenate([_weighted_features(model, flow, float(t), mix, prior) for t in times])
    values, vectors = np.linalg.eigh(looked @ looked.T)
    values, vectors = values[::-1], vectors[:, ::-1]
    total = max(values.sum(), np.finfo(float).tiny)
    kept = min(rank, int(np.sum(values > NEGLIGIBLE * total)))
    kept = max(kept, 1)
    right = looked.T @ vectors[:, :kept] / np.sqrt(np.maximum(values[:kept], np.finfo(float).tiny))
    left_out = float(max(0.0, total - values[:kept].sum()))
    return Directions(right / np.sqrt(prior)[:, None], left_out, kept < rank or kept == len(values))


def _weighted_features(
    model: Problem, flow: Flow, time: float, mix: np.ndarray, prior: np.ndarray
) -> np.ndarray:
    """sqrt(omega_j) (p_j / omega_j) (Phi_j - f) at a time, mixed: (coefficients, nodes)."""
    flow.advance(time)
    state, p = flow.backend.download(flow.state), flow.backend.weights(flow.state)
    features = model.unit_functions(state)
    features -= p @ features
    mixed = features * mix[:, 0] if mix.shape[1] == 1 else features @ mix
    return (mixed * (p / np.sqrt(prior))[:, None]).T
