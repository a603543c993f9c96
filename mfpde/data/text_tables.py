"""Tables of text: their rows, read by pandas as text, and their cells; see `data.text_form`."""

import csv
import itertools
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pandas as pd

from mfpde.case.data_tables import Data
from mfpde.data.arrays import MAX_NUMBERS, Oversized
from mfpde.data.columns import LARGEST_WHOLE, Column, Table
from mfpde.data.compressed import open_text
from mfpde.data.text_advice import advise, row_names
from mfpde.data.text_form import Form, find_form, is_whole, with_point
from mfpde.errors import InputError

#: what people and programs write where there is no value, in small letters
MISSING_WORDS = {"", "na", "n/a", "#n/a", "nan", "-nan", "null", "none", "<na>", "nat"}
#: rows that are text at one time
ROWS = 1 << 16


def read_text(path: Path, names: Sequence[str], texts: Sequence[str], reading: Data, source: str) -> Table:
    """Columns of a text table.

    Arguments:
        names: of the columns that are wanted.
        texts: those of them whose cells stay text.
        source: the case file, the key and the data file, for messages.
    Raises:
        InputError: no such column, or two; a separator or header that cannot be told; rows of more cells than
            columns; a cell that is no number.
    """
    form = find_form(path, names, reading, source)
    places = {name: form.place(name) for name in names}
    parts: dict[str, list[Column]] = {name: [] for name in names}
    table = Table({}, source, lambda row: f"line {_line_of(path, form, row)}")
    count = 0
    for block in _blocks(path, form, source, table):
        for name in names:
            cells = block[places[name]].to_numpy(dtype=object)
            parts[name].append(
                _text_column(cells, reading)
                if name in texts
                else _number_column(cells, table, count, name, reading)
            )
        count += len(block)
        if count * len(names) > MAX_NUMBERS:
            raise Oversized(f"holds more than {MAX_NUMBERS} numbers")
    empty = Column(np.zeros(0), np.zeros(0, dtype=bool))
    for name in names:
        found = parts.pop(name) or [empty]
        table.columns[name] = Column(
            np.concatenate([part.values for part in found]), np.concatenate([part.missing for part in found])
        )
    return table


def _blocks(path: Path, form: Form, source: str, table: Table) -> Iterator[pd.DataFrame]:
    """The rows as text, block by block, without those that are blank."""
    columns, blanks = len(form.names), form.separator == " "
    rows = 0
    with (
        closing(open_text(path, form.skipped)) as stream,
        warnings.catch_warnings(action="error", category=pd.errors.ParserWarning),
    ):
        try:
            reader = pd.read_csv(
                stream,
                sep=r"\s+" if blanks else form.separator,
                header=None,
                names=list(range(columns + 1)),
                index_col=False,
                dtype=str,
                na_filter=False,
                skipinitialspace=True,
                skip_blank_lines=False,
                chunksize=ROWS,
            )
            count = 0
            for block in reader:
                rows += len(block)
                full = block[~(block == "").all(axis=1)]
                # rows may end in a separator, but not in a cell without a name
                if (full[columns] != "").any():
                    raise _bad_row(path, form, source)
                if blanks and (full[columns - 1] == "").any():
                    row = count + int(np.argmax((full[columns - 1] == "").to_numpy()))
                    why = (
                        "a blank cannot mark an empty cell: write NaN there, or separate cells by commas or"
                        " tabs"
                    )
                    raise InputError(f"{source}, {table.row(row)}: has fewer than {columns} cells; {why}")
                count += len(full)
                yield full
        except pd.errors.EmptyDataError:
            return
        except (pd.errors.ParserError, pd.errors.ParserWarning):
            raise _bad_row(path, form, source) from None
        if rows < stream.given:
            _check_quotes(path, form, source)


def _rows(path: Path, form: Form) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and cells of all rows that are not blank: slow, for messages."""
    with closing(open_text(path, form.skipped)) as stream:
        lines = (line.strip() + "\n" for line in stream) if form.separator == " " else iter(stream)
        rows = csv.reader(lines, delimiter=form.separator, skipinitialspace=True)
        for cells in rows:
            if any(cell.strip() for cell in cells):
                yield stream.line, cells


def _line_of(path: Path, form: Form, row: int) -> int:
    """The line of a row that is not blank.

    Without the blank lines before it if the file cannot be followed so far.
    """
    with suppress(csv.Error):
        return next(itertools.islice((line for line, _ in _rows(path, form)), row, None))
    return form.skipped + row + 1


def _bad_row(path: Path, form: Form, source: str) -> InputError:
    """What is wrong with a table: a quote without end, or a row with more cells than columns."""
    with suppress(csv.Error):
        for k, (line, cells) in enumerate(_rows(path, form)):
            if any("\n" in cell or "\r" in cell for cell in cells):
                return _open_quote(source, line, cells)
            if len(cells) > len(form.names) and any(cells[len(form.names) :]):
                advice = row_names(cells, form.names) if k == 0 else ""
                return InputError(
                    f"{source}, line {line}: has {len(cells)} cells under a header of"
                    f" {len(form.names)}{advice}"
                )
    return InputError(f"{source} is no table of {len(form.names)} columns")


def _check_quotes(path: Path, form: Form, source: str) -> None:
    """Refuse a cell of several lines with separators: a quote without end has swallowed other rows."""
    for line, cells in _rows(path, form):
        for cell in cells:
            if ("\n" in cell or "\r" in cell) and form.separator in cell:
                raise _open_quote(source, line, cells)


def _open_quote(source: str, line: int, cells: list[str]) -> InputError:
    lines = max(cell.rstrip("\r\n").count("\n") or cell.rstrip("\r\n").count("\r") for cell in cells)
    what = f"a quote begins a cell that goes on to line {line}"
    return InputError(
        f"{source}, line {line - lines}: {what}; close it there, or leave out quotes and line ends in cells"
    )


def _words(reading: Data) -> set[str]:
    """What means that a value is missing, in small letters; a label never does."""
    words = MISSING_WORDS | {
        value.strip().lower() for value in reading.missing_values or [] if isinstance(value, str)
    }
    return words - {label.strip().lower() for label in reading.labels or [] if isinstance(label, str)}


def _text_column(cells: np.ndarray, reading: Data) -> Column:
    words = _words(reading)
    return Column(cells, np.array([cell.strip().lower() in words for cell in cells], dtype=bool))


def _number_column(cells: np.ndarray, table: Table, first: int, name: str, reading: Data) -> Column:
    """Cells as numbers, NaN where one is missing.

    Arguments:
        first: the row of the first cell.
    """
    numbers = None
    if reading.decimal == "." and "_" not in "".join(cells):
        with suppress(ValueError):  # else find out which
            numbers = cells.astype(np.float64)
            missing = np.isnan(numbers)
    if numbers is None:
        numbers, missing, words = (
            np.full(len(cells), np.nan),
            np.zeros(len(cells), dtype=bool),
            _words(reading),
        )
        for k, cell in enumerate(cells):
            if cell.strip().lower() in words:
                missing[k] = True
                continue
            try:
                numbers[k] = float(with_point(cell, reading.decimal))
            except ValueError:
                said = f"expected a number, got '{cell.strip()[:60]}'{advise(cells, k, first, name, reading)}"
                raise InputError(f"{table.place(first + k, name)}: {said}") from None
    for place in np.flatnonzero(np.abs(numbers) >= LARGEST_WHOLE):
        k = int(place)
        cell = cells[k].strip()
        if np.isinf(numbers[k]):
            raise InputError(f"{table.place(first + k, name)}: expected a finite number, got '{cell[:60]}'")
        if is_whole(cell) and int(cell) != int(numbers[k]):
            raise table.too_many_digits(first + k, name, repr(cell[:60]))
    return Column(numbers, missing | np.isnan(numbers))
