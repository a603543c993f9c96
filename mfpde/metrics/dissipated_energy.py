"""The energy that transport and reaction dissipate: that which is lost, to the order of the scheme."""

from mfpde.metrics.declaration import TIME, Variable

VARIABLES = [
    Variable(
        "eulerian/dissipated_energy",
        (TIME,),
        "time integral of 2 int |grad V|^2 dmu + 2 alpha Var V, by the trapezoidal rule; not with diffusion",
        lambda density: density.solver.dissipated,
    )
]
