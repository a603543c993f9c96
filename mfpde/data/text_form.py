"""How a text table is written: which character separates its cells, and which line names its columns."""

import csv
import itertools
import re
import unicodedata
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from mfpde.case.data_tables import Data
from mfpde.data.compressed import open_text
from mfpde.errors import InputError, nearest

#: words for messages, and how a case names them
SEPARATORS = {",": "commas", ";": "';'", "|": "'|'", "\t": "tabs", " ": "blanks"}
NAMED = {"\t": "tab", " ": "blank"}
MAX_COLUMNS = 100_000
#: lines at the beginning that are looked at for names of columns
LOOKED_AT = 60


class Form(NamedTuple):
    """How a text table is written."""

    separator: str
    names: list[str]  #: of its columns, in order
    skipped: int  #: lines before the first row

    def place(self, name: str) -> int:
        """Where a column is."""
        return self.names.index(plain(name))


class _Beginning(NamedTuple):
    """What is looked at to find the form."""

    comments: list[str]  #: lines that begin with # before the first other line
    lines: list[str]  #: from the first line on that is neither blank nor a comment
    before: int  #: lines before that one


def find_form(path: Path, names: Sequence[str], reading: Data, source: str) -> Form:
    """How a text table is written, by its first line, the comments before it, and the names that are wanted.

    Raises:
        InputError: it cannot be told.
    """
    beginning = _beginning(path)
    if not beginning.lines:
        raise InputError(f"{source} is empty; expected a line of column names and rows of numbers")
    line = beginning.lines[0].strip("\r\n")
    if "\x00" in line:
        raise InputError(f"{source} holds zero bytes, as UTF-16 without its mark does; save it as UTF-8")
    given = (
        [reading.separator]
        if reading.separator
        else [s for s in SEPARATORS if not (s == " " and "\t" in line)]
    )
    wanted = {plain(name) for name in names}
    named, numbered = _readings(beginning, given, wanted, reading)
    fitting = [form for form in numbered if wanted <= set(form.names)]
    if reading.header is None and numbered and any(form.skipped > beginning.before for form in named):
        raise InputError(
            f"{source}: its first line, '{line[:60]}', may be names or numbers; write data.header = true or"
            " data.header = false"
        )
    forms = [form for form in named or fitting if form.separator != " "] or named or fitting
    if not forms:
        raise _no_form(beginning, names, given, numbered, reading, source)
    if len(forms) > 1:
        found = " or by ".join(SEPARATORS[form.separator] for form in forms)
        raise InputError(
            f"{source}: may be separated by {found}; write data.separator, for example data.separator ="
            f' "{_word(forms[0])}"'
        )
    (form,) = forms
    if len(form.names) > MAX_COLUMNS:
        raise InputError(f"{source} has {len(form.names)} columns; at most {MAX_COLUMNS} are read")
    if twice := [name for name in names if form.names.count(plain(name)) > 1]:
        raise InputError(
            f"{source} has {form.names.count(plain(twice[0]))} columns '{twice[0]}'; give each a name of"
            " its own"
        )
    return form


def _readings(
    beginning: _Beginning, given: Sequence[str], wanted: set[str], reading: Data
) -> tuple[list[Form], list[Form]]:
    """Forms in which the first line or a comment names the wanted columns, or the line holds numbers."""
    named, commented, numbered = [], [], []
    for separator in given:
        cells, height = _header(beginning.lines, separator)
        if reading.header is not False:
            titles = [split(comment.lstrip("#"), separator) for comment in beginning.comments]
            fitting = [each for each in titles if len(each) == len(cells) and wanted <= set(each)]
            if wanted <= set(cells):
                named.append(Form(separator, cells, beginning.before + height))
            elif fitting:
                commented.append(Form(separator, fitting[-1], beginning.before))
        told = reading.header is False  # else numbers alone are no names
        if (
            reading.header is not True
            and len(cells) > 1
            and (told or all(is_number(cell, reading) for cell in cells))
        ):
            numbered.append(Form(separator, [str(k) for k in range(len(cells))], beginning.before))
    return named or commented, numbered


def _beginning(path: Path) -> _Beginning:
    comments: list[str] = []
    with closing(open_text(path, 0, comments=True)) as stream:
        for before, line in enumerate(stream):
            if line.lstrip(" \t\ufeff").startswith("#"):
                comments.append(line.strip(" \t\r\n\ufeff"))
            elif line.strip():
                return _Beginning(
                    comments, [line.lstrip("\ufeff"), *itertools.islice(stream, LOOKED_AT)], before
                )
    return _Beginning(comments, [], 0)


def _header(lines: Sequence[str], separator: str) -> tuple[list[str], int]:
    """The cells of the first line, which goes on in the next ones within quotes, and how many it takes."""
    if separator == " ":
        return split(lines[0], " "), 1
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
    try:
        cells = next(reader, [])
    except csv.Error:  # a quote without end
        return split(lines[0], separator), 1
    return [plain(cell) for cell in cells], reader.line_num


def split(line: str, separator: str) -> list[str]:
    """The cells of one line."""
    line = line.strip(" \r\n") if separator != "\t" else line.strip("\r\n")
    return [plain(cell) for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]


def plain(name: str) -> str:
    """A name as it is compared: letters composed, no-break blanks as blanks, none around it."""
    return unicodedata.normalize("NFC", name.replace("\xa0", " ")).strip()


def _word(form: Form) -> str:
    return NAMED.get(form.separator, form.separator)


def _no_form(
    beginning: _Beginning,
    names: Sequence[str],
    given: Sequence[str],
    numbered: list[Form],
    reading: Data,
    source: str,
) -> InputError:
    """Why no way to read the first line gives the columns that are wanted."""
    line = beginning.lines[0]
    wanted = {plain(name) for name in names}
    if numbered:
        known = numbered[0].names
        name = next(name for name in names if plain(name) not in known)
        why = "its first line holds numbers, so columns are called by their place"
        return InputError(f"{source} has no column '{name}': {why}{nearest(name, known)}")
    separator = max(given, key=lambda s: len(split(line, s)))
    known = split(line, separator)
    other = next((s for s in SEPARATORS if wanted <= set(split(line, s))), None)
    if other is not None:
        return InputError(
            f"{source} seems to be separated by {SEPARATORS[other]}; leave data.separator out, or write it so"
        )
    if (
        reading.decimal == "."
        and re.fullmatch(r"[\s;|+-]*\d+(,\d+)?([\s;|+-]+\d+(,\d+)?)+[\s;|]*", line)
        and "," in line
    ):
        return InputError(f'{source} seems to have decimal commas; write data.decimal = ","')
    later = next(
        (
            k
            for k, text in enumerate(beginning.lines[1:], 1)
            if any(wanted <= set(split(text, s)) for s in given)
        ),
        None,
    )
    name = next(name for name in names if plain(name) not in known)
    if later is not None:
        where = beginning.before + later + 1
        return InputError(
            f"{source}: names its columns in line {where}; delete the lines before it, or begin them with #"
        )
    advice = nearest(name, known)
    if all(name.isdecimal() for name in names) and reading.header is None:
        advice += "; if the first line holds values rather than names, write data.header = false"
    return InputError(f"{source} has no column '{name}'{advice}")


def is_number(cell: str, reading: Data) -> bool:
    """Whether a cell is a number in the case's way of writing it."""
    try:
        float(with_point(cell, reading.decimal))
    except ValueError:
        return False
    return True


def is_whole(cell: str) -> bool:
    """Whether a cell is a whole number, without point or exponent."""
    return re.fullmatch(r"[+-]?\d{1,400}", cell, re.ASCII) is not None


def with_point(cell: str, decimal: str) -> str:
    """A cell with a decimal point.

    One with a point cannot be a number where commas are decimal: points may group thousands.
    """
    if "_" in cell or (decimal == "," and "." in cell):  # Python reads 1_0 as 10; a table does not mean that
        return "?"
    return cell.replace(",", ".") if decimal == "," else cell
