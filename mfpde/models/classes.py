"""What outputs say of classes: how probable each is, whether the right one is told, and the cross-entropy.

Outputs have shape (..., outputs, L) and targets (outputs, L). One output tells two classes: f is the
logarithm of their odds, and y is -1 or 1. Several are scores f_c of a class each, with odds exp(f_c), and y
is 1 at the true class, else 0.
"""

import numpy as np
from scipy.special import expit, log_softmax, softmax


def probabilities(f: np.ndarray) -> np.ndarray:
    """Of +1 for one output (..., 1, L), else of every class (..., outputs, L)."""
    return expit(f) if f.shape[-2] == 1 else softmax(f, axis=-2)


def right(f: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Whether the class is right (..., L): that of the sign of f, or of the largest output."""
    if f.shape[-2] == 1:
        return (f * y)[..., 0, :] > 0
    return f.argmax(axis=-2) == y.argmax(axis=-2)


def margins(f: np.ndarray, y: np.ndarray) -> np.ndarray:
    """By how much the true class leads (..., L): y f, or its score less the largest of the others."""
    if f.shape[-2] == 1:
        return (f * y)[..., 0, :]
    others = np.where(y > 0, -np.inf, f).max(axis=-2)
    return np.sum(np.where(y > 0, f, 0.0), axis=-2) - others


def cross_entropy(f: np.ndarray, y: np.ndarray) -> np.ndarray:
    """-log of the probability of the true class (..., L), in nats."""
    if f.shape[-2] == 1:
        return np.logaddexp(0.0, -f * y)[..., 0, :]
    return -np.sum(y * log_softmax(f, axis=-2), axis=-2)
