"""Tables of text: which character separates their cells, which line names their columns, and what their cells are. Pandas reads them."""

import csv
import itertools
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from mfpde.case.data_tables import Data
from mfpde.data.arrays import MAX_NUMBERS, Oversized
from mfpde.data.columns import Column, Table, advise_labels
from mfpde.data.compressed import open_text
from mfpde.errors import InputError, nearest

#: what people and programs write where there is no value, in small letters
MISSING_WORDS = {"", "na", "n/a", "#n/a", "nan", "-nan", "null", "none", "<na>", "nat"}
SEPARATORS = {",": "commas", ";": "';'", "|": "'|'", "\t": "tabs", " ": "blanks"}
#: rows that are text at one time
ROWS = 1 << 16
MAX_COLUMNS = 100_000


class Form(NamedTuple):
    """How a text table is written."""

    separator: str
    names: list[str]  #: of its columns, in order
    skipped: int  #: lines before the first row


def read_text(path: Path, names: Sequence[str], texts: Sequence[str], reading: Data, source: str) -> Table:
    """Columns of a text table.

    Arguments:
        names: of the columns that are wanted.
        texts: those of them whose cells stay text.
        source: the case file, the key and the data file, for messages.
    Raises:
        InputError: no such column, or two; a separator or header that cannot be told; rows of more cells than columns; a cell that is no number.
    """
    form = find_form(path, names, reading, source)
    places = {name: form.names.index(name) for name in names}
    parts: dict[str, list[Column]] = {name: [] for name in names}
    table = Table({}, source, lambda row: f"line {_line_of(path, form, row)}")
    count = 0
    for block in _blocks(path, form, source):
        for name in names:
            cells = block[places[name]].to_numpy(dtype=object)
            parts[name].append(_text_column(cells, reading) if name in texts else _number_column(cells, table, count, name, reading))
        count += len(block)
        if count * len(names) > MAX_NUMBERS:
            raise Oversized(f"holds more than {MAX_NUMBERS} numbers")
    empty = Column(np.zeros(0), np.zeros(0, dtype=bool))
    for name in names:
        found = parts.pop(name) or [empty]
        table.columns[name] = Column(np.concatenate([part.values for part in found]), np.concatenate([part.missing for part in found]))
    return table


def find_form(path: Path, names: Sequence[str], reading: Data, source: str) -> Form:
    """How a text table is written, by its first line, the comment before it, and the names that are wanted.

    Raises:
        InputError: it cannot be told.
    """
    comment, line, before = _first_lines(path)
    if not line:
        raise InputError(f"{source} is empty; expected a line of column names and rows of numbers")
    given = [reading.separator] if reading.separator else [s for s in SEPARATORS if not (s == reading.decimal or (s == " " and "\t" in line))]
    named, commented, numbered = [], [], []
    for separator in given:
        cells = split(line, separator)
        if reading.header is not False:
            if set(names) <= set(cells):
                named.append(Form(separator, cells, before + 1))
            elif len(titles := split(comment.lstrip("#"), separator)) == len(cells) and set(names) <= set(titles):
                commented.append(Form(separator, titles, before))
        told = reading.header is False  # else numbers alone are no names
        if reading.header is not True and len(cells) > 1 and (told or all(_is_number(cell, reading) for cell in cells)):
            numbered.append(Form(separator, [str(k) for k in range(len(cells))], before))
    fitting = [form for form in numbered if set(names) <= set(form.names)]
    if named and fitting:
        raise InputError(f"{source}: its first line, '{line[:60]}', may be names or numbers; write data.header = true or data.header = false")
    forms = [form for form in named or commented or fitting if form.separator != " "] or named or commented or fitting
    if not forms:
        raise _no_form(line, names, given, numbered, reading, source)
    if len(forms) > 1:
        found = " or by ".join(SEPARATORS[form.separator] for form in forms)
        raise InputError(f"{source}: may be separated by {found}; write data.separator, for example data.separator = ','")
    (form,) = forms
    if len(form.names) > MAX_COLUMNS:
        raise InputError(f"{source} has {len(form.names)} columns; at most {MAX_COLUMNS} are read")
    if twice := [name for name in names if form.names.count(name) > 1]:
        raise InputError(f"{source} has {form.names.count(twice[0])} columns '{twice[0]}'; give each a name of its own")
    return form


def split(line: str, separator: str) -> list[str]:
    """The cells of one line."""
    if separator == " ":
        return next(csv.reader([line.strip()], delimiter=" ", skipinitialspace=True), [])
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]


def _first_lines(path: Path) -> tuple[str, str, int]:
    """The last line of comment before the first other line that is not blank, that line, and the count of lines before it."""
    comment = ""
    with open_text(path) as stream:
        for before, line in enumerate(stream):
            if line.startswith("#"):
                comment = line.strip()
            elif line.strip():
                return comment, line.rstrip("\r\n"), before
    return comment, "", 0


def _no_form(line: str, names: Sequence[str], given: Sequence[str], numbered: list[Form], reading: Data, source: str) -> InputError:
    """Why no way to read the first line gives the columns that are wanted."""
    if numbered:
        known = numbered[0].names
        name = next(name for name in names if name not in known)
        return InputError(
            f"{source} has no column '{name}': its first line holds numbers, so columns are called by their place{nearest(name, known)}"
        )
    separator = max(given, key=lambda s: len(split(line, s)))
    known = split(line, separator)
    other = next((s for s in SEPARATORS if len(split(line, s)) > len(known)), None)
    if other is not None and reading.separator:
        return InputError(f"{source} seems to be separated by {SEPARATORS[other]}; leave data.separator out, or write data.separator = {other!r}")
    if reading.decimal == "." and re.fullmatch(r"[\s;|+-]*\d+(,\d+)?([\s;|+-]+\d+(,\d+)?)+[\s;|]*", line) and "," in line:
        return InputError(f"{source} seems to have decimal commas; write data.decimal = ','")
    name = next(name for name in names if name not in known)
    return InputError(f"{source} has no column '{name}'{nearest(name, known)}")


def _is_number(cell: str, reading: Data) -> bool:
    try:
        float(_with_point(cell, reading.decimal))
    except ValueError:
        return False
    return True


def _with_point(cell: str, decimal: str) -> str:
    """A cell with a decimal point; one that cannot be a number if the case speaks of decimal commas and it has a point, which may group thousands."""
    if "_" in cell or (decimal == "," and "." in cell):  # Python reads 1_0 as 10; a table does not mean that
        return "?"
    return cell.replace(",", ".") if decimal == "," else cell


def _blocks(path: Path, form: Form, source: str) -> Iterator[pd.DataFrame]:
    """The rows as text, block by block, without those that are blank."""
    separator = r"\s+" if form.separator == " " else form.separator
    with open_text(path) as stream, warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):
        try:
            reader = pd.read_csv(
                stream, sep=separator, header=None, names=list(range(len(form.names))), index_col=False, skiprows=form.skipped, dtype=str,
                na_filter=False, skipinitialspace=True, chunksize=ROWS,
            )  # fmt: skip
            for block in reader:
                yield block[~(block == "").all(axis=1)] if (block[0] == "").any() else block
        except pd.errors.EmptyDataError:
            return
        except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
            raise _bad_row(path, form, source, error) from None


def _bad_row(path: Path, form: Form, source: str, error: Exception) -> InputError:
    """The first row that has more cells than there are columns."""
    for line, cells in _rows(path, form):
        if len(cells) > len(form.names):
            return InputError(f"{source}, line {line}: has {len(cells)} cells under a header of {len(form.names)}")
    return InputError(f"{source} is no table of {len(form.names)} columns: {str(error).splitlines()[0][:200]}")


def _rows(path: Path, form: Form) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and cells of all rows that are not blank: slow, for messages."""
    with open_text(path) as stream:
        for _ in itertools.repeat(None, form.skipped):
            next(stream)
        blanks = form.separator == " "
        rows = csv.reader((line.strip() + "\n" for line in stream) if blanks else stream, delimiter=form.separator, skipinitialspace=True)
        for cells in rows:
            if any(cell.strip() for cell in cells):
                yield form.skipped + rows.line_num, cells


def _line_of(path: Path, form: Form, row: int) -> int:
    """The line of a row that is not blank; without blank lines before it if the file cannot be followed so far (cells of many megabytes)."""
    with suppress(csv.Error):
        return next(itertools.islice((line for line, _ in _rows(path, form)), row, None))
    return form.skipped + row + 1


def _words(reading: Data) -> set[str]:
    return MISSING_WORDS | {value.strip().lower() for value in reading.missing_values or [] if isinstance(value, str)}


def _text_column(cells: np.ndarray, reading: Data) -> Column:
    words = _words(reading)
    return Column(cells, np.array([cell.strip().lower() in words for cell in cells], dtype=bool))


def _number_column(cells: np.ndarray, table: Table, first: int, name: str, reading: Data) -> Column:
    """Cells as numbers, NaN where one is missing.

    Arguments:
        first: the row of the first cell.
    """
    if reading.decimal == "." and "_" not in "".join(cells):
        try:
            numbers = cells.astype(np.float64)
            return Column(numbers, np.isnan(numbers))
        except ValueError:
            pass  # find out which
    numbers, missing, words = np.full(len(cells), np.nan), np.zeros(len(cells), dtype=bool), _words(reading)
    for k, cell in enumerate(cells):
        if cell.strip().lower() in words:
            missing[k] = True
            continue
        try:
            numbers[k] = float(_with_point(cell, reading.decimal))
        except ValueError:
            raise _no_number(cells, k, table, first, name, reading) from None
    return Column(numbers, missing | np.isnan(numbers))


def _no_number(cells: np.ndarray, k: int, table: Table, first: int, name: str, reading: Data) -> InputError:
    """The sentence about a cell that is no number, with what to write if that can be told."""
    cell, distinct = cells[k].strip(), sorted({cell.strip() for cell in cells} - {""})
    advice = ""
    if reading.decimal == "." and re.fullmatch(r"[+-]?\d+,\d+", cell):
        advice = "; for decimal commas write data.decimal = ','"
    elif reading.decimal == "," and "." in cell:
        advice = "; with data.decimal = ',' a point may be one of thousands, so leave points out"
    elif len(distinct) == 2:
        advice = advise_labels(distinct)
    elif re.fullmatch(r"[?*.-]|missing|unknown|\W+", cell, re.IGNORECASE):
        advice = f'; if it stands for a missing value write data.missing_values = ["{cell}"] and data.missing = "drop"'
    return InputError(f"{table.place(first + k, name)}: expected a number, got '{cell[:60]}'{advice}")
