"""Data as their owners mean them: every row of the tables in docs/data.md, right values or one sentence that
says what to write.
"""

import bz2
import gzip
import json
import lzma
import os
import re
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import test_classes
import xarray as xr
from conftest import small_case
from scipy.io import netcdf_file

from mfpde.data import build_dataset
from mfpde.data.compressed import MAX_LINE, OPENERS
from mfpde.data.saved_network import read_network
from mfpde.errors import InputError
from mfpde.models import build_model
from mfpde.monitors.causes import remedy

X = np.array([0.5, 1.5, -2.25, 3.0])
Y = np.array([1.0, -1.0, 0.25, 1e-3])
CSV = "x,y\n0.5,1\n1.5,-1\n-2.25,.25\n3,1e-3\n"


def load(path, x=("x",), y="y", model=None, **more):
    """x (rows, columns), y and the whole dataset of a file."""
    return build_dataset(small_case(data={"file": str(path), "x": list(x), "y": y, **more}))


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def assert_read(data):
    np.testing.assert_array_equal(data.x[:, 0], X)
    np.testing.assert_array_equal(data.y, Y)
    np.testing.assert_array_equal(data.weights, np.full(4, 0.25))
    assert not data.notes


TEXTS = {
    "commas": ("d.csv", CSV, {}),
    "semicolons": ("d.csv", CSV.replace(",", ";"), {}),
    "bars": ("d.txt", CSV.replace(",", " | "), {}),
    "tabs": ("d.tsv", CSV.replace(",", "\t"), {}),
    "blanks": ("d.dat", CSV.replace(",", "   ").replace("\n", "\n  "), {}),
    "decimal commas": ("d.csv", CSV.replace(",", ";").replace(".", ","), {"decimal": ","}),
    "named separator": ("d.csv", CSV.replace(",", "\t"), {"separator": "tab"}),
    "comments before the header": ("d.csv", "# made by hand\n#\n" + CSV, {}),
    "header in a comment": ("d.txt", "# x y\n" + CSV.replace(",", " ").removeprefix("x y\n"), {}),
    "header in a comment, as numpy.savetxt writes it": ("d.csv", "# " + CSV, {}),
    "Windows": ("d.csv", "\ufeff" + CSV.replace("\n", "\r\n"), {}),
    "old Macs": ("d.csv", CSV.replace("\n", "\r"), {}),
    "UTF-16": ("d.csv", CSV.encode("utf-16"), {}),
    "blank lines and rows of separators": ("d.csv", CSV.replace("\n", "\n\n") + ",\n , \n", {}),
    "comments between rows": (
        "d.dat",
        CSV.replace(",", " ").replace("-2.25", "\n\n# block 2\n#3 9\n-2.25"),
        {},
    ),
    "a separator at the end of rows": ("d.csv", CSV.replace("\n", ",\n").replace("x,y,", "x,y"), {}),
    "quoted decimal commas": ("d.csv", 'x,y\n"0,5",1\n"1,5",-1\n"-2,25","0,25"\n3,1e-3\n', {"decimal": ","}),
    "a quote without end in the header": ("d.csv", CSV.replace("x,y", 'x,y,"'), {}),
    "quotes in a comment": ("d.dat", '# Series "long\n# name", 2020\n' + CSV.replace(",", " "), {}),
    "a header of two lines": ("d.csv", CSV.replace("x,y", 'x,y,"note\nof two lines"'), {}),
    "cells of two lines": ("d.csv", "x,y,note\n" + CSV.removeprefix("x,y\n").replace("\n", ',"a\nb"\n'), {}),
    "a name among several comments": (
        "d.dat",
        "# x y\n# s m\n" + CSV.removeprefix("x,y\n").replace(",", " "),
        {},
    ),
    "no-break blanks around names": ("d.csv", CSV.replace("x,y", "x\u00a0, y"), {}),
    "quotes": ("d.csv", CSV.replace("x,y", '"x","y"').replace("1.5", '"1.5"'), {}),
    "further columns of any kind": (
        "d.csv",
        "name,x,y,note\n"
        + "".join(
            f"n{k},{x!r},{y!r},a b\n" for k, (x, y) in enumerate(zip(X.tolist(), Y.tolist(), strict=True))
        ),
        {},
    ),
    "gzip": ("d.csv.gz", gzip.compress(CSV.encode()), {}),
    "bzip2": ("d.tsv.bz2", bz2.compress(CSV.replace(",", "\t").encode()), {}),
    "xz": ("d.dat.xz", lzma.compress(CSV.replace(",", " ").encode()), {}),
}


@pytest.mark.parametrize("what", TEXTS)
def test_text_tables(what, tmp_path):
    name, content, keys = TEXTS[what]
    assert_read(load(write(tmp_path / name, content), **keys))


def test_text_without_names_has_columns_by_their_place(tmp_path):
    body = CSV.removeprefix("x,y\n")
    assert_read(load(write(tmp_path / "d.dat", body.replace(",", " ")), x=["0"], y="1"))
    assert_read(load(write(tmp_path / "d.csv", "# no names\n" + body), x=["0"], y="1"))


def test_columns_named_by_numbers_need_no_quotes_on_the_command_line(tmp_path):
    np.save(tmp_path / "d.npy", np.column_stack([X, Y]))
    assert_read(load(tmp_path / "d.npy", x=[0], y=1))
    assert_read(build_dataset(small_case(data={"file": str(tmp_path / "d.npy"), "x": 0, "y": 1})))


def test_a_first_line_of_numbers_may_be_names(tmp_path):
    path = write(tmp_path / "d.csv", "0,1\n" + CSV.removeprefix("x,y\n"))
    with pytest.raises(
        InputError, match=r"'0,1', may be names or numbers; write data.header = true or data.header = false"
    ):
        load(path, x=["0"], y="1")
    assert_read(load(path, x=["0"], y="1", header=True))
    assert len(load(path, x=["0"], y="1", header=False).y) == 5
    classes = write(tmp_path / "classes.dat", "0.5 no\n1.5 yes\n")
    np.testing.assert_array_equal(load(classes, x=[0], y=1, header=False, labels=["no", "yes"]).y, [-1, 1])


def test_netcdf_and_hdf5_with_links(tmp_path):
    dataset = xr.Dataset({"x": ("k", X), "y": ("k", Y)})
    dataset.to_netcdf(tmp_path / "d.nc", engine="h5netcdf")
    dataset.to_netcdf(tmp_path / "group.nc4", group="inner", engine="h5netcdf")
    with netcdf_file(tmp_path / "classic.nc", "w") as file:
        file.createDimension("k", 4)
        for name, values in (("x", X), ("y", Y)):
            file.createVariable(name, "d", ("k",))[:] = values
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["deep/x"], file["y"] = X, Y
        file["x"] = h5py.SoftLink("/deep/x")
        file["again"] = h5py.SoftLink("x")
        file["shallow"] = h5py.SoftLink("deep")
        file["round"], file["nowhere"] = h5py.SoftLink("/round"), h5py.SoftLink("/none")
        file["outside"] = h5py.ExternalLink("other.h5", "x")
    assert_read(load(tmp_path / "d.nc"))
    assert_read(load(tmp_path / "classic.nc"))
    assert_read(load(tmp_path / "group.nc4", x=["inner/x"], y="inner/y"))
    for name in ("deep/x", "x", "again", "shallow/x", "/deep/x"):
        assert_read(load(tmp_path / "d.h5", x=[name]))
    for name, words in (
        ("round", "round in circles"),
        ("nowhere", "has no column 'nowhere'"),
        ("outside", "lies in another file"),
    ):
        with pytest.raises(InputError, match=words):
            load(tmp_path / "d.h5", x=[name])


def test_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    pd.DataFrame({"x": X, "y": Y, "text": list("abcd"), "whole": [1, 2, None, 4]}).astype(
        {"whole": "Int64"}
    ).to_parquet(tmp_path / "d.parquet")
    assert_read(load(tmp_path / "d.parquet"))
    np.testing.assert_array_equal(
        load(tmp_path / "d.parquet", x=["whole"], missing="drop").x[:, 0], [1, 2, 4]
    )
    with pytest.raises(InputError, match="row 1 of the data, column 'text': expected a number, got 'a'"):
        load(tmp_path / "d.parquet", x=["text"])


# --- meanings of attributes ---------------------------------------------------------------------------------

DECODED = {
    "a fill value": ([1, 2, -1, 4], "i2", {"_FillValue": np.int16(-1)}, [1, 2, 4]),
    "a missing value": ([1, 2, 1e9, 4], "f8", {"missing_value": 1e9}, [1, 2, 4]),
    "scale and offset": (
        [10, 20, -1, 40],
        "i2",
        {"_FillValue": np.int16(-1), "scale_factor": 0.5, "add_offset": 100.0},
        [105, 110, 120],
    ),
    "unsigned bytes": ([1, 2, -1, 4], "i1", {"_Unsigned": "true"}, [1, 2, 255, 4]),
    "a valid range": ([1, 2, 999, 4], "f4", {"valid_range": np.array([0, 10], "f4")}, [1, 2, 4]),
    "a least and a greatest": (
        [1, -5, 999, 4],
        "i4",
        {"valid_min": np.int32(0), "valid_max": np.int32(10)},
        [1, 4],
    ),
}


@pytest.mark.parametrize("what", DECODED)
@pytest.mark.parametrize("suffix", [".h5", ".nc"])
def test_attributes_of_hdf5_and_netcdf_mean_what_cf_says(what, suffix, tmp_path):
    values, dtype, attributes, expected = DECODED[what]
    path = tmp_path / f"d{suffix}"
    if suffix == ".h5":
        with h5py.File(path, "w") as file:
            file["x"], file["y"] = np.array(values).astype(dtype), Y
            for name, value in attributes.items():
                file["x"].attrs[name] = value
    else:
        with netcdf_file(path, "w") as file:
            file.createDimension("k", 4)
            file.createVariable("y", "d", ("k",))[:] = Y
            variable = file.createVariable("x", dtype, ("k",))
            variable[:] = np.array(values).astype(dtype)
            for name, value in attributes.items():
                setattr(variable, name, value)
    data = load(path, missing="drop")
    np.testing.assert_allclose(data.x[:, 0], expected, rtol=1e-15)
    if len(expected) < 4:
        assert data.notes == (
            f"data: {4 - len(expected)} of 4 rows of '{path}' lack a value and are left out (data.missing)",
        )
        with pytest.raises(InputError, match=r"column 'x': has no value; write data.missing = \"drop\""):
            load(path)


# --- missing values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["", "NA", "nan", "N/A", "null", " "])
def test_missing_cells_are_refused_or_dropped_aloud(word, tmp_path):
    path = write(tmp_path / "d.csv", CSV.replace("1.5", word))
    with pytest.raises(
        InputError,
        match=(
            r"d.csv', line 3, column 'x': has no value; write data.missing = \"drop\" to leave out such rows"
            r" \(1 of 4\)"
        ),
    ):
        load(path)
    data = load(path, missing="drop")
    np.testing.assert_array_equal(data.y, Y[[0, 2, 3]])
    np.testing.assert_array_equal(data.weights, np.full(3, 1 / 3))
    assert "1 of 4 rows" in data.notes[0]


def test_a_short_row_lacks_its_last_value(tmp_path):
    with pytest.raises(InputError, match="line 3, column 'y': has no value"):
        load(write(tmp_path / "d.csv", CSV.replace("1.5,-1", "1.5")))


def test_words_and_numbers_of_the_users_own_mean_missing(tmp_path):
    path = write(tmp_path / "d.csv", CSV.replace("1.5", "?").replace("-2.25", "77"))
    with pytest.raises(
        InputError, match=r"got '\?'; if it stands for a missing value write data.missing_values = \[\"\?\"\]"
    ):
        load(path)
    np.testing.assert_array_equal(load(path, missing="drop", missing_values=["?", 77]).x[:, 0], X[[0, 3]])


@pytest.mark.parametrize("mark", [-9999.0, 1e20, 999999.0, 9.969209968386869e36, -(2.0**31)])
def test_a_mark_of_missing_values_is_not_a_number_unless_said(mark, tmp_path):
    values = np.ma.masked_array(np.linspace(0, 5, 20), mask=np.arange(20) == 7, fill_value=mark)
    np.savez(tmp_path / "d.npz", x=values.filled(), y=np.sin(np.arange(20)))
    with pytest.raises(
        InputError,
        match=(
            r"row 8 of the data, column 'x': .* looks like a mark of missing values; write"
            r" data.missing_values = \["
        ),
    ):
        load(tmp_path / "d.npz")
    assert len(load(tmp_path / "d.npz", missing="drop", missing_values=[mark]).y) == 19
    assert load(tmp_path / "d.npz", missing_values=[]).x[7, 0] == mark


def test_such_numbers_among_others_of_their_size_are_numbers(tmp_path):
    np.savez(tmp_path / "d.npz", x=np.array([-9999.0, -9000.0, 100.0, 8000.0]), y=Y)
    assert load(tmp_path / "d.npz").x[0, 0] == -9999


# --- what is ambiguous or would be lost ---------------------------------------------------------------------

REFUSED = {
    "a name that occurs twice": (
        "d.csv",
        "x,x,y\n1,2,3\n4,5,6\n",
        {},
        "has 2 columns 'x'; give each a name of its own",
    ),
    "more cells than names": ("d.csv", "x,y\n1,2\n3,4,5\n", {}, "line 3: has 3 cells under a header of 2"),
    "names of rows, as R writes them": (
        "d.txt",
        '"x" "y"\n"1" 0.5 0.7\n"2" 1.5 2\n',
        {},
        "if the first of them is the name of the row",
    ),
    "a short row of blanks": (
        "d.txt",
        "x   y   z\n1   2   3\n4       6\n7   8   9\n",
        {},
        "line 3: has fewer than 3 cells",
    ),
    "a short row of blanks without names": (
        "d.txt",
        "1 2 3\n4 6\n7 8 9\n",
        {"x": [0], "y": 1},
        "line 2: has fewer than 3 cells",
    ),
    "numbers that run together": ("d.txt", "x y\n-1.0 2.0\n3 2.0-3.0\n", {}, "two numbers have run together"),
    "an open quote in another column": (
        "d.tsv",
        'x\ty\tobs\n1\t2\tBob\n3\t4\t"\n5\t6\t"\n7\t8\tAnn\n',
        {},
        "line 3: a quote begins a cell",
    ),
    "thousands": (
        "d.csv",
        'x,y\n"1,234",5\n"2,345",6\n',
        {},
        "if its commas group thousands, leave them out of the file",
    ),
    "thousands by blanks": ("d.csv", "x;y\n1\u00a0234;5\n2;6\n", {}, "leave what groups thousands out"),
    "another minus": ("d.csv", "x,y\n1,\u22125\n2,6\n", {}, "its minus is another sign"),
    "Fortran's exponent": (
        "d.dat",
        "x y\n1 1.0D+05\n2 6\n",
        {},
        "Fortran's exponent is a D; write it with an E",
    ),
    "percent": ("d.csv", "x,y\n1,12%\n2,6\n", {}, "leave the percent sign out"),
    "units under the names": (
        "d.csv",
        "x,y\ns,m\n2,6\n",
        {},
        "line 2, column 'x': expected a number, got 's'; if the line holds units, delete it",
    ),
    "names again": ("d.csv", "x,y\n1,2\nx,y\n2,6\n", {}, "the line of names is there again, delete it"),
    "lines before the names": (
        "d.csv",
        "Instrument,ACME\nDate,today\nx,y\n1,2\n",
        {},
        "names its columns in line 3",
    ),
    "no names and a class": (
        "d.data.csv",
        "5.1,3.5,setosa\n4.9,3,virginica\n",
        {"x": [0, 1], "y": 2, "labels": ["setosa", "virginica"]},
        "write data.header = false",
    ),
    "numbers that may be names": (
        "d.csv",
        "1,2\n2,4\n3,6\n",
        {"x": [1], "y": 2},
        "'1,2', may be names or numbers",
    ),
    "a header longer than the rows": ("d.txt", "x [s] y [m]\n1 2\n3 4\n", {}, "has fewer than 4 cells"),
    "a header longer than the rows, with commas": (
        "d.csv",
        "x,z,y\n1,2\n3,4\n",
        {},
        "no row has one; is the first line of the table longer",
    ),
    "UTF-16 without its mark": (
        "d.csv",
        CSV.encode("utf-16-le"),
        {},
        "holds zero bytes, as UTF-16 without its mark does; save it as UTF-8",
    ),
    "gzip by another name": (
        "d.csv",
        gzip.compress(CSV.encode()),
        {},
        "is compressed by gzip; let its name end in .gz",
    ),
    "text called gzip": ("d.csv.gz", CSV, {}, "is not compressed by gzip; let its name end otherwise"),
    "a spreadsheet called CSV": ("d.csv", b"PK\x03\x04rest", {}, "is a ZIP archive, or a spreadsheet"),
    "whole numbers beyond double precision": (
        "d.csv",
        "x,y\n9007199254740993,1\n2,3\n",
        {},
        "is a whole number of more digits than double precision holds",
    ),
    "a name without a suffix": ("data", CSV, {}, "a text table needs a name that ends in .csv or .txt"),
    "a question mark among numbers": (
        "d.csv",
        "x,y\n1,5\n2,?\n3,5\n",
        {},
        r'write data.missing_values = \["\?"\]',
    ),
    "decimal commas": (
        "d.csv",
        "x;y\n1,5;2\n3;4\n",
        {},
        "line 2, column 'x': expected a number, got '1,5'; for decimal commas write data.decimal = \",\"",
    ),
    "decimal commas without names": (
        "d.csv",
        "1,5;2,5\n3,5;4,5\n",
        {},
        'seems to have decimal commas; write data.decimal = ","',
    ),
    "points among decimal commas": (
        "d.csv",
        "x;y\n1.234,5;2\n3;4\n",
        {"decimal": ","},
        "a point may be one of thousands",
    ),
    "groups of digits": (
        "d.csv",
        "x,y\n1_000,2\n3,4\n",
        {},
        "line 2, column 'x': expected a number, got '1_000'",
    ),
    "another separator than said": (
        "d.csv",
        "x;y\n1;2\n3;4\n",
        {"separator": ","},
        "seems to be separated by ';'; leave data.separator out",
    ),
    "two possible separators": (
        "d.csv",
        "x;q|x|y|q;y\n1;2;3\n",
        {},
        "may be separated by ';' or by '.'; write data.separator",
    ),
    "text": (
        "d.csv",
        "x,y\n1,2\n\n3,four\n5,six\n7,8\n",
        {},
        "line 4, column 'y': expected a number, got 'four'",
    ),
    "two texts": (
        "d.csv",
        "x,y\n1,no\n3,yes\n",
        {},
        r'write data.labels = \["no", "yes"\], which become -1 and \+1',
    ),
    "infinity": ("d.csv", "x,y\n1,2\n3,inf\n", {}, "line 3, column 'y': expected a finite number, got 'inf'"),
    "an overflow": (
        "d.csv",
        "x,y\n1,2\n3,1e400\n",
        {},
        "line 3, column 'y': expected a finite number, got '1e400'",
    ),
    "columns called alike but for letters composed": (
        "d.csv",
        "gro\u0308\u00dfe,y\n1,2\n3,4\n",
        {"x": ["x"]},
        "has no column 'x'",
    ),
    "an open quote": (
        "d.csv",
        'x,y\n1,"2\n3,4\n',
        {},
        "line 2: a quote begins a cell that goes on to line 3; close it there",
    ),
    "no rows": ("d.csv", "x,y\n", {}, r"0 row\(s\) of data"),
    "nothing": ("d.csv", "", {}, "is empty"),
    "a misspelt name": ("d.csv", "xs,y\n1,2\n", {}, "has no column 'x'; did you mean 'xs'"),
    "a name where there are none": (
        "d.csv",
        "1,2\n3,4\n",
        {},
        "has no column 'x': its first line holds numbers, so columns are called by their place",
    ),
    "Latin-1": ("d.csv", "x,y,\xe9\n1,2,3\n".encode("latin-1"), {}, "is not UTF-8 text; save it as UTF-8"),
    "a damaged archive": (
        "d.csv.gz",
        gzip.compress(CSV.encode())[:-12],
        {},
        "not a readable CSV file of numbers; it may be damaged",
    ),
    "a compressed array": ("d.npy.gz", gzip.compress(b"x"), {}, "expected a file ending in .csv"),
    "a spreadsheet": ("d.xlsx", "x", {}, "save the sheet as CSV"),
    "huge numbers": (
        "d.csv",
        "x,y\n1,1e200\n3,-1e200\n",
        {},
        (
            "'y' holds numbers of size 1e[+]200, whose squares overflow in float64; write data.standardize ="
            " true"
        ),
    ),
    "huge numbers to standardise": (
        "d.csv",
        "x,y\n1,1e200\n3,-1e200\n",
        {"standardize": True},
        "whose squares overflow; write it in other units",
    ),
    "a tiny spread to standardise": (
        "d.csv",
        "x,y\n1,1e-310\n3,2e-310\n",
        {"standardize": True},
        "too little to be scaled",
    ),
    "a constant column": (
        "d.csv",
        "x,y\n" + "".join(f"{k},.1\n" for k in range(133)),
        {"standardize": True},
        "column 'y' is constant, up to rounding",
    ),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("what", REFUSED)
def test_what_is_ambiguous_or_would_be_lost_is_refused(what, tmp_path):
    name, content, keys, words = REFUSED[what]
    path = write(tmp_path / name, content)
    with pytest.raises(InputError, match=words) as refused:
        load(path, **keys)
    assert "damaged" not in str(refused.value) or "damaged" in what


@pytest.mark.parametrize("spread", [0, 1, 16])
def test_a_column_is_constant_by_its_size(spread, tmp_path):
    np.savez(
        tmp_path / "d.npz", x=np.arange(133.0), y=1e9 * (0.1 + spread * 2.0**-53 / 3 * (np.arange(133) % 3))
    )
    with pytest.raises(InputError, match="column 'y' is constant"):
        load(tmp_path / "d.npz", standardize=True)


def test_whole_numbers_beyond_double_precision_are_refused(tmp_path):
    np.savez(tmp_path / "d.npz", x=np.array([1, 2**53 + 1]), y=np.array([2.0, 3.0]))
    with pytest.raises(
        InputError, match="row 2 of the data, column 'x': 9007199254740993 is a whole number of more digits"
    ):
        load(tmp_path / "d.npz")


def test_a_line_without_end_does_not_fill_the_memory(tmp_path):
    path = write(tmp_path / "d.csv.gz", gzip.compress(b"x,y\n" + b"1," * MAX_LINE))
    assert path.stat().st_size < 1e5
    with pytest.raises(InputError, match="holds a line of more than"):
        load(path)


# --- labels -------------------------------------------------------------------------------------------------


def test_two_labels_become_minus_and_plus_one_when_asked(tmp_path):
    path = write(tmp_path / "d.csv", "x,y,n,t\n1,no,0,False\n2,yes,1,True\n3,yes,1.0,TRUE\n")
    for y, labels in (("y", ["no", "yes"]), ("n", [0, 1]), ("t", [False, True])):
        np.testing.assert_array_equal(load(path, y=y, labels=labels).y, [-1, 1, 1])
    np.testing.assert_array_equal(load(path, labels=["yes", "no"]).y, [1, -1, -1])
    with pytest.raises(
        InputError, match=r"line 3, column 'y': expected \"no\" or \"maybe\" \(data.labels\), got 'yes'"
    ):
        load(path, labels=["no", "maybe"])


def test_truth_values_of_arrays_are_labels_when_asked(tmp_path):
    np.savez(tmp_path / "d.npz", x=X, y=Y > 0)
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["x"], file["y"] = X, Y > 0
    for path in (tmp_path / "d.npz", tmp_path / "d.h5"):
        with pytest.raises(
            InputError,
            match=(
                r"row 1 of the data, column 'y': expected a number, got True; .* data.labels = \[false,"
                r" true\]"
            ),
        ):
            load(path)
        np.testing.assert_array_equal(load(path, labels=[False, True]).y, [1, -1, 1, 1])


# --- weights ------------------------------------------------------------------------------------------------


def test_a_row_of_weight_two_is_the_row_twice(tmp_path):
    once = write(tmp_path / "once.csv", "x,y,k\n1,2,1\n3,5,2\n7,-1,3\n")
    twice = write(tmp_path / "twice.csv", "x,y\n1,2\n3,5\n3,5\n7,-1\n7,-1\n7,-1\n")
    weighted = load(once, weights={"column": "k", "normalize": True}, standardize=True)
    repeated = load(twice, standardize=True)
    np.testing.assert_allclose(weighted.weights, [1 / 6, 2 / 6, 3 / 6], rtol=1e-15)
    np.testing.assert_allclose(weighted.x[[0, 1, 1, 2, 2, 2]], repeated.x, rtol=1e-14)
    np.testing.assert_allclose(weighted.y[[0, 1, 1, 2, 2, 2]], repeated.y, rtol=1e-14)
    assert weighted.weights @ weighted.y**2 == pytest.approx(1, rel=1e-14)


def test_weights_that_are_counts_are_told(tmp_path):
    path = write(tmp_path / "d.csv", "x,y,k\n1,2,50\n3,5,100\n7,-1,5\n")
    data = load(path, weights="k")
    np.testing.assert_array_equal(data.weights, [50, 100, 5])
    assert data.notes[0].startswith(
        "data.weights: 'k' sums to 155, so losses are 155 times an average; weights = { column = \"k\","
        " normalize = true }"
    )
    assert not load(path, weights={"column": "k", "normalize": True}).notes
    assert not load(path, weights={"column": "k", "normalize": False}).notes


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        (0, "line 3"),
        (-1, "a weight of -1"),
        (1e-310, "cannot count"),
        (1e-20, "cannot count"),
        (1e200, "cannot count"),
    ],
)
def test_weights_that_do_not_count_are_refused(weight, words, tmp_path):
    with pytest.raises(InputError, match=words):
        load(write(tmp_path / "d.csv", f"x,y,k\n1,2,1\n3,5,{weight}\n7,-1,1\n"), weights="k")


def test_a_matrix_of_weights_is_refused(tmp_path):
    np.savez(tmp_path / "d.npz", x=X, y=Y, k=np.ones((4, 3)), column=np.ones((4, 1)))
    with pytest.raises(InputError, match=r"'k' has shape \(4, 3\); data.weights is one column"):
        load(tmp_path / "d.npz", weights="k")
    with pytest.raises(InputError, match=r"'k' has shape \(4, 3\); data.y is one column"):
        load(tmp_path / "d.npz", y="k")
    assert load(tmp_path / "d.npz", weights="column").weights.shape == (4,)


def test_keys_of_files_belong_to_files():
    with pytest.raises(InputError, match="'missing' says how a 'file' is read; a 'teacher' has none"):
        small_case(data={"teacher": "x0", "inputs": {"law": "grid"}, "missing": "drop"})


# --- what the run says --------------------------------------------------------------------------------------


def test_what_was_decided_is_said_and_stored(command, tmp_path):
    write(
        tmp_path / "d.csv",
        "x,y,k\n" + "".join(f"{k / 10},{np.sin(k)},{1 + k % 3}\n" for k in range(30)) + ",1,1\n",
    )
    case = """
time = 0.1
data = { file = "d.csv", x = "x", y = "y", weights = "k", missing = "drop" }
[parameters.a]
domain = [-30, 30]
cells = 9
initial = { law = "normal" }
[parameters.w]
initial = { law = "normal" }
domain = [-5, 5]
cells = 8
[parameters.b]
fixed = 0
[lagrangian]
units = []
"""
    write(tmp_path / "c.toml", case)
    code, _, err = command("run", "c.toml")
    assert code == 0
    assert "1 of 31 rows of 'd.csv' lack a value and are left out" in err.replace("\n", " ")
    assert "'k' sums to 60" in err.replace("\n", " ")
    code, out, _ = command("inspect", "c.h5", "--json")
    assert [note.split(":")[0] for note in json.loads(out)["provenance"]["data_notes"]] == [
        "data",
        "data.weights",
    ]


@pytest.mark.parametrize(
    ("content", "keys", "words"),
    [
        (
            "".join(f"{k / 10},{5e5 * np.sin(k)},1\n" for k in range(30)),
            {},
            r"targets \('y'\) have size 3.*e\+05, amplitudes at most 4: write data.standardize",
        ),
        (
            "".join(f"{k / 10},{np.sin(k)},{k + 1}\n" for k in range(30)),
            {"weights": "k"},
            "weights of the data sum to 465, so forces are as many",
        ),
        (
            "".join(f"{1e3 * k},{9 * np.sin(k)},1\n" for k in range(30)),
            {},
            r"inputs \('x'\) have size 1.*e\+04: write data.standardize",
        ),
    ],
    ids=["targets", "weights", "inputs"],
)
def test_walls_are_put_down_to_data_in_other_units(content, keys, words, tmp_path):
    path = write(tmp_path / "d.csv", "x,y,k\n" + content)
    model = build_model(small_case(data={"file": str(path), "x": ["x"], "y": "y", **keys}))
    assert re.search(words, remedy(model, "a"))
    assert remedy(build_model(small_case()), "a").startswith("widen parameters.a.domain")


# --- the table of the documentation -------------------------------------------------------------------------

#: beginning of the row -> what tests it
ROWS = {
    "comma, semicolon": ["commas", "semicolons", "bars", "tabs", "blanks", "two possible separators"],
    "decimal commas": ["decimal commas", "points among decimal commas"],
    "no line of names": [test_text_without_names_has_columns_by_their_place],
    "a first line such as": [test_a_first_line_of_numbers_may_be_names],
    "comments": [
        "comments between rows",
        "a name among several comments",
        "comments before the header",
        "header in a comment",
        "header in a comment, as numpy.savetxt writes it",
    ],
    "compressed text": ["gzip", "bzip2", "xz"],
    "UTF-8": ["Windows", "old Macs", "UTF-16", "Latin-1"],
    "blank lines": ["blank lines and rows of separators"],
    "further columns": ["further columns of any kind"],
    "`.npy`": [test_columns_named_by_numbers_need_no_quotes_on_the_command_line],
    "`.npz`": [test_such_numbers_among_others_of_their_size_are_numbers, test_a_matrix_of_weights_is_refused],
    "`.h5`": [test_netcdf_and_hdf5_with_links],
    "classic netCDF": [test_netcdf_and_hdf5_with_links],
    "`_FillValue`": ["a fill value", "a missing value", "scale and offset", "unsigned bytes"],
    "`valid_range`": ["a valid range", "a least and a greatest"],
    "`.parquet`": [test_parquet],
    "empty cells": [test_missing_cells_are_refused_or_dropped_aloud],
    "-9999": [test_a_mark_of_missing_values_is_not_a_number_unless_said],
    "a masked array": [test_a_mark_of_missing_values_is_not_a_number_unless_said],
    "two classes": [
        test_two_labels_become_minus_and_plus_one_when_asked,
        test_truth_values_of_arrays_are_labels_when_asked,
        test_classes.test_two_values_become_minus_and_plus_one_aloud,
    ],
    "several classes": [test_classes.test_classes_get_an_output_each],
    "several quantities": [test_classes.test_several_columns_are_several_outputs],
    "counts of": [test_weights_that_are_counts_are_told, test_a_row_of_weight_two_is_the_row_twice],
    "quadrature weights": [test_weights_that_are_counts_are_told],
}


def test_every_row_of_the_documented_table_has_a_test():
    text = (Path(__file__).parents[1] / "docs/case_file.md").read_text(encoding="utf-8")
    table = text.split("### What is read, and how")[1].split("\n\n")[1]
    rows = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    assert len(rows) > 20
    assert [row for row in rows if not any(row.startswith(begin) for begin in ROWS)] == []
    assert [begin for begin in ROWS if not any(row.startswith(begin) for row in rows)] == []
    known = TEXTS.keys() | DECODED.keys() | REFUSED.keys()
    assert all(name in known for names in ROWS.values() for name in names if isinstance(name, str))


@pytest.mark.parametrize("name", ["d.csv", "d.csv.gz", "d.npy", "d.npz", "d.h5", "d.nc"])
def test_a_data_file_out_of_reach_is_not_called_damaged(name, tmp_path, monkeypatch):
    """Whoever runs the tests may read everything, so the error is made up."""
    np.save(tmp_path / "d.npy", np.column_stack([X, Y]))
    np.savez(tmp_path / "d.npz", x=X, y=Y)
    for text in ("d.csv", "d.csv.gz"):
        write(tmp_path / text, gzip.compress(CSV.encode()) if text.endswith("gz") else CSV)
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["x"], file["y"] = X, Y
    with netcdf_file(tmp_path / "d.nc", "w") as file:
        file.createDimension("k", 4)

    def forbidden(*arguments, **keys):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", forbidden)
    monkeypatch.setattr(Path, "open", forbidden)
    monkeypatch.setattr("gzip.open", forbidden)
    monkeypatch.setitem(OPENERS, ".gz", forbidden)
    monkeypatch.setattr("io.open", forbidden)
    monkeypatch.setattr(h5py, "File", forbidden)
    with pytest.raises(InputError, match=r"cannot be read, since you have no permission"):
        load(tmp_path / name)


# --- marks, labels and sizes --------------------------------------------------------------------------------


def test_a_mark_counts_as_a_number_however_it_is_written(tmp_path):
    path = write(tmp_path / "d.csv", "x,y\n1,2\n2,-9999\n3,4\n")
    for mark in (-9999, "-9999", "-9999.0"):
        np.testing.assert_array_equal(load(path, missing="drop", missing_values=[mark]).y, [2, 4])
    for dtype in (np.float16, np.float32):
        np.savez(tmp_path / "d.npz", x=np.arange(3.0), y=np.array([1, -99.9, 3], dtype=dtype))
        np.testing.assert_array_equal(
            load(tmp_path / "d.npz", missing="drop", missing_values=[-99.9]).y, [1, 3]
        )
    np.savez(tmp_path / "d.npz", x=np.arange(3.0), y=np.array([1, -(2**63), 3]))
    np.testing.assert_array_equal(
        load(tmp_path / "d.npz", missing="drop", missing_values=[-(2**63)]).y, [1, 3]
    )


def test_one_mark_that_is_known_does_not_hide_another(tmp_path):
    path = write(tmp_path / "d.csv", "x,y\n1,2\n2,-9999\n-999,?\n3,4\n")
    with pytest.raises(InputError, match="line 4, column 'x': -999 looks like a mark"):
        load(path, missing="drop", missing_values=["?", -9999])
    np.savez(tmp_path / "d.npz", x=np.array([[0.1, 100], [-999, 2e4], [0.3, 5], [0.2, 7]]), y=Y)
    with pytest.raises(InputError, match="row 2 of the data, column 'x': -999 looks like a mark"):
        load(tmp_path / "d.npz")


@pytest.mark.parametrize(
    ("attribute", "value", "expected"),
    [
        ("missing_value", np.float64(-9999.9), [1, 2, 4]),
        ("_FillValue", "-9999.9", [1, 2, 4]),
        ("valid_min", "-5", [1, 2, 4]),
        ("valid_max", np.float64(4), [1, 2, -9999.900390625, 4]),
    ],
)
def test_attributes_of_another_type_than_their_variable(attribute, value, expected, tmp_path):
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["x"], file["y"] = np.array([1, 2, -9999.9, 4], dtype="f4"), Y
        file["x"].attrs[attribute] = value
    np.testing.assert_array_equal(
        load(tmp_path / "d.h5", missing="drop", **({"missing_values": []} if len(expected) == 4 else {})).x[
            :, 0
        ],
        expected,
    )


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("valid_range", "0"), ("scale_factor", "a tenth"), ("_FillValue", h5py.Empty("f4"))],
)
def test_attributes_that_are_no_numbers_are_refused(attribute, value, tmp_path):
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["x"], file["y"] = X, Y
        file["x"].attrs[attribute] = value
    with pytest.raises(InputError, match=f"'x' has an attribute {attribute} = .*; expected"):
        load(tmp_path / "d.h5")


def test_a_label_is_never_missing(tmp_path):
    path = write(tmp_path / "d.csv", "x,y\n1,none\n2,mild\n3,none\n4,NA\n")
    np.testing.assert_array_equal(load(path, labels=["none", "mild"], missing="drop").y, [-1, 1, -1])
    path = write(tmp_path / "e.csv", "x;y\n1;0,0\n2;1,0\n3;-9\n")
    np.testing.assert_array_equal(
        load(path, labels=[0, 1], decimal=",", missing="drop", missing_values=[-9]).y, [-1, 1]
    )
    np.savez(
        tmp_path / "d.npz", x=np.arange(4.0), y=np.array([0, np.nan, 1, 9]), t=np.array(["a", "?", "b", "a"])
    )
    np.testing.assert_array_equal(
        load(tmp_path / "d.npz", labels=[0, 1], missing="drop", missing_values=[9]).y, [-1, 1]
    )
    np.testing.assert_array_equal(
        load(tmp_path / "d.npz", y="t", labels=["a", "b"], missing="drop", missing_values=["?"]).y,
        [-1, 1, -1],
    )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e-280, 1e-200, 1e-161, 1.0, 1e140])
def test_columns_of_any_size_are_standardised_alike(size, tmp_path):
    np.savez(
        tmp_path / "d.npz", x=size * np.array([1.0, 2, 4]), y=np.array([1.0, 2, 3]), k=np.array([1.0, 2, 1])
    )
    for keys in ({}, {"weights": {"column": "k", "normalize": True}}):
        data = load(tmp_path / "d.npz", standardize=True, **keys)
        given = np.array([1.0, 2, 4])
        mean = data.weights @ given
        np.testing.assert_allclose(
            data.x[:, 0], (given - mean) / np.sqrt(data.weights @ (given - mean) ** 2), rtol=1e-14
        )


def test_arrays_that_lie_the_other_way_are_told_to_be_transposed(tmp_path):
    np.savez(tmp_path / "d.npz", x=X[None], y=Y[None])
    with pytest.raises(InputError, match=r"'y' has shape \(1, 4\); .* transpose it, to shape \(4, 1\)"):
        load(tmp_path / "d.npz")


def test_a_key_within_weights_is_named_as_it_was_written(tmp_path):
    with pytest.raises(InputError, match=r"unknown key 'data.weights.normalise'; did you mean 'normalize'"):
        small_case(
            data={"file": "d.csv", "x": ["x"], "y": "y", "weights": {"column": "k", "normalise": True}}
        )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
def test_a_pipe_is_told_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "d.csv")
    os.mkfifo(tmp_path / "d.npz")
    for name in ("d.csv", "d.npz"):
        with pytest.raises(
            InputError, match="is no file but a device, a pipe or a socket; expected a data file"
        ):
            load(tmp_path / name)
    with pytest.raises(
        InputError, match=r"is no file but a device, a pipe or a socket; expected an \.npz file"
    ):
        read_network(tmp_path / "d.npz", ["a"], {}, "mean")
