"""l = log sum_c exp(f_c) - f_y: the cross-entropy of several classes, one output each; y is 1 at the true
class.
"""

import numpy as np
from scipy.special import softmax, xlogy

from mfpde.models.classes import cross_entropy
from mfpde.models.loss import Loss

TARGETS = "classes"  #: what it takes: 1 for the true class, 0 for others


class Softmax(Loss):
    """The cross-entropy of the softmax of all outputs."""

    risk = "2 mean (log sum_c exp(f_c) - f_y)"
    curvature_bound = 0.5  # of diag(p) - p p^T the largest eigenvalue is at most 1/2

    def value(self, f: np.ndarray, y: np.ndarray) -> np.ndarray:
        """-sum_c y_c log p_c."""
        return cross_entropy(f, y)

    def slope(self, f: np.ndarray, y: np.ndarray) -> np.ndarray:
        """p - y."""
        return softmax(f, axis=-2) - y

    def curvature(self, f: np.ndarray, y: np.ndarray, g: np.ndarray) -> np.ndarray:
        """(diag(p) - p p^T) g."""
        p = softmax(f, axis=-2)
        return p * (g - np.sum(p * g, axis=-2, keepdims=True))

    def conjugate(self, p: np.ndarray, y: np.ndarray) -> np.ndarray:
        """sum_c q_c log q_c with q = p + y, a probability."""
        q = np.clip(p + y, 0.0, 1.0)
        return np.sum(xlogy(q, q), axis=0)

    def opencl(self) -> str:
        """p - y, with the largest output taken off before exponentials."""
        return """#define LOSS_OF_ALL_OUTPUTS
static inline void loss_slopes(const double *f, const double *y, double *slope)
{
    double largest = f[0], total = 0;
    for (int o = 1; o < OUTPUTS; ++o) largest = LARGER(largest, f[o]);
    for (int o = 0; o < OUTPUTS; ++o) total += slope[o] = exp(f[o] - largest);
    for (int o = 0; o < OUTPUTS; ++o) slope[o] = slope[o] / total - y[o];
}
"""


LOSS = Softmax
