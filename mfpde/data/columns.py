"""Columns of files, and what a case makes of them: numbers, or two labels.

Whatever would be guessed or lost is refused.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from mfpde.case.data_tables import Data
from mfpde.errors import InputError

#: numbers that programs write where a value is missing; netCDF's default for reals and NumPy's for masked
#: arrays are among them
MARKS = (
    -999.0, -999.25, -999.9, -9999.0, -9999.9, -99999.0, -999999.0, 9999.0, 99999.0, 999999.0, -32767.0,
    -32768.0, -(2.0**31), 2.0**31 - 1,
    1e20, -1e20, 1e30, -1e30, -1e34, 1e35, 1e36, 9.969209968386869e36, *(sign *
    float(np.finfo(np.float32).max) for sign in (1, -1)),
    -float(np.finfo(np.float64).max),
)  # fmt: skip
#: larger whole numbers are not all held in double precision
LARGEST_WHOLE = 2**53


class Column(NamedTuple):
    """A column, or a matrix of columns, as its file holds it."""

    values: np.ndarray  #: (rows,) or (rows, k): numbers, truth values, or text
    missing: np.ndarray  #: the same shape, truth values


@dataclass(frozen=True)
class Table:
    """Columns of a file by name."""

    columns: dict[str, Column]
    source: str  #: the case file, the key and the data file, for messages
    #: where a row is, for messages
    row: Callable[[int], str] = field(default=lambda row: f"row {row + 1} of the data")

    def place(self, row: int, name: str) -> str:
        """A cell, for messages."""
        return f"{self.source}, {self.row(row)}, column '{name}'"

    def too_many_digits(self, row: int, name: str, value: object) -> InputError:
        """The sentence about a whole number that double precision does not hold."""
        return InputError(
            f"{self.place(row, name)}: {value} is a whole number of more digits than double precision holds"
        )

    def numbers(self, name: str, reading: Data) -> Column:
        """A column as finite float64, with what is missing.

        Raises:
            InputError: text, truth values, infinities, whole numbers that double precision does not hold, a
                number that seems to mark missing values.
        """
        values, missing = self.columns[name]
        if not values.size:
            return Column(np.zeros(values.shape), missing)
        if values.dtype.kind in "OUSb":
            raise self._not_numbers(name, values, missing)
        missing = missing | is_marked(values, reading)
        if values.dtype.kind in "iu":
            self._check_whole(name, values, missing)
        # of extended precision; what overflows is no longer finite
        with np.errstate(over="ignore", invalid="ignore"):
            numbers = values.astype(np.float64)
        if bad := _first(np.isinf(numbers) & ~missing):
            raise InputError(f"{self.place(bad[0], name)}: expected a finite number, got {values[bad]}")
        if reading.missing_values != []:
            for column, gaps in zip(np.column_stack([numbers]).T, np.column_stack([missing]).T, strict=True):
                self._check_marks(name, column, gaps)
        return Column(numbers, missing)

    def labels(self, name: str, reading: Data) -> Column:
        """A column of labels that the case lists, as their numbers 0, 1, ...

        Raises:
            InputError: a value that is none of them.
        """
        values, missing = self.columns[name]
        assert reading.labels is not None
        which = np.array([equals(values, label, reading.decimal) for label in reading.labels])
        known = which.any(axis=0)
        missing = (missing | is_marked(values, reading)) & ~known
        if bad := _first(~(known | missing)):
            asked = " or ".join(map(_toml, reading.labels))
            raise InputError(
                f"{self.place(bad[0], name)}: expected {asked} (data.labels), got {_show(values[bad])}"
            )
        return Column(which.argmax(axis=0).astype(float), missing)

    def _not_numbers(self, name: str, values: np.ndarray, missing: np.ndarray) -> InputError:
        """Text or truth values where numbers were expected."""
        first = _first(~missing) or (0,) * values.ndim
        if values.dtype.kind == "b":
            advice = advise_labels([False, True])
        elif np.isnan(as_number(as_text(values[first]))):
            distinct = sorted({_show(v) for v in values[~missing].ravel()[:100_000]})
            advice = advise_labels([v.strip("'") for v in distinct])
        else:
            advice = "; the file holds numbers as text: save them as numbers, such as array.astype(float)"
        return InputError(
            f"{self.place(first[0], name)}: expected a number, got {_show(values[first])}{advice}"
        )

    def _check_whole(self, name: str, values: np.ndarray, missing: np.ndarray) -> None:
        if bad := _first(
            ((values > LARGEST_WHOLE) | (values < -LARGEST_WHOLE if values.dtype.kind == "i" else False))
            & ~missing
        ):
            raise self.too_many_digits(bad[0], name, values[bad])

    def _check_marks(self, name: str, numbers: np.ndarray, missing: np.ndarray) -> None:
        """Refuse a column with a number that programs write for missing values.

        It must be farther from all others than these are from each other.
        """
        with np.errstate(over="ignore"):
            # some were in single precision
            marked = (
                np.any([np.isclose(numbers, mark, rtol=1e-7, atol=0) for mark in MARKS], axis=0) & ~missing
            )
        halves = numbers[~marked & ~missing] / 2  # differences of halves cannot overflow
        if not marked.any() or not len(halves):
            return
        spread = halves.max() - halves.min()
        far = [mark for mark in np.unique(numbers[marked]) if np.abs(halves - mark / 2).min() > spread]
        if found := _first(np.isin(numbers, far) & marked):
            mark = numbers[found]
            remedy = (
                f'data.missing_values = [{mark:.17g}] and data.missing = "drop", or data.missing_values = []'
                " if it is a number like others"
            )
            raise InputError(
                f"{self.place(found[0], name)}: {mark:.17g} looks like a mark of missing values; write"
                f" {remedy}"
            )


def advise_labels(distinct: Sequence[str | bool]) -> str:
    """What to write if a column has two values that are no numbers; nothing if it has more."""
    if len(distinct) != 2:
        return ""
    return (
        f"; for a target y of two classes write data.labels = [{_toml(distinct[0])}, {_toml(distinct[1])}],"
        " which become -1 and +1"
    )


def is_marked(values: np.ndarray, reading: Data) -> np.ndarray:
    """Where a column holds NaN, or what the case calls a missing value, in the column's precision."""
    given = reading.missing_values or []
    numbers = [
        v
        for v in (as_number(mark.strip()) if isinstance(mark, str) else float(mark) for mark in given)
        if not np.isnan(v)
    ]
    if values.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return np.isnan(values) | np.isin(values, np.array(numbers).astype(values.dtype))
    if values.dtype.kind in "iu":
        return np.isin(values, [int(v) for v in numbers if v == int(v) and abs(v) < 2**64])
    if values.dtype.kind == "b" or not given:
        return np.zeros(values.shape, dtype=bool)
    words = {mark.strip().lower() for mark in given if isinstance(mark, str)}
    found = [text.lower() in words or as_number(text) in numbers for text in map(as_text, values.ravel())]
    return np.array(found, dtype=bool).reshape(values.shape)


def equals(values: np.ndarray, label: Any, decimal: str = ".") -> np.ndarray:
    """Where a column of any kind has a label."""
    kind = values.dtype.kind
    if kind == "b":
        return values == label if isinstance(label, bool) else np.zeros(values.shape, dtype=bool)
    if kind in "iuf":
        return values == label if not isinstance(label, str | bool) else np.zeros(values.shape, dtype=bool)
    texts = np.array([as_text(v) for v in values.ravel()], dtype=object).reshape(values.shape)
    if isinstance(label, str):
        return texts == label.strip()
    if isinstance(label, bool):
        return np.array([t.lower() == str(label).lower() for t in texts.ravel()], dtype=bool).reshape(
            values.shape
        )
    return np.array([as_number(t.replace(decimal, ".")) == label for t in texts.ravel()], dtype=bool).reshape(
        values.shape
    )


def as_number(text: str) -> float:
    """What a text says in digits; NaN if it says something else."""
    return (
        float(text)
        if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", text, re.ASCII | re.IGNORECASE)
        else float("nan")
    )


def as_text(value: Any) -> str:
    """A cell as text, without blanks around it."""
    return (value.decode(errors="replace") if isinstance(value, bytes) else str(value)).strip()


def _show(value: Any) -> str:
    return repr(as_text(value)[:60]) if isinstance(value, str | bytes) else str(value)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else f"{value:.17g}"


def _first(where: np.ndarray) -> tuple[int, ...]:
    """The first place at which it holds; empty if there is none."""
    found = np.argwhere(where)
    return tuple(int(k) for k in found[0]) if len(found) else ()
