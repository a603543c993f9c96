"""Targets of losses: classes by numbers, words and truth values; columns of several outputs; what is
refused.
"""

import numpy as np
import pytest
from conftest import small_case
from losses import loss_case

from mfpde.data import build_dataset
from mfpde.errors import InputError
from mfpde.lagrangian.distinct import distinct
from mfpde.models.network import build_network

X = np.array([0.5, 1.5, -2.25, 3.0])


def read(path, loss="logistic", x="x", y="y", **more):
    """The dataset of a file under a loss."""
    return build_dataset(small_case(data={"file": str(path), "x": x, "y": y, **more}, **{"model.loss": loss}))


def table(folder, y, name="y"):
    """A CSV of X and a column."""
    path = folder / "d.csv"
    path.write_text(f"x,{name}\n" + "".join(f"{a},{b}\n" for a, b in zip(X, y, strict=True)))
    return path


TWO = {
    "0 and 1": (["0", "1", "1", "0"], [-1, 1, 1, -1], ("0", "1")),
    "0.0 and 1": (["0.0", "1", "1.0", "0"], [-1, 1, 1, -1], ("0", "1")),
    "-1 and 1": (["-1", "1", "+1", "-1"], [-1, 1, 1, -1], ("-1", "1")),
    "numbers by size": (["10", "9", "9", "10"], [1, -1, -1, 1], ("9", "10")),
    "numbers of many digits": (["1234567", "1234568"] * 2, [-1, 1] * 2, ("1234567", "1234568")),
    "words by the alphabet": (["yes", "no", " no", "yes "], [1, -1, -1, 1], ("no", "yes")),
    "truth values": (["True", "False", "False", "True"], [1, -1, -1, 1], ("False", "True")),
    "a number and a word": (["2", "none of it", "2", "2"], [-1, 1, -1, -1], ("2", "none of it")),
}


@pytest.mark.parametrize("what", TWO)
def test_two_values_become_minus_and_plus_one_aloud(what, tmp_path):
    given, expected, classes = TWO[what]
    data = read(table(tmp_path, given))
    np.testing.assert_array_equal(data.y, expected)
    assert data.classes == classes
    said = f"data.y: 'y' has two classes: {classes[0]} becomes -1, {classes[1]} becomes +1"
    assert data.notes == (() if classes == ("-1", "1") else (said,))


def test_labels_tell_which_class_is_plus_one(tmp_path):
    path = table(tmp_path, ["yes", "no", "no", "yes"])
    data = read(path, labels=["yes", "no"])
    np.testing.assert_array_equal(data.y, [-1, 1, 1, -1])
    assert data.classes == ("yes", "no")
    assert data.notes == ()
    np.testing.assert_array_equal(read(path, "softmax", labels=["yes", "maybe", "no"]).targets[1], 0)


@pytest.mark.parametrize("loss", ["square", "huber"])
def test_labels_serve_losses_of_numbers_too(loss, tmp_path):
    data = read(table(tmp_path, ["b", "a", "a", "b"]), loss, labels=["a", "b"])
    np.testing.assert_array_equal(data.y, [1, -1, -1, 1])


def test_classes_get_an_output_each(tmp_path):
    data = read(table(tmp_path, ["oak", "elm", "ash", "oak"]), "softmax")
    np.testing.assert_array_equal(data.targets, [[0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 1]])
    assert data.classes == ("ash", "elm", "oak")
    assert data.notes == ("data.y: 'y' has the classes ash, elm, oak, one output for each",)


@pytest.mark.parametrize("suffix", ["npz", "parquet"])
@pytest.mark.parametrize("kind", [bool, int, np.float32, str])
def test_arrays_of_any_kind_are_classes(kind, suffix, tmp_path):
    y, path = np.array([0, 1, 1, 0]).astype(kind), tmp_path / f"d.{suffix}"
    if suffix == "npz":
        np.savez(path, x=X, y=y)
    else:
        pytest.importorskip("pyarrow")
        pd = pytest.importorskip("pandas")
        pd.DataFrame({"x": X, "y": y}).to_parquet(path)
    np.testing.assert_array_equal(read(path).y, [-1, 1, 1, -1])
    np.testing.assert_array_equal(read(path, "softmax").targets[1], [0, 1, 1, 0])


def test_missing_classes_are_refused_or_dropped(tmp_path):
    path = table(tmp_path, ["a", "", "b", "a"])
    with pytest.raises(InputError, match="line 3, column 'y': has no value"):
        read(path)
    data = read(path, missing="drop")
    np.testing.assert_array_equal(data.y, [-1, 1, -1])
    np.testing.assert_array_equal(data.x[:, 0], X[[0, 2, 3]])
    data = read(table(tmp_path, ["a", "?", "b", "a"]), missing="drop", missing_values=["?"])
    np.testing.assert_array_equal(data.y, [-1, 1, -1])


def test_weights_and_standardised_inputs_leave_classes_alone(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("x,y,n\n1,a,2\n2,b,1\n5,a,1\n")
    data = read(path, weights={"column": "n", "normalize": True}, standardize=True)
    np.testing.assert_array_equal(data.y, [-1, 1, -1])
    np.testing.assert_array_equal(data.weights, [0.5, 0.25, 0.25])
    assert data.weights @ data.x[:, 0] == pytest.approx(0, abs=1e-15)
    assert data.weights @ data.x[:, 0] ** 2 == pytest.approx(1)
    data = read(path, "softmax", weights={"column": "n", "normalize": True}, standardize=True)
    np.testing.assert_array_equal(data.targets, [[1, 0, 1], [0, 1, 0]])


def test_several_columns_are_several_outputs(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("x,u,v\n1,1,30\n2,2,10\n5,6,20\n")
    data = read(path, "huber", y=["u", "v"])
    np.testing.assert_array_equal(data.targets, [[1, 2, 6], [30, 10, 20]])
    assert data.y_names == ["u", "v"]
    scaled = read(path, "huber", y=["u", "v"], standardize=True)
    np.testing.assert_allclose(scaled.targets.mean(axis=1), 0, atol=1e-15)
    np.testing.assert_allclose(scaled.targets.std(axis=1), 1)
    np.testing.assert_allclose(scaled.y * scaled.y_scaling.scale + scaled.y_scaling.shift, data.y)
    one = read(path, "huber", y=["u"])
    np.testing.assert_array_equal(one.y, read(path, "huber", y="u").y)


def test_a_gap_in_one_of_several_columns_is_named(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("x,u,v\n1,1,30\n2,2,\n5,6,20\n")
    with pytest.raises(InputError, match="line 3, column 'v': has no value"):
        read(path, "square", y=["u", "v"])
    np.testing.assert_array_equal(
        read(path, "square", y=["u", "v"], missing="drop").targets, [[1, 6], [30, 20]]
    )


@pytest.mark.parametrize(("loss", "outputs"), [("square", 1), ("huber", 1), ("logistic", 1), ("softmax", 3)])
def test_repeated_inputs_act_as_one_only_where_their_targets_may_be_averaged(loss, outputs, tmp_path):
    """Under the square loss data at one input feel like their mean; under others, as many as differ."""
    words = ["p", "q", "q", "r", "p"] if outputs > 1 else ["1", "0", "0", "1", "1"]
    path = tmp_path / "d.csv"
    path.write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in zip([1, 1, 1, 2, 2], words, strict=True)))
    case = loss_case(loss, outputs).replace({"data": {"file": str(path), "x": ["x"], "y": "y"}})
    network = build_network(case)
    found = distinct(network.features)
    assert len(found.x) == (2 if loss == "square" else 4 - (outputs == 1))
    f = np.random.default_rng(0).normal(size=(outputs, 2))  # at inputs 1 and 2
    at_data = f[:, [0, 0, 0, 1, 1]]
    force = network.loss.slope(at_data, network.data.targets) * network.data.weights
    expected = np.stack([force[:, :3].sum(axis=1), force[:, 3:].sum(axis=1)])
    at_distinct = f[:, (found.x[:, 0] > 1.5).astype(int)]
    forces = network.loss.slope(at_distinct, found.targets) * found.weights
    merged = np.stack([forces[:, found.x[:, 0] == x].sum(axis=1) for x in (1.0, 2.0)])
    np.testing.assert_allclose(merged, expected, atol=1e-15)


# --- what is refused ----------------------------------------------------------------------------------------

REFUSED = {
    "three numbers": (
        ["0", "1", "2", "1"], "logistic",
        "'y' has 3 value(s) (0, 1, 2), the loss \"logistic\" needs two classes; model.loss = \"softmax\""
        " takes more",
    ),
    "three words": (["a", "b", "c", "b"], "logistic", 'model.loss = "softmax" takes more'),
    "one value": (["1"] * 4, "logistic", "has 1 value(s) (1), the loss \"logistic\" needs two classes"),
    "one class": (["a"] * 4, "softmax", "has 1 value(s) (a), the loss \"softmax\" needs two classes or more"),
    "no value": ([""] * 4, "logistic", "has no value, no row has one"),
    "no class": ([""] * 4, "softmax", "has no value, no row has one"),
    "a mark of missing values": (["0", "1", "-999", "1"], "softmax", "-999 looks like a mark of missing"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_classes_is_refused(what, tmp_path):
    given, loss, words = REFUSED[what]
    with pytest.raises(InputError) as refused:
        read(table(tmp_path, given), loss)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_arrays_that_are_no_classes_are_refused(tmp_path):
    path = tmp_path / "d.npz"
    columns = {"wide": np.zeros((4, 2)), "inf": np.array([0, 1, np.inf, 1]), "many": np.arange(4.0) + 0.5}
    columns |= {"long": np.zeros(3), "column": np.array([[0], [1], [1], [0]])}
    np.savez(path, x=X, y=X, digits=np.array([2**53 + 1, 0, 0, 0]), **columns)
    for y, loss, words in (
        ("wide", "softmax", "'wide' has shape (4, 2)"),
        ("wide", "logistic", "'wide' has shape (4, 2)"),
        ("inf", "softmax", "expected a finite number, got inf"),
        ("digits", "logistic", "more digits than double precision holds"),
        ("many", "logistic", "has 4 value(s) (0.5, 1.5, 2.5, 3.5)"),
        (["y", "many"], "logistic", 'the loss "logistic" takes one column of classes, got y, many'),
        (["y", "many"], "softmax", 'the loss "softmax" takes one column of classes, got y, many'),
        (["y", "long"], "square", "columns differ in length: {'y': 4, 'long': 3}"),
        (["y", "wide"], "square", "'wide' has shape (4, 2)"),
    ):
        with pytest.raises(InputError) as refused:
            read(path, loss, y=y)
        assert words in str(refused.value)
    np.testing.assert_array_equal(read(path, y="column").y, [-1, 1, 1, -1])
    many = tmp_path / "many.npz"
    np.savez(many, x=np.arange(100.0), y=np.arange(100))
    with pytest.raises(InputError, match="has 100 different values, such as 0 and 1; expected at most 64"):
        read(many, "softmax")
