"""How far the density has come: time and steps."""

from mfpde.metrics.declaration import TIME, Variable

VARIABLES = [
    Variable(
        "eulerian/elapsed_time",
        (TIME,),
        "time, repeated for viewers that want axes beside the signal",
        lambda density: density.solver.time,
    ),
    Variable("eulerian/steps", (TIME,), "steps taken since the start", lambda density: density.solver.steps),
]
