"""Tables from every format, standardisation, teachers."""

import h5py
import numpy as np
import pytest
from conftest import small_case

from mfpde.data import build_dataset
from mfpde.errors import InputError

X = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 6.0]])
Y = np.array([1.0, -1.0, 0.5])


def dataset(tmp_path, file, x=("x0", "x1"), y="y", **more):
    case = small_case(data={"file": str(tmp_path / file), "x": list(x), "y": y, **more})
    return build_dataset(case)


@pytest.fixture
def tables(tmp_path):
    columns = np.column_stack([X, Y, [1, 2, 3]])
    np.savetxt(tmp_path / "d.csv", columns, delimiter=",", header="x0,x1,y,weight", comments="")
    np.save(tmp_path / "matrix.npy", columns)
    fields = np.zeros(3, dtype=[("x0", "f4"), ("x1", "i8"), ("y", "f8")])
    fields["x0"], fields["x1"], fields["y"] = X[:, 0], X[:, 1], Y
    np.save(tmp_path / "fields.npy", fields)
    np.savez(tmp_path / "d.npz", x=X, y=Y)
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["group/x"], file["y"] = X, Y
    return tmp_path


@pytest.mark.parametrize(
    ("file", "x", "y"),
    [
        ("d.csv", ("x0", "x1"), "y"),
        ("matrix.npy", ("0", "1"), "2"),
        ("fields.npy", ("x0", "x1"), "y"),
        ("d.npz", ("x",), "y"),
        ("d.h5", ("group/x",), "y"),
    ],
)
def test_every_format_gives_the_same_table(file, x, y, tables):
    data = dataset(tables, file, x, y)
    np.testing.assert_array_equal(data.x, X)
    np.testing.assert_array_equal(data.y, Y)
    np.testing.assert_allclose(data.weights, 1 / 3)


def test_weights_are_used_as_they_are(tables):
    np.testing.assert_array_equal(dataset(tables, "d.csv", weights="weight").weights, [1, 2, 3])


def test_standardisation_can_be_undone(tables):
    data = dataset(tables, "d.csv", standardize=True)
    np.testing.assert_allclose(data.x.mean(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(data.x.std(axis=0), 1)
    np.testing.assert_allclose(data.x_scaling.undo(data.x), X, atol=1e-14)
    np.testing.assert_allclose(data.y_scaling.undo(data.y), Y)


def test_objects_are_never_unpickled(tmp_path):
    np.save(tmp_path / "evil.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="Python objects"):
        dataset(tmp_path, "evil.npy", ("0",), "1")


def planted(**teacher):
    inputs = {"law": "uniform", "dimension": 2, "samples": 6}
    axis = {"domain": [-4, 4], "initial": {"law": "uniform"}}
    return build_dataset(
        small_case(data={"teacher": teacher, "inputs": inputs}, parameters={"a": axis, "w": axis, "b": axis})
    )


def test_teachers_compute_what_they_say():
    units = [{"a": 2.0, "w": [1.0, -1.0], "b": 0.5}, {"a": -1.0, "w": [0.0, 2.0]}]
    data = planted(kind="planted", units=units)
    expected = (2 * np.tanh(data.x[:, 0] - data.x[:, 1] + 0.5) - np.tanh(2 * data.x[:, 1])) / 2
    np.testing.assert_allclose(data.y, expected)
    np.testing.assert_allclose(planted(kind="planted", units=units, scaling="sum").y, 2 * expected)
    mixture = planted(kind="mixture", components=[{"weight": 3.0, "mean": [0.5, 0.0], "variance": 0.25}])
    square = (mixture.x[:, 0] - 0.5) ** 2 + mixture.x[:, 1] ** 2
    np.testing.assert_allclose(mixture.y, 3 * np.exp(-square / 0.5) / (0.5 * np.pi))
    formula = planted(kind="formula", formula="x0 - x1^2")
    np.testing.assert_allclose(formula.y, formula.x[:, 0] - formula.x[:, 1] ** 2)


def test_a_unit_of_the_wrong_dimension_is_refused():
    with pytest.raises(
        InputError, match=r"data.teacher.units.0.w: has 3 coordinate\(s\), but the inputs have 2"
    ):
        planted(kind="planted", units=[{"a": 1.0, "w": [1.0, 2.0, 3.0]}])
