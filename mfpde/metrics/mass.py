"""The total mass, which is 1."""

from mfpde.metrics.declaration import TIME, Compared, Variable

VARIABLES = [
    Variable(
        "eulerian/mass",
        (TIME,),
        "total mass of mu",
        lambda density: density.solver.state.moments.mass,
        compared=Compared("deviation from 1", "mass_drift", always=True, stated=True),
    )
]
