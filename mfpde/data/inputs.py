"""Laws of the inputs x, when they do not come from a file, and the quadrature weights that go with them."""

import itertools

import numpy as np

from mfpde.case import data_tables
from mfpde.errors import InputError
from mfpde.randomness import generator

MAX_POINTS = 1_000_000
#: coordinates of all inputs; 1 GB in double precision
MAX_NUMBERS = 1 << 27


def draw_inputs(spec: data_tables.Inputs) -> tuple[np.ndarray, np.ndarray]:
    """Inputs of shape (L, d) and their weights of shape (L,).

    Raises:
        InputError: a tensor grid of more than a million points, or more coordinates than fit in memory.
    """
    if isinstance(spec, data_tables.GridInputs):
        return _grid(spec)
    if isinstance(spec, data_tables.GaussHermiteInputs):
        return _gauss_hermite(spec)
    shape = (spec.samples, spec.dimension)
    if spec.samples * spec.dimension > MAX_NUMBERS:
        numbers = (
            f"{spec.samples} samples in {spec.dimension} dimensions are {spec.samples * spec.dimension}"
            " numbers"
        )
        raise InputError(f"data.inputs: {numbers}; at most {MAX_NUMBERS} are accepted")
    random = generator(spec.seed, "inputs")
    if isinstance(spec, data_tables.UniformInputs):
        x = random.uniform(spec.low, spec.high, shape)
    else:
        x = random.standard_normal(shape)
        if isinstance(spec, data_tables.SphereInputs):
            x *= spec.radius / np.linalg.norm(x, axis=1, keepdims=True)
        else:
            x = spec.mean + spec.std * x
    return x, np.full(len(x), 1 / len(x))


def _gauss_hermite(spec: data_tables.GaussHermiteInputs) -> tuple[np.ndarray, np.ndarray]:
    _check_count(spec.points, spec.dimension)
    nodes, weights = np.polynomial.hermite_e.hermegauss(spec.points)
    x = np.array(list(itertools.product(nodes, repeat=spec.dimension)))
    return x, np.array(
        [np.prod(w) for w in itertools.product(weights / weights.sum(), repeat=spec.dimension)]
    )


def _check_count(points: int, dimension: int) -> None:
    if points**dimension > MAX_POINTS:
        raise InputError(
            f"data.inputs: {points} points in {dimension} dimensions are {points**dimension} inputs; at most"
            f" {MAX_POINTS} are accepted"
        )


def _grid(spec: data_tables.GridInputs) -> tuple[np.ndarray, np.ndarray]:
    _check_count(spec.points, spec.dimension)
    count = spec.points**spec.dimension
    axis = np.linspace(spec.low, spec.high, spec.points)
    x = np.array(list(itertools.product(axis, repeat=spec.dimension)))
    if spec.weights == "average":
        return x, np.full(count, 1 / count)
    trapezoid = np.full(spec.points, (spec.high - spec.low) / (spec.points - 1))
    trapezoid[[0, -1]] /= 2
    weights = np.array([np.prod(w) for w in itertools.product(trapezoid, repeat=spec.dimension)])
    return x, weights
