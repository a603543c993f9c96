"""Columns of Parquet files, by Apache Arrow, which is an extra: pip install "mfpde[parquet]"."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mfpde.case.data_tables import Data
from mfpde.data.arrays import MAX_NUMBERS, Oversized
from mfpde.data.columns import Column, Table
from mfpde.errors import InputError, nearest


def read_parquet(path: Path, names: Sequence[str], texts: Sequence[str], reading: Data, source: str) -> Table:
    """Columns of a Parquet file; arguments as of `data.tables.read_table`.

    Raises:
        InputError: Arrow is not installed, no such column, or one of no numbers.
        Oversized: more numbers than are read.
    """
    try:
        import pyarrow as arrow
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise InputError(
            f'{source}: Parquet files need pyarrow; install "mfpde[parquet]", or write the table as CSV'
        ) from None
    with ParquetFile(path) as file:
        known = file.schema_arrow.names
        for name in names:
            if known.count(name) != 1:
                problem = (
                    f"has {known.count(name)} columns '{name}'; give each a name of its own"
                    if name in known
                    else f"has no column '{name}'"
                )
                raise InputError(f"{source} {problem}{'' if name in known else nearest(name, known)}")
        if file.metadata.num_rows * len(names) > MAX_NUMBERS:
            raise Oversized(f"claims more than {MAX_NUMBERS} numbers")
        table = file.read(columns=list(names))
    columns = {}
    for name in names:
        held = table.column(name).combine_chunks()
        if arrow.types.is_dictionary(held.type):
            held = held.dictionary_decode()
        if arrow.types.is_decimal(held.type):
            held = held.cast(arrow.float64())
        if arrow.types.is_null(held.type):
            held = held.cast(arrow.float64())
        kinds = (
            arrow.types.is_integer,
            arrow.types.is_floating,
            arrow.types.is_boolean,
            arrow.types.is_string,
            arrow.types.is_large_string,
        )
        if not any(kind(held.type) for kind in kinds):
            raise InputError(f"{source}: '{name}' has type {held.type}; expected numbers")
        text = arrow.types.is_string(held.type) or arrow.types.is_large_string(held.type)
        missing = held.is_null().to_numpy(zero_copy_only=False)
        filled = (
            held.fill_null("" if text else False if arrow.types.is_boolean(held.type) else 0)
            if missing.any()
            else held
        )
        columns[name] = Column(np.asarray(filled.to_numpy(zero_copy_only=False)), missing)
    return Table(columns, source)
