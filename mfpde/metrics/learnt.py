"""What networks learn: data points or, under a law of all inputs, coefficients of the teacher in a basis."""

import numpy as np

from mfpde.data import Dataset
from mfpde.metrics.declaration import Variable

OF_LAW = "with `data.population`"
SAMPLED = "with `data.population` and so many parameters that no few features span the others"


def _codes(data: Dataset) -> str:
    """Which of two classes is which number."""
    return "; -1 is {}, +1 is {}".format(*data.classes) if len(data.classes) == 2 else ""


POINTS = [
    Variable("data", ("data",), "index of the data point", lambda data: np.arange(len(data.y))),
    Variable("input", ("input",), "index of the input coordinate", lambda data: np.arange(data.dimension)),
    Variable(
        "inputs",
        ("data", "input"),
        "inputs x, as the networks see them",
        lambda data: data.x,
        exactly=lambda data: f"inputs x ({', '.join(data.x_names)}), as the networks see them",
    ),
    Variable(
        "targets",
        ("data",),
        "targets f*(x), as the networks see them",
        lambda data: data.targets[0],
        when=lambda data: data.outputs == 1,
        exactly=lambda data: (
            f"targets f*(x) ({', '.join(data.y_names)}), as the networks see them{_codes(data)}"
        ),
    ),
    Variable(
        "output",
        ("output",),
        "index of the output",
        lambda data: np.arange(data.outputs),
        when=lambda data: data.outputs > 1,
        exactly=lambda data: f"index of the output: {', '.join(data.classes or data.y_names)}",
        only="with several outputs",
    ),
    Variable(
        "targets",
        ("output", "data"),
        "targets f*(x), as the networks see them",
        lambda data: data.targets,
        when=lambda data: data.outputs > 1,
        only="with several outputs",
    ),
    Variable(
        "data_weights",
        ("data",),
        "weights of the inner product <u, v> = sum_l weight_l u_l v_l",
        lambda data: data.weights,
    ),
]

COEFFICIENTS = [
    Variable(
        "coefficient",
        ("coefficient",),
        "index of the coefficient of a function in an orthonormal basis of L2(nu)",
        lambda pivots: np.arange(len(pivots.pivots)),
        only=OF_LAW,
    ),
    Variable(
        "unit_parameter",
        ("unit_parameter",),
        "component of z",
        lambda problem, pivots: np.arange(pivots.pivots.shape[1]),
        exactly=lambda problem, pivots: f"component of z: {', '.join(problem.parameters[1:])}",
        only=OF_LAW,
    ),
    Variable(
        "pivots",
        ("coefficient", "unit_parameter"),
        "pivots z_p: features sigma(<w_p, x> + b_p) span the basis",
        lambda pivots: pivots.pivots,
        exactly=lambda pivots: (
            "pivots z_p: features sigma(<w_p, x> + b_p) span the basis and represent those in the domain to"
            f" {pivots.error:.1e} of the largest"
        ),
        only=OF_LAW,
    ),
    Variable(
        "coefficient",
        ("coefficient",),
        "index of the input x_q: a coefficient is f(x_q) / sqrt(Q)",
        lambda samples: np.arange(len(samples.x)),
        only=SAMPLED,
    ),
    Variable(
        "input",
        ("input",),
        "index of the input coordinate",
        lambda samples: np.arange(samples.x.shape[1]),
        only=SAMPLED,
    ),
    Variable(
        "sampled_inputs",
        ("coefficient", "input"),
        "inputs x_q drawn from nu, at which functions are known: square norms in L2(nu) are means over them",
        lambda samples: samples.x,
        only=SAMPLED,
    ),
    Variable(
        "targets",
        ("coefficient",),
        "coefficients of the teacher f*",
        lambda teacher: teacher.space.targets,
        only=OF_LAW,
    ),
]

VARIABLES = [*POINTS, *COEFFICIENTS]
