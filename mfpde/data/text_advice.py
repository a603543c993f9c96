"""What to write about a cell that is no number, where its look tells."""

import json
import re
from collections.abc import Sequence

import numpy as np

from mfpde.case.data_tables import Data
from mfpde.data.columns import advise_labels
from mfpde.data.text_form import is_number, plain

#: how a cell looks -> what it is, and what to do
LOOKS = (
    (
        r"\d{1,3}(,\d{3})+(\.\d+)?",
        (
            "if its commas group thousands, leave them out of the file; for decimal commas write data.decimal"
            ' = ","'
        ),
    ),
    (r"\d+,\d+(e[+-]?\d+)?", 'for decimal commas write data.decimal = ","'),
    (r"[\u2212\u2013\u2012].*\d.*", "its minus is another sign than '-'; replace it in the file"),
    (r"\d+\.?\d*d[+-]?\d+", "Fortran's exponent is a D; write it with an E"),
    (r"\d{1,3}([ \xa0\u202f\u2009'\u2019]\d{3})+([.,]\d+)?", "leave what groups thousands out of the file"),
    (r"\d.*%", "leave the percent sign out of the file"),
    (r"\d+(\.\d*)?(e[+-]?\d+)?[-+]\d.*", "two numbers have run together; separate them in the file"),
    (r".*\x00.*", "the file holds zero bytes; save it as UTF-8"),
)


#: characters of a cell whose look tells something
LONGEST = 60


def advise(cells: np.ndarray, k: int, first: int, name: str, reading: Data) -> str:
    """What to write about a cell of a column, as the end of a sentence; empty if it does not tell.

    Arguments:
        cells: a block of the column as text; k: the cell of it.
        first: the row of the first cell.
    """
    cell = cells[k].strip()
    if len(cell) > LONGEST:
        return ""
    if reading.decimal == "," and "." in cell:
        return '; with data.decimal = "," a point may be one of thousands, so leave points out'
    for look, what in LOOKS:
        if re.fullmatch(rf"[+-]?{look}", cell, re.IGNORECASE | re.DOTALL):
            return f"; {what}"
    if plain(cell) == plain(name):
        return "; the line of names is there again, delete it"
    distinct = sorted({each.strip() for each in cells} - {""})
    if name == reading.y and len(distinct) == 2 and not any(is_number(each, reading) for each in distinct):
        return advise_labels(distinct)
    if re.search(r"\d", cell) and not re.match(r"[#(]|1\.#", cell):
        return ""
    if first + k == 0 and len(cells) > 1 and is_number(cells[1], reading):
        return "; if the line holds units, delete it"
    if len(cell) <= 12 and cell.isprintable():
        return (
            f"; if it stands for a missing value write data.missing_values = [{json.dumps(cell)}] and"
            ' data.missing = "drop"'
        )
    return ""


def row_names(cells: Sequence[str], names: Sequence[str]) -> str:
    """What to write if the first row has one cell more than there are names, as R writes tables."""
    if len(cells) != len(names) + 1:
        return ""
    return (
        "; if the first of them is the name of the row, give that column a name too (in R: write.csv(...,"
        " row.names = FALSE))"
    )
