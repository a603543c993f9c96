"""Variants of a case: one file, several runs. The table [variants.NAME] holds what differs, in tables as
those of the case.
"""

import re
from collections.abc import Mapping
from typing import Any

from mfpde.errors import InputError

#: part of the names of output files
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
#: keys that name the kind of a table: a variant that gives one replaces the table, rather than some of its
#: keys
KINDS = ("law", "kind")


def variant_tables(tables: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of a case with the changes of a variant merged in, table by table."""
    merged = dict(tables)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and not any(kind in value for kind in KINDS):
            merged[key] = variant_tables(old, value)
        else:
            merged[key] = value
    return merged


def check_variants(variants: Mapping[str, Any], where: str) -> None:
    """Refuse variants that cannot be.

    Raises:
        InputError: a name that cannot be part of a file's, or something that is no table.
    """
    for name, changes in variants.items():
        if not NAME.fullmatch(name):
            raise InputError(
                f"{where}: variants.{name[:40]}: is no name for a variant; expected letters, digits, - and _,"
                " for names of files"
            )
        if not isinstance(changes, dict):
            raise InputError(
                f"{where}: variants.{name}: expected a table with what differs, such as dynamics.birth_death"
                " = 5.0"
            )
