"""What is in an output file: every dimension and every dataset, with its meaning and units.

Dimension scales live at the root and nowhere else: in a subgroup they break xarray's open_datatree, and a scale that is
also hard-linked elsewhere breaks h5netcdf.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mfpde.case import Case
from mfpde.lagrangian.ladder import Ladder
from mfpde.measures.mesh import Mesh
from mfpde.models.model import Model
from mfpde.models.network import Network
from mfpde.models.population import PopulationNetwork

SCHEMA_VERSION = 1
#: dimension of predictions -> what they are
PREDICTIONS = {"data": "f(x_l)", "coefficient": "coefficients of f"}


class Variable(NamedTuple):
    """One dataset. Those whose first dimension is time or fields_time grow frame by frame."""

    path: str
    dims: tuple[str, ...]
    long_name: str
    units: str = "1"
    dtype: str = "f8"


@dataclass(frozen=True)
class Layout:
    """Dimensions with their coordinates, datasets that grow, and datasets that are written once."""

    dimensions: dict[str, tuple[np.ndarray, str]]  #: name -> (coordinate values, long name)
    growing: list[Variable]
    fixed: list[tuple[Variable, np.ndarray]]


def describe(case: Case, model: Model, mesh: Mesh | None, ladder: Ladder | None) -> Layout:
    """The layout of the file of a run."""
    dimensions = {
        "parameter": (np.arange(len(model.parameters.names)), f"component of theta: {', '.join(model.parameters.names)}"),
        "bound": (np.arange(2), "lower and upper face"),
    }
    growing: list[Variable] = []
    fixed: list[tuple[Variable, np.ndarray]] = []
    # a prediction of a network is its values at the data or, without data, its coefficients
    values = "data" if isinstance(model, Network) else "coefficient" if isinstance(model, PopulationNetwork) else None
    if isinstance(model, Network):
        data = model.data
        dimensions["data"] = (np.arange(len(data.y)), "index of the data point")
        dimensions["input"] = (np.arange(data.dimension), "index of the input coordinate")
        fixed += [
            (Variable("inputs", ("data", "input"), f"inputs x ({', '.join(data.x_names)}), as the networks see them"), data.x),
            (Variable("targets", ("data",), f"targets f*(x) ({data.y_name}), as the networks see them"), data.y),
            (Variable("data_weights", ("data",), "weights of the inner product <u, v> = sum_l weight_l u_l v_l"), data.weights),
        ]
    if isinstance(model, PopulationNetwork):
        basis, targets = model.basis, model.least_squares.targets
        dimensions["coefficient"] = (np.arange(len(targets)), "index of the coefficient of a function in an orthonormal basis of L2(nu)")
        dimensions["unit_parameter"] = (np.arange(basis.pivots.shape[1]), f"component of z: {', '.join(model.parameters.names[1:])}")
        spanned = f"pivots z_p: features sigma(<w_p, x> + b_p) span the basis and represent those in the domain to {basis.error:.1e} of the largest"
        fixed += [
            (Variable("pivots", ("coefficient", "unit_parameter"), spanned), basis.pivots),
            (Variable("targets", ("coefficient",), "coefficients of the teacher f*"), targets),
        ]
    if mesh is not None:
        for axis in mesh.axes:
            dimensions[axis.name] = (axis.centres, f"cell centres of the parameter {axis.name}")
            bounds = np.column_stack([axis.faces[:-1], axis.faces[1:]])
            fixed.append((Variable(f"{axis.name}_bounds", (axis.name, "bound"), f"cell faces of the parameter {axis.name}"), bounds))
        growing += _eulerian(case, mesh, values)
    if ladder is not None:
        for units, count in zip(ladder.units, ladder.replicates, strict=True):
            dimensions[f"replicate_{units}"] = (np.arange(count), f"replicate of the networks of {units} units")
            shown = min(count, case.output.snapshot_replicates)
            if shown:
                dimensions[f"snapshot_{units}"] = (np.arange(shown), f"replicates of {units} units whose units are stored")
                dimensions[f"unit_{units}"] = (np.arange(units), f"index of the unit in networks of {units}")
            growing += _lagrangian(units, bool(shown), values)
            if mesh is not None:
                growing += _comparison(units, mesh, values is not None)
    return Layout(dimensions, growing, fixed)


def _eulerian(case: Case, mesh: Mesh, values: str | None) -> list[Variable]:
    group = "eulerian"
    axes = tuple(mesh.names)
    series = [
        ("elapsed_time", "time, repeated for viewers that want axes beside the signal"),
        ("energy", "energy E = |f - f*|^2 + 2 int r dmu" if values else "energy E = 2 int V0 dmu + int int W dmu dmu"),
        *([("loss", "loss |f - f*|^2 in L2(nu)")] if values else []),
        *([("entropy", "int mu log mu"), ("free_energy", "free energy E + 2 tau int mu log mu")] if case.dynamics.diffusion else []),
        ("mass", "total mass of mu"),
        ("minimum_density", "smallest cell average of mu"),
        (
            "dissipated_energy",
            "time integral of 2 int |grad V|^2 dmu + 2 alpha Var V, by the trapezoidal rule; not with diffusion",
        ),
        ("steps", "steps taken since the start"),
        ("narrowest_blob", "standard deviation of the narrowest peak of a marginal, in cells"),
    ]
    variables = [Variable(f"{group}/mu", ("fields_time", *axes), "density mu, cell averages", dtype=case.eulerian.precision)]
    variables += [Variable(f"{group}/{name}", ("time",), meaning) for name, meaning in series]
    if values:
        variables.append(Variable(f"{group}/compression_bound", ("time",), "bound of the error of E from the compression of features"))
        variables.append(Variable(f"{group}/prediction", ("time", values), f"{PREDICTIONS[values]} of the infinitely wide network"))
    if case.eulerian.error_estimate:
        estimates = [
            *([("grid_error", "estimated |f_h - f|^2 of the mesh in L2(nu), a squared distance")] if values else []),
            ("grid_error_energy", "estimated |E_h - E| of the mesh"),
            ("observed_order", f"order of convergence of {'f' if values else 'E'} over three meshes, clipped to [1, 2]"),
            *((f"grid_error_w1_{axis.name}", f"estimated W1 error of the marginal of {axis.name}") for axis in mesh.axes),
        ]
        variables += [Variable(f"{group}/{name}", ("time",), meaning) for name, meaning in estimates]
    for axis in mesh.axes:
        variables.append(Variable(f"{group}/marginal_{axis.name}", ("time", axis.name), f"marginal density of {axis.name}"))
        if not axis.periodic:
            variables.append(Variable(f"{group}/wall_mass_{axis.name}", ("time",), f"mass in the two outermost cells of {axis.name}"))
    return variables


def _lagrangian(units: int, snapshots: bool, values: str | None) -> list[Variable]:
    group, replicate = f"lagrangian/{units}", f"replicate_{units}"
    per_replicate = [
        ("energy", "energy of each network"),
        *([("loss", "loss of each network")] if values else []),
        ("wall_fraction", "share of the units that sit on a wall"),
        ("effective_units", "effective number of units (sum w)^2 / sum w^2"),
        ("killed", "jumps so far in which a unit above the mean of V died and was replaced"),
        ("cloned", "jumps so far in which a unit below the mean of V was cloned over another"),
    ]
    variables = [Variable(f"{group}/{name}", ("time", replicate), meaning) for name, meaning in per_replicate]
    if values:
        variables.append(Variable(f"{group}/prediction", ("time", replicate, values), f"{PREDICTIONS[values]} of networks of {units} units"))
    if snapshots:
        dims = ("fields_time", f"snapshot_{units}", f"unit_{units}")
        variables.append(Variable(f"{group}/particles", (*dims, "parameter"), "parameters theta of every unit"))
        variables.append(Variable(f"{group}/weights", dims, "weight of every unit in its network"))
    return variables


def _comparison(units: int, mesh: Mesh, has_function: bool) -> list[Variable]:
    group, replicate = f"comparison/{units}", f"replicate_{units}"
    gap = Variable(f"{group}/function_gap", ("time", replicate), "|f_n - f|^2 in L2(nu), a squared distance")
    variables = [gap] if has_function else []
    variables += [Variable(f"{group}/w1_{axis.name}", ("time", replicate), f"W1 distance of the marginals of {axis.name}") for axis in mesh.axes]
    variables.append(Variable(f"{group}/sliced_w2", ("fields_time", replicate), "sliced W2 distance of the clouds of units from mu"))
    return variables
