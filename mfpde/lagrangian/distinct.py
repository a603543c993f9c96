"""Data with the same input, and the same target if need be, act as one datum: fewer features are
evaluated.
"""

from typing import NamedTuple

import numpy as np

from mfpde.models.at_data import FeaturesAtData
from mfpde.models.features.perceptron import Perceptron
from mfpde.models.losses.square import Square
from mfpde.models.network import Network


class Distinct(NamedTuple):
    """Data that differ."""

    x: np.ndarray  #: (n, d)
    targets: np.ndarray  #: (outputs, n)
    weights: np.ndarray  #: sums of those of the data (n,)
    datum: np.ndarray  #: which of these each of the data is (L,)


def pointwise(network: Network) -> FeaturesAtData:
    """The features of a network that learns data points."""
    assert isinstance(network.features, FeaturesAtData)
    return network.features


def perceptron(network: Network) -> Perceptron:
    """The features of a network of perceptrons that learns data points."""
    assert isinstance(network.features, Perceptron)
    return network.features


def distinct(features: FeaturesAtData) -> Distinct:
    """The data that act: under the square loss those of one input have the force of their mean target."""
    data = features.data
    square = isinstance(features.loss, Square)
    alike = data.x if square else np.column_stack([data.x, data.targets.T])
    found, datum = np.unique(alike, axis=0, return_inverse=True)
    datum = datum.ravel()
    weights = np.bincount(datum, data.weights)
    targets = np.array([np.bincount(datum, data.weights * y) / weights for y in data.targets])
    if not square:
        targets = found[:, data.dimension :].T
    return Distinct(found[:, : data.dimension], targets, weights, datum)
