"""The Monte-Carlo value: n E|f_n - f|^2 of independent units."""

from mfpde.metrics.declaration import TIME, Variable
from mfpde.metrics.views.nodes import NodesView


def monte_carlo(nodes: NodesView) -> float:
    """int |Phi|^2 dmu - |f|^2."""
    assert nodes.function is not None
    f_square = float(nodes.function.square_norm(nodes.prediction))
    return float(nodes.weights @ nodes.squares) - f_square


VARIABLES = [
    Variable(
        "characteristics/monte_carlo",
        (TIME,),
        "int |Phi|^2 dmu - |f|^2: n E|f_n - f|^2 of n units drawn i.i.d. from mu at this time",
        monte_carlo,
        when=lambda nodes: nodes.function is not None,
    )
]
