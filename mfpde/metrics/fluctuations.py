"""The fluctuations of f_n that the mean field predicts, with the errors of that prediction."""

import numpy as np

from mfpde.lagrangian.fluctuations import SPECTRUM
from mfpde.metrics.declaration import TIME, Variable
from mfpde.metrics.views.prediction import PredictionView

PREDICTED = "lim n E|f_n - f|^2 as the number n of units grows, predicted from the mean field"
WITHOUT_JUMPS = "; of units with weights: jumps add noise that it does not hold"


def node_error(prediction: PredictionView) -> float:
    """The change when the number of nodes is halved."""
    other = float(prediction.function.square_norm(prediction.fluctuations.half.response().T).sum())
    return abs(prediction.predicted - other)


def rank_error(prediction: PredictionView) -> float:
    """What the last half of the directions adds; it is no error where few directions are all there are."""
    followed, shares = prediction.fluctuations.followed, prediction.shares
    rest = 0.0 if followed.complete else float(shares[len(shares) // 2 :].sum())
    return max(rest, followed.left_out)


def spectrum(prediction: PredictionView) -> np.ndarray:
    """Eigenvalues (SPECTRUM,)."""
    weighted = np.sqrt(prediction.function.weights)[:, None] * prediction.response
    found = np.linalg.svd(weighted, compute_uv=False)[:SPECTRUM] ** 2
    return np.pad(found, (0, SPECTRUM - len(found)))


def mean_variance(prediction: PredictionView) -> np.ndarray:
    """By component; on a circle the mean jumps as units pass the seam, which no linear response holds."""
    periodic = [c.periodic for c in prediction.model.parameters.components]
    return np.where(periodic, np.nan, prediction.fluctuations.full.mean_variance())


VARIABLES = [
    Variable(
        "mode",
        ("mode",),
        "index of the eigenvalue, the largest first",
        lambda prediction: np.arange(SPECTRUM),
    ),
    Variable(
        "fluctuations/predicted",
        (TIME,),
        PREDICTED,
        lambda prediction: prediction.predicted,
        exactly=lambda prediction: PREDICTED + (WITHOUT_JUMPS if prediction.jumps else ""),
    ),
    Variable("fluctuations/node_error", (TIME,), "its change when the number of nodes is halved", node_error),
    Variable(
        "fluctuations/rank_error",
        (TIME,),
        "its change when the number of directions is halved; of all directions that matter, what the others"
        " may add",
        rank_error,
    ),
    Variable(
        "fluctuations/spectrum",
        (TIME, "mode"),
        "largest eigenvalues of the covariance of lim sqrt(n) (f_n - f) in L2(nu)",
        spectrum,
    ),
    Variable(
        "fluctuations/mean_variance",
        (TIME, "parameter"),
        "lim n Var of the mean of every component over the units; not on circles",
        mean_variance,
    ),
]
