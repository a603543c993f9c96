"""A network: of data points or, with data.population, under a law of all inputs."""

from mfpde.case import Case
from mfpde.data import Dataset
from mfpde.models.network import Network, build_network
from mfpde.models.population import build_population


def build(case: Case, data: Dataset | None = None) -> Network:
    """The network a case describes."""
    if case.data is not None and case.data.population is not None:
        return build_population(case)
    return build_network(case, data)


BUILD = build
