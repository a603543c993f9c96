"""The Gibbs law exp(-V[mu]/tau)/Z of a run's own density: a stationary density equals it."""

import numpy as np
import xarray as xr

from mfpde.case.load import case_from_tables
from mfpde.eulerian.build import has_gibbs_states
from mfpde.models import build_model
from mfpde.results.run import Run


def gibbs_law(run: Run, time: int = -1) -> xr.DataArray | None:
    """exp(-V[mu]/tau)/Z at the centres of the cells, for mu at a stored time; cell averages of a density
    (dimensionless, integral 1).

    None for a run without such states, and for networks, whose V is known at their data alone.

    Arguments:
        time: index of the stored time.
    """
    case = case_from_tables(run.case, run.path)
    if not (run.has_density and has_gibbs_states(case)):
        return None
    model = None if run.has_function else build_model(case)
    if model is None:
        return None
    mesh = model.parameters.mesh()
    arrays, mu = model.on_mesh(mesh), run.mu[time]
    moments = arrays.moments((mu.values * mesh.volumes).reshape(1, -1))
    v = arrays.values(arrays.energy.source(moments.linear)).reshape(mesh.shape)
    gibbs = np.exp(-(v - v.min()) / case.dynamics.diffusion)
    return mu.copy(data=gibbs / np.sum(gibbs * mesh.volumes)).rename("gibbs")
