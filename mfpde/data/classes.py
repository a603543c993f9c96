"""The classes of a column: its different values, numbers by size and words by the alphabet."""

from dataclasses import replace

import numpy as np

from mfpde.case.data_tables import Data
from mfpde.data.columns import Column, Table, as_number, as_text, is_marked
from mfpde.errors import InputError

#: classes that a column may have
MOST_CLASSES = 64


def find_classes(table: Table, name: str, reading: Data) -> tuple[Column, list[str]]:
    """A column as the numbers 0, 1, ... of its classes, and their names in order.

    Raises:
        InputError: more than `MOST_CLASSES` values, or numbers that `Table.numbers` refuses.
    """
    values, missing = table.columns[name]
    if values.dtype.kind not in "iuf":
        words = np.array([as_text(v) for v in values.ravel()], dtype=object).reshape(values.shape)
        missing = missing | is_marked(values, reading)
        decimal = reading.decimal
        values = np.array([as_number(word.replace(decimal, ".")) for word in words.ravel()])
        values = values.reshape(words.shape)
        if np.isnan(values[~missing]).any():
            return _coded(table, name, words, missing)
        table = replace(table, columns={name: Column(values, missing)})
    return _coded(table, name, *table.numbers(name, reading))


def _coded(table: Table, name: str, values: np.ndarray, missing: np.ndarray) -> tuple[Column, list[str]]:
    there = sorted(set(values[~missing].tolist()))
    names = [value if isinstance(value, str) else _plain(value) for value in there]
    if len(there) > MOST_CLASSES:
        raise InputError(
            f"{table.source}: '{name}' has {len(there)} different values, such as {names[0]} and {names[1]};"
            f" expected at most {MOST_CLASSES} classes"
        )
    code = {value: float(k) for k, value in enumerate(there)}
    codes = np.array([code.get(value, 0.0) for value in values.ravel().tolist()])
    return Column(codes.reshape(values.shape), missing), names


def _plain(number: float) -> str:
    """A number in few digits, but in as many as it has."""
    short = f"{number:g}"
    return short if float(short) == number else f"{number:.17g}"
