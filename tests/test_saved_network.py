"""Networks trained elsewhere: a user's own parameters beside the mean field of an output file."""

import io
import json
import shutil
import zipfile

import h5py
import numpy as np
import pytest
from conftest import small_case
from rich.console import Console

import mfpde
from mfpde.analysis.model_of_run import model_of
from mfpde.analysis.outside import compare_network, limit_quantiles, open_network
from mfpde.analysis.outside_report import print_outside
from mfpde.data.saved_network import read_network
from mfpde.errors import InputError
from mfpde.figures.outside import save_outside

NAMES = ["a", "w", "b"]


def stored_units(run, units):
    """Times, and the parameters by name (T, R, n), of the networks whose units are in the file."""
    particles = run.lagrangian(units)["particles"].values
    return run.eulerian["fields_time"].values if run.has_density else run.tree["fields_time"].values, dict(
        zip(run.parameters, np.moveaxis(particles, -1, 0), strict=True)
    )


def export(path, run, units, form="mean", **changes):
    """The networks of one width as a user would save them; a change to None leaves an array out."""
    times, theta = stored_units(run, units)
    theta["a"] = theta["a"] / {"mean": 1, "sqrt": np.sqrt(units), "sum": units}[form]
    arrays = {"time": times, **theta, "scaling": form} | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


@pytest.mark.parametrize("scaling", ["mean", "sum", "sqrt"])
def test_the_runs_own_networks_come_back_in_every_scaling(scaling, small_run, tmp_path):
    path = export(tmp_path / "own.npz", small_run, 60, scaling)
    network = open_network(small_run, path)
    assert (network.units, network.replicates, network.scaling) == (60, 3, scaling)
    table = compare_network(small_run, network)
    assert table["times"] == [0, 0.5, 1.0]
    assert table["skipped"] == []
    own, series = (
        small_run.comparison(60).sel(time=table["times"]),
        small_run.lagrangian(60).sel(time=table["times"]),
    )
    np.testing.assert_allclose(table["function_gap"]["replicates"], own["function_gap"], rtol=1e-9)
    np.testing.assert_allclose(
        table["scaled_gap"]["mean"], 60 * own["function_gap"].mean("replicate_60"), rtol=1e-9
    )
    for name in ("energy", "loss"):
        np.testing.assert_allclose(table[name]["replicates"], series[name], rtol=1e-11)
    for name in NAMES:
        np.testing.assert_allclose(table["w1"][name]["replicates"], own[f"w1_{name}"], rtol=1e-8)
    np.testing.assert_allclose(table["sliced_w2"]["replicates"], own["sliced_w2"], rtol=1e-6)
    assert table["observed_ladder"][1]["units"] == 60
    np.testing.assert_allclose(
        table["observed_ladder"][1]["function_gap"]["mean"], table["function_gap"]["mean"], rtol=1e-9
    )
    np.testing.assert_allclose(
        table["mean_field"]["energy"], small_run.eulerian["energy"].sel(time=table["times"]), rtol=0
    )
    assert table["predicted_gap"] is None
    assert table["quantile"] is None
    json.dumps(table, allow_nan=False)


def test_the_scaling_may_be_said_by_argument_and_must_be_said(small_run, tmp_path):
    path = export(tmp_path / "own.npz", small_run, 20, "sum", scaling=None)
    with pytest.raises(InputError, match=r"no 'scaling'.*'mean': f = \(1/n\) sum a phi"):
        open_network(small_run, path)
    assert open_network(small_run, path, "sum").scaling == "sum"
    with pytest.raises(InputError, match="'mean' was asked for"):
        open_network(small_run, export(tmp_path / "said.npz", small_run, 20, "sum"), "mean")
    with pytest.raises(InputError, match="did you mean 'mean'"):
        open_network(small_run, path, "meen")


def test_one_time_of_one_network_needs_no_further_axes(small_run, tmp_path):
    times, theta = stored_units(small_run, 20)
    last = {name: values[-1, 1] for name, values in theta.items()}
    expected = small_run.comparison(20)["function_gap"].values[-1, 1]
    for time in (times[-1], times[-1:], np.float32(times[-1] * (1 + 3e-7))):
        np.savez(tmp_path / "one.npz", time=time, scaling=b"mean", **last)
        table = compare_network(small_run, open_network(small_run, tmp_path / "one.npz"))
        np.testing.assert_allclose(table["function_gap"]["mean"], [expected], rtol=1e-9)


def test_weights_are_masses_of_units(small_run, tmp_path):
    times, theta = stored_units(small_run, 20)
    # every unit twice, with a quarter and three quarters
    halves = np.repeat(np.stack([theta[name] for name in NAMES]), 2, axis=-1)
    weights = np.broadcast_to(np.tile([1.0, 3.0], 20), halves.shape[1:])
    path = tmp_path / "weights.npz"
    np.savez(path, time=times, weights=weights, scaling="mean", **dict(zip(NAMES, halves, strict=True)))
    table = compare_network(small_run, open_network(small_run, path))
    gap = small_run.comparison(20)["function_gap"].sel(time=times)
    np.testing.assert_allclose(table["function_gap"]["replicates"], gap, rtol=1e-9)
    assert table["units"] == 40
    np.savez(path, time=times, weights=weights, scaling="sum", **dict(zip(NAMES, halves, strict=True)))
    with pytest.raises(InputError, match=r"'weights' make f = sum weight a phi"):
        open_network(small_run, path)


def test_skipped_times_are_named_and_no_common_time_is_refused(small_run, tmp_path):
    times, theta = stored_units(small_run, 20)
    path = export(tmp_path / "own.npz", small_run, 20, time=np.array([0.0, 0.3, 1.0]))
    table = compare_network(small_run, open_network(small_run, path))
    assert table["times"] == [0, 1.0]
    assert table["skipped"] == [0.3]
    assert "no output at these times: t = 0.3" in printed(table)
    path = export(tmp_path / "never.npz", small_run, 20, time=np.array([0.1, 0.3, 7.0]))
    with pytest.raises(InputError, match=r"'time' names none .* expected some of 0, 0\.25, 0\.5, 0\.75, 1$"):
        compare_network(small_run, open_network(small_run, path))
    path = export(tmp_path / "far.npz", small_run, 20, time=times, w=theta["w"] + 9)
    assert "100.0% of its units lie beyond the walls" in printed(
        compare_network(small_run, open_network(small_run, path))
    )


def printed(table):
    console = Console(file=io.StringIO(), width=118)
    print_outside(table, console)
    return console.file.getvalue()


def test_the_data_file_may_be_gone(tmp_path):
    random = np.random.default_rng(0)
    (tmp_path / "data.csv").write_text(
        "u,v,y,m\n" + "".join(f"{u},{v},{u * v},{m}\n" for u, v, m in random.uniform(0.1, 1, (15, 3)))
    )
    (tmp_path / "case.toml").write_text("""
        time = 0.2
        data = { file = "data.csv", x = ["u", "v"], y = "y", weights = "m", standardize = true }
        model = { activation = "t/(1 + t^2)", penalty = { lambda = 0.01, power = 1, confinement = 0.02 } }
        parameters.a = { domain = [-4, 4], cells = 9, initial = { law = "normal", within = [-3, 3] } }
        parameters.w = { domain = [-4, 4], cells = 8, initial = { law = "normal", within = [-3, 3] } }
        parameters.b = { fixed = 0.5 }
        lagrangian = { units = [12], replicates = 2 }
        output = { every = 0.1, fields_every = 0.1 }
    """)
    run = mfpde.run(mfpde.load_case(tmp_path / "case.toml"), tmp_path / "case.h5")
    (tmp_path / "data.csv").unlink()
    (tmp_path / "case.toml").unlink()
    _, theta = stored_units(run, 12)
    matrix = np.stack([theta["w1"], theta["w2"]], axis=-1)
    layouts = [{}, {"b": None}, {"w1": None, "w2": None, "w": matrix, "b": None}]
    for changes in layouts:
        network = open_network(run, export(tmp_path / "own.npz", run, 12, **changes))
        table = compare_network(run, network)
        np.testing.assert_allclose(
            table["function_gap"]["replicates"], run.comparison(12)["function_gap"], rtol=1e-9
        )
        np.testing.assert_allclose(table["energy"]["replicates"], run.lagrangian(12)["energy"], rtol=1e-11)
    save_outside(run, network, table, tmp_path / "figures", ["pdf"])
    with pytest.raises(InputError, match=r"'b' is not 0\.5, at which the case fixes it"):
        open_network(run, export(tmp_path / "own.npz", run, 12, b=theta["b"] + 0.1))
    with pytest.raises(InputError, match=r"'w' has shape \(3, 2, 2, 12\); expected \(3, 2, 12, 2\)"):
        open_network(
            run, export(tmp_path / "own.npz", run, 12, w1=None, w2=None, w=np.swapaxes(matrix, -1, -2))
        )
    with pytest.raises(InputError, match="both"):
        open_network(run, export(tmp_path / "own.npz", run, 12, w=matrix))


def test_a_population_run_needs_no_data(tmp_path):
    axis = {"domain": [-3, 3], "cells": 8, "initial": {"law": "normal", "std": 0.6, "within": [-2, 2]}}
    teacher = {"kind": "planted", "units": [{"a": 2.0, "w": [1.0, 0.5]}, {"a": -1.0, "w": [-0.5, 1.0]}]}
    case = small_case(
        model={"activation": "erf", "bias": False, "penalty": {"lambda": 0.01}},
        data={"population": "gaussian", "dimension": 2, "teacher": teacher},
        parameters={"a": axis, "w": axis},
        time=0.2,
        lagrangian={"units": [15], "replicates": 2},
        output={"every": 0.1, "fields_every": 0.1},
    )
    run = mfpde.run(case, tmp_path / "population.h5")
    network = open_network(run, export(tmp_path / "own.npz", run, 15, "sqrt"))
    table = compare_network(run, network)
    np.testing.assert_allclose(
        table["function_gap"]["replicates"], run.comparison(15)["function_gap"], rtol=1e-7
    )
    np.testing.assert_allclose(table["energy"]["replicates"], run.lagrangian(15)["energy"], rtol=1e-10)
    run.close()
    # a machine that chose other pivots: here in another order, with coefficients to match
    with h5py.File(run.path, "r+") as file:
        model = model_of(mfpde.open_run(run.path))
        order = np.arange(len(file["pivots"]))
        order[[0, 1]] = 1, 0
        old, pivots = model.features.basis, file["pivots"][:][order]
        # new coefficients = turn @ old
        turn = np.linalg.solve(np.linalg.cholesky(model.features.kernel(pivots, pivots)), old.factor[order])
        file["pivots"][:] = pivots
        file["eulerian/prediction"][:] = file["eulerian/prediction"][:] @ turn.T
    again = compare_network(mfpde.open_run(run.path), network)
    np.testing.assert_allclose(
        again["function_gap"]["replicates"], table["function_gap"]["replicates"], rtol=1e-7
    )


def test_a_potential_has_no_function(tmp_path):
    axis = {"domain": [-4, 4], "cells": 16, "initial": {"law": "normal", "within": [-3, 3]}}
    case = small_case(
        time=0.1,
        model={"kind": "potential", "external": "x^2"},
        data=None,
        parameters={"x": axis},
        lagrangian={"units": [9]},
    )
    run = mfpde.run(case, tmp_path / "potential.h5")
    with pytest.raises(InputError, match="a potential has no function"):
        open_network(run, tmp_path / "none.npz")


def test_nodes_serve_where_there_is_no_density(tmp_path):
    alone = {"eulerian.enabled": False, "lagrangian.units": [20]}
    run = mfpde.run(small_case(time=0.5, **alone), tmp_path / "networks.h5")
    network = open_network(run, export(tmp_path / "own.npz", run, 20))
    with pytest.raises(InputError, match="has no mean field"):
        compare_network(run, network)
    run = mfpde.run(small_case(time=0.5, **alone, **{"characteristics.nodes": 64}), tmp_path / "nodes.h5")
    table = compare_network(run, network)
    assert table["mean_field"]["source"] == "nodes"
    assert table["mean_field"]["grid_error"] is None
    assert table["w1"] is None
    exported = [0, 2]
    np.testing.assert_allclose(
        table["function_gap"]["replicates"], run.comparison(20)["function_gap"].values[exported], rtol=1e-6
    )


def test_jumps_and_weights_are_not_judged_by_the_law_of_the_flow(tmp_path):
    changes = {
        "eulerian.enabled": False,
        "lagrangian.units": [20],
        "characteristics.nodes": 128,
        "fluctuations.predict": True,
        "time": 0.5,
    }
    for reaction in ("birth_death", "weights"):
        case = small_case(**changes, **{"dynamics.birth_death": 1.0, "lagrangian.reaction": reaction})
        run = mfpde.run(case, tmp_path / f"{reaction}.h5")
        table = compare_network(run, open_network(run, export(tmp_path / f"{reaction}.npz", run, 20)))
        assert table["predicted_gap"] is None or not np.any(table["quantile"])


def test_a_predicted_limit_law_tells_how_usual_the_gap_is(small_run, tmp_path):
    network = open_network(small_run, export(tmp_path / "own.npz", small_run, 60))
    copy = tmp_path / "copy.h5"
    shutil.copy(small_run.path, copy)
    gap = small_run.comparison(60)["function_gap"].values  # (time, R)
    spectrum = np.zeros((5, 4))
    # the median of chi^2 of one degree of freedom: the first network is the median draw
    spectrum[:, 0] = 60 * gap[:, 0] / 0.454936
    with h5py.File(copy, "r+") as file:
        file["fluctuations/predicted"] = spectrum.sum(axis=1)
        file["fluctuations/spectrum"] = spectrum
        file["mode"] = np.arange(4.0)
        file["mode"].make_scale("mode")
        for name in ("predicted", "spectrum"):
            file[f"fluctuations/{name}"].dims[0].attach_scale(file["time"])
        file["fluctuations/spectrum"].dims[1].attach_scale(file["mode"])
    run = mfpde.open_run(copy)
    table = compare_network(run, network)
    np.testing.assert_allclose(table["predicted_gap"], spectrum.sum(axis=1)[[0, 2, 4]] / 60)
    np.testing.assert_allclose(np.array(table["quantile"]["replicates"])[:, 0], 0.5, atol=0.006)
    assert compare_network(run, network) == table
    table["quantile"]["replicates"][-1] = [0.3, 0.5, 0.9]
    assert (
        "between 30% and 90% of random networks of this width are at least as near to the limit: a typical"
        " draw" in printed(table)
    )
    table["quantile"]["replicates"][-1] = [0.3, 0.9999, 0.9]
    assert "for 1 of 3 networks: check the time per step" in printed(table).replace("\n", " ").replace(
        "  ", " "
    )
    table["quantile"]["replicates"][-1] = [0.0001]
    assert "is as near to the limit" in printed(table)
    files = save_outside(run, network, table, tmp_path / "figures")
    assert [file.name for file in files] == ["outside.pdf", "outside.png"]
    assert all(file.stat().st_size > 5000 for file in files)
    with pytest.raises(InputError, match="cannot be saved"):
        save_outside(run, network, table, files[0])


def test_quantiles_of_the_limit_law_are_those_of_gamma():
    values = np.array([[0.5, 2.0, 9.0]])
    # 1.5 chi^2 of two degrees of freedom is exponential of mean 3
    found = limit_quantiles(np.full((1, 2), 1.5), values)
    np.testing.assert_allclose(found, 1 - np.exp(-values / 3), atol=0.005)


def descend(theta, x, y, strength, steps, rates, scaling):
    """Plain gradient descent on E = mean (f - y)^2 + 2 strength mean a^2 of one network, written in its own
    scaling.
    """
    a, w, b = (v.copy() for v in theta)
    # a = c a' is that of the scaling "mean"
    c = {"mean": 1.0, "sum": len(a), "sqrt": np.sqrt(len(a))}[scaling]
    a /= c
    for _ in range(steps):
        features = np.tanh(np.outer(w, x) + b[:, None])  # (n, L)
        residual = 2 * (c / len(a) * a @ features - y) / len(x)  # dE/df(x_l)
        along = a[:, None] * (1 - features**2) * residual * c / len(a)
        gradient_a = features @ residual * c / len(a) + 4 * strength * c**2 * a / len(a)
        a, w, b = a - rates[0] * gradient_a, w - rates[1] * along @ x, b - rates[1] * along.sum(axis=1)
    return np.array([a, w, b])


def test_gradient_descent_elsewhere_follows_the_flow_to_first_order(small_run, tmp_path):
    x, y = small_run.data["inputs"].values[:, 0], small_run.data["targets"].values
    _, theta = stored_units(small_run, 20)
    start, end = (np.array([theta[name][k, 0] for name in NAMES]) for k in (0, -1))
    errors = []
    for steps in (50, 100):
        dt = 1.0 / steps
        found = descend(start, x, y, 0.01, steps, (20 * dt / 2,) * 2, "mean")
        errors.append(np.abs(found - end).max() / dt)
    assert errors[0] < 1
    assert 0.8 < errors[1] / errors[0] < 1.2  # halving the step halves the error
    for scaling, rate in (("sum", dt / (2 * 20)), ("sqrt", dt / 2)):
        same = descend(start, x, y, 0.01, steps, (rate, 20 * dt / 2), scaling)
        same[0] *= {"sum": 20, "sqrt": np.sqrt(20)}[scaling]
        np.testing.assert_allclose(same, found, atol=1e-12)
    np.savez(tmp_path / "own.npz", time=1.0, scaling="mean", **dict(zip(NAMES, found, strict=True)))
    gap = compare_network(small_run, open_network(small_run, tmp_path / "own.npz"))["function_gap"]["mean"][0]
    expected = small_run.comparison(20)["function_gap"].values[-1, 0]
    assert abs(gap - expected) < 2 * dt * np.sqrt(expected)


GOOD = {
    "time": np.arange(3.0),
    "a": np.ones((3, 5)),
    "w": np.ones((3, 5)),
    "b": np.ones((3, 5)),
    "scaling": "mean",
}
WRONG = {
    "no time": ({"time": None}, "no array 'time'"),
    "time falls": ({"time": np.array([0.0, 2.0, 1.0])}, "increasing times"),
    "times below zero": ({"time": np.array([-1.0, 0.0, 1.0])}, "none negative"),
    "a matrix of times": ({"time": np.ones((3, 1))}, r"'time' has shape \(3, 1\)"),
    "no times": ({"time": np.zeros(0)}, "increasing times"),
    "another number of times": (
        {"a": np.ones((4, 5))},
        r"'a' has shape \(4, 5\); expected \(3, n\) or \(3, replicates, n\)",
    ),
    "another width": ({"b": np.ones((3, 6))}, r"'b' has shape \(3, 6\); expected \(3, 5\) or \(3, 1, 5\)"),
    "no units": ({"a": np.ones((3, 0))}, r"'a' has shape \(3, 0\)"),
    "a scalar": ({"a": 1.0}, r"'a' has shape \(\)"),
    "missing": ({"b": None}, "no array 'b', which the model has"),
    "misspelt": ({"w": None, "W": np.ones((3, 5))}, "holds 'W'.*did you mean 'w'"),
    "not a number": ({"a": np.where(np.eye(3, 5), np.nan, 1)}, r"'a' holds nan at index \(0, 0\)"),
    "words": ({"a": np.full((3, 5), "one")}, "'a' has type <U3; expected real numbers"),
    "complex": ({"a": np.ones((3, 5), complex)}, "'a' has type complex128"),
    "objects": ({"a": np.full((3, 5), None)}, "'a' is of Python objects"),
    "a number for a word": ({"scaling": 1.0}, "'scaling' has type float64; expected text"),
    "two scalings": ({"scaling": ["mean", "sum"]}, r"'scaling' has shape \(2,\)"),
    "another scaling": ({"scaling": "average"}, "'scaling' is 'average'"),
    "negative weights": ({"weights": -np.ones((3, 5))}, "'weights' are negative"),
    "no weight": ({"weights": np.zeros((3, 5))}, "all zero"),
    "weights of another shape": ({"weights": np.ones(5)}, r"'weights' has shape \(5,\)"),
    "too large": ({"a": np.full((3, 5), 1e308), "scaling": "sum"}, "too large"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_arrays_get_one_sentence(what, tmp_path):
    changes, message = WRONG[what]
    np.savez(
        tmp_path / "net.npz", **{name: value for name, value in (GOOD | changes).items() if value is not None}
    )
    with pytest.raises(InputError, match=message) as caught:
        read_network(tmp_path / "net.npz", NAMES, {})
    assert "\n" not in str(caught.value)
    assert str(tmp_path / "net.npz") in str(caught.value)


def header(shape, kind="<f8"):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": kind, "fortran_order": False, "shape": shape})
    return file.getvalue()


@pytest.mark.parametrize(
    "payload",
    [
        header((10**12, 10**12)),
        header((10**6,)) + b"short",
        header((2, 2))[:20],
        b"",
        b"\x93NUMPY\x01\x00\xff\xff{",
        b"text",
    ],
)
def test_hostile_archives_allocate_nothing_and_get_one_sentence(payload, tmp_path):
    path = tmp_path / "hostile.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", payload)
    with pytest.raises(InputError, match=r"too large|not a readable"):
        read_network(path, NAMES, {}, "mean")


def test_what_is_no_archive_gets_one_sentence(tmp_path):
    good = tmp_path / "good.npz"
    np.savez(good, **GOOD)
    assert read_network(good, NAMES, {}).state.shape == (3, 1, 3, 5)
    with pytest.raises(InputError, match=r"did you mean 'good.npz'"):
        read_network(tmp_path / "godo.npz", NAMES, {})
    with pytest.raises(InputError, match="is a folder"):
        read_network(tmp_path, NAMES, {})
    with pytest.raises(InputError, match="model has no bias"):
        read_network(good, ["a", "w"], {})
    np.save(tmp_path / "plain.npy", np.ones(3))
    for content in (
        b"",
        b"PK\x03\x04",
        (tmp_path / "plain.npy").read_bytes(),
        good.read_bytes()[:-40],
        b"\0" * 1000,
    ):
        (tmp_path / "bad.npz").write_bytes(content)
        with pytest.raises(InputError, match=r"not a readable \.npz file"):
            read_network(tmp_path / "bad.npz", NAMES, {})
    with zipfile.ZipFile(tmp_path / "names.npz", "w") as archive:
        archive.writestr("\x1b[31m" + "x" * 5000, b"")
    with pytest.raises(InputError, match="no parameter of the model") as caught:
        read_network(tmp_path / "names.npz", NAMES, {})
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_layouts_of_one_input(tmp_path):
    """w may keep the axis of its single input, as torch stores it."""
    for w in (GOOD["w"], GOOD["w"][..., None], GOOD["w"][:, None], GOOD["w"][:, None, :, None]):
        np.savez(tmp_path / "net.npz", **(GOOD | {"w": w}))
        assert read_network(tmp_path / "net.npz", NAMES, {}).state.shape == (3, 1, 3, 5)
    np.savez(tmp_path / "net.npz", time=np.arange(3.0), w=np.ones((3, 5, 1)), scaling="mean")
    assert read_network(tmp_path / "net.npz", NAMES, {"a": 1.0, "b": 0.0}).state.shape == (3, 1, 3, 5)
