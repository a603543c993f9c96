"""Which problem a problem is, for those who serve one kind alone: exact solutions, and formulas of errors."""

from mfpde.models.features.perceptron import Perceptron
from mfpde.models.losses.square import Square
from mfpde.models.network import Network
from mfpde.models.population import PopulationFeatures
from mfpde.models.potential import Potential
from mfpde.models.problem import Problem
from mfpde.models.spikes import Spikes


def as_potential(problem: Problem) -> Potential | None:
    """The problem, if it is an energy of probability measures by formulas."""
    return problem if isinstance(problem, Potential) and not isinstance(problem, Spikes) else None


def as_network(problem: Problem) -> Network | None:
    """The problem, if it is a network."""
    return problem if isinstance(problem, Network) else None


def as_spikes(problem: Problem) -> Spikes | None:
    """The problem, if it is sparse deconvolution."""
    return problem if isinstance(problem, Spikes) else None


def population_features(problem: Problem) -> PopulationFeatures | None:
    """The features of a network under a population loss."""
    features = problem.features if isinstance(problem, Network) else None
    return features if isinstance(features, PopulationFeatures) else None


def perceptrons(problem: Problem) -> Perceptron | None:
    """The features of a network of perceptrons that learns data points under the square loss with one
    output.
    """
    if not (isinstance(problem, Network) and isinstance(problem.features, Perceptron)):
        return None
    plain = isinstance(problem.loss, Square) and problem.function.outputs == 1
    return problem.features if plain else None
