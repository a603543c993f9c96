"""Runs that learn classes: what files, comparisons and figures say of them."""

import numpy as np
import pytest
from conftest import small_case

import mfpde
from mfpde.analysis.anywhere import function_at
from mfpde.analysis.inspect import inspect
from mfpde.figures import class_panels, lacking, plot
from mfpde.kinds import LOSSES
from mfpde.models import build_model, classes
from mfpde.results.predictions import predictions

TINY = {"eulerian.backend": "numpy", "time": 0.5, "characteristics.nodes": 64}
DESCENT = {"descent": {"steps": [0.1], "batches": [0], "units": 20, "replicates": 2}}
NO_MESH = {"eulerian.enabled": False}
KEYS = ("accuracy", "cross_entropy")


def inputs(dimension):
    return {"law": "uniform", "low": -2, "high": 2, "samples": 30, "dimension": dimension}


def learn(loss, teacher, dimension=1, **changes):
    data = {"data.teacher": teacher, "data.inputs": inputs(dimension)}
    return small_case(**{"model.loss": loss, **data, **TINY, **changes})


CASES = {
    "two classes, one input": learn("logistic", "x0 - 0.3", **DESCENT),
    "two classes, two inputs": learn("logistic", "x0*x1", 2),
    "two classes, two inputs, nodes": learn("logistic", "x0*x1", 2, **NO_MESH),
    "two classes, three inputs": learn("logistic", "x0*x1 + x2", 3, **NO_MESH),
    "three classes, one input": learn("softmax", ["x0", "0.2", "-x0"], **NO_MESH),
    "three classes, two inputs": learn("softmax", ["x0", "x1", "-x0-x1"], 2, **NO_MESH),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of these cases, by name, made when asked for."""
    folder, made = tmp_path_factory.mktemp("classes"), {}

    def run(name):
        if name not in made:
            made[name] = mfpde.run(CASES[name], folder / f"{name.replace(' ', '_')}.h5")
        return made[name]

    return run


# --- what outputs mean --------------------------------------------------------------------------------------


def test_one_output_tells_two_classes_by_its_sign():
    f, y = np.array([[2.0, -1.0, 0.0, 3.0]]), np.array([[1.0, 1.0, -1.0, -1.0]])
    p = classes.probabilities(f)[0]
    np.testing.assert_allclose(np.log(p / (1 - p)), f[0], atol=1e-14)
    assert classes.right(f, y).tolist() == [True, False, False, False]
    assert classes.margins(f, y).tolist() == [2, -1, 0, -3]
    np.testing.assert_allclose(classes.cross_entropy(f, y), -np.log(np.where(y[0] > 0, p, 1 - p)))


def test_several_outputs_tell_the_class_of_the_largest():
    f = np.array([[2.0, 0.0], [1.0, 0.5], [0.0, 3.0]])
    y = np.eye(3)[:, [0, 1]]
    p = classes.probabilities(f)
    np.testing.assert_allclose(p.sum(axis=0), 1)
    assert classes.right(f, y).tolist() == [True, False]
    assert classes.margins(f, y).tolist() == [1, -2.5]
    np.testing.assert_allclose(classes.cross_entropy(f, y), -np.log(p[[0, 1], [0, 1]]))


def test_two_scores_are_two_classes_of_their_difference():
    f, g = np.random.default_rng(0).standard_normal((2, 1, 9))
    y = np.where(np.arange(9) % 2, 1.0, -1.0)[None]
    scores, hot = np.concatenate([f, g]), np.concatenate([y > 0, y < 0]).astype(float)
    np.testing.assert_allclose(classes.cross_entropy(scores, hot), classes.cross_entropy(f - g, y))
    assert np.array_equal(classes.right(scores, hot), classes.right(f - g, y))


def test_the_accuracy_counts_data_by_their_weights():
    risk = build_model(learn("logistic", "x0")).risk
    f = risk.targets.ravel().copy()
    assert risk.accuracy(f) == 1.0
    f[:3] *= -1
    assert risk.accuracy(f) == 1 - 3 / 30
    risk.weights[:3] *= 10
    assert risk.accuracy(f) == pytest.approx(1 - 30 / 57)
    risk.weights[:] = 7.0  # weights that do not sum to 1
    assert risk.cross_entropy(f) == pytest.approx((27 * np.log1p(np.exp(-1)) + 3 * np.log1p(np.exp(1))) / 30)


# --- what runs say ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["two classes, one input", "three classes, one input"])
def test_a_run_of_classes_has_their_metrics(runs, name):
    run, table = runs(name), runs(name).compare().table
    risk = build_model(CASES[name]).risk
    f = predictions(run.group("characteristics"))
    np.testing.assert_allclose(run.group("characteristics")["accuracy"], risk.accuracy(f))
    np.testing.assert_allclose(
        2 * run.group("characteristics")["cross_entropy"], run.group("characteristics")["loss"]
    )
    entry = table["lagrangian"][0]
    for key in KEYS:
        of_networks = run.lagrangian(20)[key].values
        np.testing.assert_allclose(entry[key]["mean"], of_networks.mean(axis=1))
        assert (table["eulerian"] is None) or table["eulerian"][key] == run.eulerian[key].values.tolist()
    assert entry["cross_entropy"]["mean"][-1] < entry["cross_entropy"]["mean"][0]
    said = repr(run.compare())
    assert "Accuracy: the share of the data whose class is right" in said
    assert "Cross-entropy in nats" in said


def test_networks_that_descend_have_them_too(runs):
    run = runs("two classes, one input")
    assert run.group("descent")["accuracy"].shape == run.group("descent")["loss"].shape
    np.testing.assert_allclose(2 * run.group("descent")["cross_entropy"], run.group("descent")["loss"])


def test_a_run_of_numbers_has_none(small_run):
    assert not small_run.learns_classes
    assert small_run.classes == []
    table = small_run.compare().table
    assert table["eulerian"]["accuracy"] is None
    assert "accuracy" not in table["lagrangian"][0]
    assert "Accuracy" not in repr(small_run.compare())


@pytest.mark.parametrize("loss", LOSSES)
def test_energy_and_loss_are_called_by_the_loss(loss, tmp_path):
    case = learn(loss, "x0")
    if loss == "softmax":  # an axis for each output
        axes = case.resolved()["parameters"]
        axes.pop("b")
        case = case.replace({"data.teacher": ["x0", "0.1"], "model.bias": False, "parameters": axes})
    run = mfpde.run(case, tmp_path / "a.h5")
    listed = inspect(run.path)["datasets"]
    risk = LOSSES[loss].risk
    assert listed["eulerian/energy"]["long_name"] == f"energy E = {risk} + 2 int r dmu"
    assert listed["eulerian/loss"]["long_name"].startswith(f"loss {risk}")
    assert (risk == "|f - f*|^2") == (loss == "square")
    assert inspect(run.path)["added"] == []


def test_files_name_their_classes(runs):
    assert runs("two classes, one input").classes == ["-1", "1"]
    assert runs("three classes, one input").classes == ["1", "2", "3"]


# --- figures ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_classes_are_drawn(runs, name, tmp_path):
    run = runs(name)
    assert "see the figure classes" in lacking(run)["function"]
    assert {file.stem for file in plot(run, tmp_path, ["classes"], ["svg"])} == {"classes"}
    others = set(plot(run, tmp_path, None, ["svg"]))
    assert len(others) > 5


def test_numbers_are_no_classes(small_run):
    assert lacking(small_run, ["classes"]) == {"classes": "classes, and this run learns numbers (model.loss)"}


def test_f_of_the_density_at_the_data_is_the_prediction(runs):
    run = runs("two classes, two inputs")
    f = function_at(run, run.data["inputs"].values, -1)
    np.testing.assert_allclose(f[0], run.eulerian["prediction"].values[-1], atol=1e-12)


def test_names_of_classes_are_shown_as_they_are(runs):
    class Called:
        classes = ["_a", "3", "b $ c", "plain"]

    assert class_panels.names(Called) == ["class _a", "class 3", r"b \$ c", "plain"]
    assert class_panels.names(runs("two classes, one input")) == ["$-1$", "$+1$"]


def test_data_on_a_line_are_drawn_on_the_plane():
    x = np.linspace(0, 1, 5)[:, None] * np.ones(2)
    found = class_panels._between(x, np.arange(5.0)[None], np.array([[0.1, 0.0], [0.9, 1.2]]))
    assert found.tolist() == [[0, 4]]
