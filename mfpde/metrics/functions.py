"""Which models have a function f, and what a prediction of it is: the one place that asks a model's kind."""

from typing import Any

from mfpde.data import Dataset
from mfpde.models.model import Model
from mfpde.models.network import Network
from mfpde.models.population import PopulationNetwork
from mfpde.models.sampled import SampledInputs
from mfpde.models.shallow import ShallowNetwork

#: dimension of predictions -> what they are
PREDICTIONS = {"data": "f(x_l)", "coefficient": "coefficients of f"}


def function_of(model: Model) -> ShallowNetwork | None:
    """The model as one with a function f, a loss and an inner product; None if it has none."""
    return model if isinstance(model, ShallowNetwork) else None


def data_of(model: Model) -> Dataset | None:
    """The data points that a model learns; None if it has none."""
    return model.data if isinstance(model, Network) else None


def coordinates_of(model: Model) -> str | None:
    """The dimension of predictions: "data" (values of f at the data), "coefficient", or None without f."""
    if isinstance(model, Network):
        return "data"
    return "coefficient" if isinstance(model, PopulationNetwork) else None


def known_by(model: Model) -> dict[str, Any]:
    """Views of what a model knows its functions by: "data"; or "teacher" with "pivots" or "samples"."""
    if isinstance(model, Network):
        return {"data": model.data}
    if not isinstance(model, PopulationNetwork):
        return {}
    is_sampled = isinstance(model.basis, SampledInputs)
    return {"teacher": model, "samples" if is_sampled else "pivots": model.basis}
