"""What is in an output file: every dimension and every dataset, with its meaning and units.

Dimension scales live at the root and nowhere else: in a subgroup they break xarray's open_datatree, and a
scale that is also hard-linked elsewhere breaks h5netcdf."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mfpde.case import Case
from mfpde.eulerian.solver import has_gibbs_states
from mfpde.lagrangian.ladder import Ladder
from mfpde.measures.mesh import Mesh
from mfpde.models.kinds import population_features
from mfpde.models.population import PopulationFeatures
from mfpde.models.problem import Problem
from mfpde.models.sampled import SampledInputs

SCHEMA_VERSION = 1
FRAMES = "frame_checksum"  #: dataset of checksums, one number per frame
#: what is stored of every component over the units of a network, or under the nodes
MOMENTS = {"mean": "mean", "variance": "variance"}
CIRCLE_MOMENTS = {
    "mean": "mean (on circles the mean direction)",
    "variance": (
        "variance (on circles the mean square of deviations from the mean direction by the shortest way)"
    ),
    "resultant": "resultant length |E exp(2 pi i theta / length)| (on circles; NaN for others)",
}
COVERS = "; it holds in at least 95 % of the cases of the audit"
JUMP_NOISE = "alpha int int |V - Vbar| |Phi - Phi'|^2 dmu dmu"
WITHOUT_JUMPS = "; of units with weights: jumps add noise that it does not hold"
#: dimension of predictions -> what they are
PREDICTIONS = {"data": "f(x_l)", "coefficient": "coefficients of f"}


#: whether a density is stationary is judged by these
_RATES = [
    ("density_rate", "L1 norm of the change of mu over the last step, per unit time"),
    (
        "energy_rate",
        "change of the energy (with diffusion, of the free energy) over the last step, per unit time",
    ),
]


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


@dataclass(frozen=True)
class Parts:
    """What a run has besides a density and a ladder."""

    nodes: bool = False
    jumps: bool = False  #: whether units jump
    spectrum: int = 0  #: eigenvalues that are kept of the predicted fluctuations; 0 for no prediction


def describe(
    case: Case, model: Problem, mesh: Mesh | None, ladder: Ladder | None, parts: Parts = Parts()
) -> Layout:
    """The layout of the file of a run."""
    dimensions = {
        "parameter": (
            np.arange(len(model.parameters.names)),
            f"component of theta: {', '.join(model.parameters.names)}",
        ),
        "bound": (np.arange(2), "lower and upper face"),
    }
    moments = CIRCLE_MOMENTS if any(c.periodic for c in model.parameters.components) else MOMENTS
    growing: list[Variable] = []
    fixed: list[tuple[Variable, np.ndarray]] = []
    # a prediction of a network is its values at the data or, without data, its coefficients
    values = model.function.coordinate if model.function is not None else None
    if (data := model.data) is not None:
        dimensions["data"] = (np.arange(len(data.y)), "index of the data point")
        dimensions["input"] = (np.arange(data.dimension), "index of the input coordinate")
        fixed += [
            (
                Variable(
                    "inputs",
                    ("data", "input"),
                    f"inputs x ({', '.join(data.x_names)}), as the networks see them",
                ),
                data.x,
            ),
            (
                Variable("targets", ("data",), f"targets f*(x) ({data.y_name}), as the networks see them"),
                data.y,
            ),
            (
                Variable(
                    "data_weights", ("data",), "weights of the inner product <u, v> = sum_l weight_l u_l v_l"
                ),
                data.weights,
            ),
        ]
    if (features := population_features(model)) is not None:
        targets = features.space.targets
        basis_dimensions, basis = _basis(features)
        dimensions |= basis_dimensions
        fixed += [basis, (Variable("targets", ("coefficient",), "coefficients of the teacher f*"), targets)]
    if mesh is not None:
        for axis in mesh.axes:
            dimensions[axis.name] = (axis.centres, f"cell centres of the parameter {axis.name}")
            bounds = np.column_stack([axis.faces[:-1], axis.faces[1:]])
            fixed.append(
                (
                    Variable(
                        f"{axis.name}_bounds",
                        (axis.name, "bound"),
                        f"cell faces of the parameter {axis.name}",
                    ),
                    bounds,
                )
            )
        growing += _eulerian(case, mesh, values)
    if ladder is not None:
        for units, count in zip(ladder.units, ladder.replicates, strict=True):
            dimensions[f"replicate_{units}"] = (
                np.arange(count),
                f"replicate of the networks of {units} units",
            )
            shown = min(count, case.output.snapshot_replicates)
            if shown:
                dimensions[f"snapshot_{units}"] = (
                    np.arange(shown),
                    f"replicates of {units} units whose units are stored",
                )
                dimensions[f"unit_{units}"] = (np.arange(units), f"index of the unit in networks of {units}")
            growing += _lagrangian(units, bool(shown), values, moments)
            if values and (mesh is not None or parts.nodes):
                gap = "|f_n - f|^2 in L2(nu), a squared distance" + (
                    "; f is that of the nodes" if mesh is None else ""
                )
                growing.append(
                    Variable(f"comparison/{units}/function_gap", ("time", f"replicate_{units}"), gap)
                )
            if mesh is not None:
                growing += _distances(units, mesh)
    if parts.nodes:
        growing += _characteristics(values, parts.jumps, moments)
    if parts.spectrum:
        dimensions["mode"] = (np.arange(parts.spectrum), "index of the eigenvalue, the largest first")
        growing += _fluctuations(parts.jumps)
    if case.descent.steps:
        dimensions |= _descent_dimensions(case)
        growing += _descent(case.eulerian.enabled or parts.nodes)
    return Layout(dimensions, growing, fixed)


def _basis(
    model: PopulationFeatures,
) -> tuple[dict[str, tuple[np.ndarray, str]], tuple[Variable, np.ndarray]]:
    """The coordinates of functions: their dimensions, and what defines them."""
    basis, count = model.basis, np.arange(model.space.size)
    if isinstance(basis, SampledInputs):
        dimensions = {
            "coefficient": (count, "index of the input x_q: a coefficient is f(x_q) / sqrt(Q)"),
            "input": (np.arange(basis.x.shape[1]), "index of the input coordinate"),
        }
        meaning = (
            "inputs x_q drawn from nu, at which functions are known: square norms in L2(nu) are means over"
            " them"
        )
        return dimensions, (Variable("sampled_inputs", ("coefficient", "input"), meaning), basis.x)
    dimensions = {
        "coefficient": (count, "index of the coefficient of a function in an orthonormal basis of L2(nu)"),
        "unit_parameter": (
            np.arange(basis.pivots.shape[1]),
            f"component of z: {', '.join(c.name for c in model.parameters.rest)}",
        ),
    }
    spanned = (
        "pivots z_p: features sigma(<w_p, x> + b_p) span the basis and represent those in the domain to"
        f" {basis.error:.1e} of the largest"
    )
    return dimensions, (Variable("pivots", ("coefficient", "unit_parameter"), spanned), basis.pivots)


def _eulerian(case: Case, mesh: Mesh, values: str | None) -> list[Variable]:
    group = "eulerian"
    axes = tuple(mesh.names)
    series = [
        ("elapsed_time", "time, repeated for viewers that want axes beside the signal"),
        (
            "energy",
            (
                "energy E = |f - f*|^2 + 2 int r dmu"
                if values
                else "energy E = 2 int V0 dmu + int int W dmu dmu"
            ),
        ),
        *([("loss", "loss |f - f*|^2 in L2(nu)")] if values else []),
        *(
            [("entropy", "int mu log mu"), ("free_energy", "free energy E + 2 tau int mu log mu")]
            if case.dynamics.diffusion
            else []
        ),
        *(
            [("gibbs_residual", "L1 distance of mu from exp(-V/tau)/Z of its own V")]
            if has_gibbs_states(case)
            else []
        ),
        *(_RATES if case.stationary is not None else []),
        ("mass", "total mass of mu"),
        ("minimum_density", "smallest cell average of mu"),
        (
            "dissipated_energy",
            (
                "time integral of 2 int |grad V|^2 dmu + 2 alpha Var V, by the trapezoidal rule; not with"
                " diffusion"
            ),
        ),
        ("steps", "steps taken since the start"),
        ("narrowest_blob", "standard deviation of the narrowest peak of a marginal, in cells"),
    ]
    variables = [
        Variable(
            f"{group}/mu", ("fields_time", *axes), "density mu, cell averages", dtype=case.eulerian.precision
        )
    ]
    variables += [Variable(f"{group}/{name}", ("time",), meaning) for name, meaning in series]
    if values:
        variables.append(
            Variable(
                f"{group}/compression_bound",
                ("time",),
                "bound of the error of E from the compression of features",
            )
        )
        variables.append(
            Variable(
                f"{group}/prediction",
                ("time", values),
                f"{PREDICTIONS[values]} of the infinitely wide network",
            )
        )
    if case.eulerian.error_estimate:
        estimates = [
            *(
                [("grid_error", f"bound of |f_h - f|^2 of the mesh in L2(nu), a squared distance{COVERS}")]
                if values
                else []
            ),
            ("grid_error_energy", f"bound of |E_h - E| of the mesh{COVERS}"),
            (
                "observed_order",
                (
                    f"order of convergence that the bound of {'f' if values else 'E'} rests on, between 0.7"
                    " and 2"
                ),
            ),
            *(
                (
                    f"grid_error_w1_{axis.name}",
                    f"bound of the W1 error of the marginal of {axis.name}{COVERS}",
                )
                for axis in mesh.axes
            ),
        ]
        variables += [Variable(f"{group}/{name}", ("time",), meaning) for name, meaning in estimates]
    for axis in mesh.axes:
        variables.append(
            Variable(f"{group}/marginal_{axis.name}", ("time", axis.name), f"marginal density of {axis.name}")
        )
        if not axis.periodic:
            variables.append(
                Variable(
                    f"{group}/wall_mass_{axis.name}",
                    ("time",),
                    f"mass in the two outermost cells of {axis.name}",
                )
            )
    return variables


def _lagrangian(units: int, snapshots: bool, values: str | None, moments: dict[str, str]) -> list[Variable]:
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
    variables += [
        Variable(
            f"{group}/{name}",
            ("time", replicate, "parameter"),
            f"{meaning} of every component of theta over the units of each network",
        )
        for name, meaning in moments.items()
    ]
    if values:
        variables.append(
            Variable(
                f"{group}/prediction",
                ("time", replicate, values),
                f"{PREDICTIONS[values]} of networks of {units} units",
            )
        )
    if snapshots:
        dims = ("fields_time", f"snapshot_{units}", f"unit_{units}")
        variables.append(
            Variable(f"{group}/particles", (*dims, "parameter"), "parameters theta of every unit")
        )
        variables.append(Variable(f"{group}/weights", dims, "weight of every unit in its network"))
    return variables


def _characteristics(values: str | None, jumps: bool, moments: dict[str, str]) -> list[Variable]:
    group = "characteristics"
    series = [
        ("energy", "energy of the mean field carried by quadrature nodes"),
        *([("loss", "its loss |f - f*|^2 in L2(nu)")] if values else []),
        ("effective_nodes", "effective number of nodes 1 / sum p^2"),
        *(
            [
                (
                    "monte_carlo",
                    "int |Phi|^2 dmu - |f|^2: n E|f_n - f|^2 of n units drawn i.i.d. from mu at this time",
                )
            ]
            if values
            else []
        ),
        *(
            [("jump_noise", f"noise that jumps add to n |f_n - f|^2 per unit time: {JUMP_NOISE}")]
            if jumps and values
            else []
        ),
    ]
    variables = [Variable(f"{group}/{name}", ("time",), meaning) for name, meaning in series]
    variables += [
        Variable(f"{group}/{name}", ("time", "parameter"), f"{meaning} of every component of theta")
        for name, meaning in moments.items()
    ]
    if values:
        variables.append(
            Variable(f"{group}/prediction", ("time", values), f"{PREDICTIONS[values]} of the mean field")
        )
    return variables


def _fluctuations(jumps: bool) -> list[Variable]:
    group = "fluctuations"
    series = [
        (
            "predicted",
            (
                "lim n E|f_n - f|^2 as the number n of units grows, predicted from the mean"
                f" field{WITHOUT_JUMPS if jumps else ''}"
            ),
        ),
        ("node_error", "its change when the number of nodes is halved"),
        (
            "rank_error",
            (
                "its change when the number of directions is halved; of all directions that matter, what the"
                " others may add"
            ),
        ),
    ]
    return [
        *(Variable(f"{group}/{name}", ("time",), meaning) for name, meaning in series),
        Variable(
            f"{group}/spectrum",
            ("time", "mode"),
            "largest eigenvalues of the covariance of lim sqrt(n) (f_n - f) in L2(nu)",
        ),
        Variable(
            f"{group}/mean_variance",
            ("time", "parameter"),
            "lim n Var of the mean of every component over the units; not on circles",
        ),
    ]


def _descent_dimensions(case: Case) -> dict[str, tuple[np.ndarray, str]]:
    return {
        "descent_step": (
            np.array(case.descent.steps, dtype=float),
            "length eta of the steps of descent, in units of time",
        ),
        "descent_batch": (np.array(case.descent.batches, dtype=float), "size B of minibatches; 0: all data"),
        "descent_replicate": (np.arange(case.descent.replicates), "replicate of the networks that descend"),
    }


def _descent(has_limit: bool) -> list[Variable]:
    dims = ("time", "descent_step", "descent_batch", "descent_replicate")
    meanings = [
        ("loss", "loss of every network"),
        ("energy", "energy of every network"),
        ("flow_gap", "|f_descent - f_flow|^2 in L2(nu) for the same initial units"),
        *([("function_gap", "|f_descent - f|^2 in L2(nu), f of the mean field")] if has_limit else []),
        ("diverged", "time at which the network diverged; NaN if it has not"),
    ]
    return [Variable(f"descent/{name}", dims, meaning) for name, meaning in meanings]


def _distances(units: int, mesh: Mesh) -> list[Variable]:
    group, replicate = f"comparison/{units}", f"replicate_{units}"
    variables = [
        Variable(
            f"{group}/w1_{axis.name}", ("time", replicate), f"W1 distance of the marginals of {axis.name}"
        )
        for axis in mesh.axes
    ]
    variables.append(
        Variable(
            f"{group}/sliced_w2",
            ("fields_time", replicate),
            "sliced W2 distance of the clouds of units from mu",
        )
    )
    return variables
