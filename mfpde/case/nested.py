"""Tables within tables, as plain data: how deep they go, and setting a dotted key in them."""

import copy
from typing import Any

from mfpde.errors import InputError

#: tables within tables, and lists within lists; a case needs five
MAX_DEPTH = 32


def check_depth(tables: dict[str, Any], where: str) -> None:
    """Refuse what is nested deeper than what copies and checks it can go."""
    layer: list[Any] = [tables]
    for _ in range(MAX_DEPTH):
        layer = [
            inner
            for value in layer
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, dict | list)
        ]
        if not layer:
            return
    raise InputError(f"{where}: is nested too deep: more than {MAX_DEPTH} tables or lists within each other")


def set_key(tables: dict[str, Any], key: str, value: Any, where: str = "replace") -> None:
    """Set a dotted key in nested tables, making tables on the way."""
    *parents, last = key.split(".")
    if len(parents) >= MAX_DEPTH:
        raise InputError(f"{where}: the key has more than {MAX_DEPTH} parts")
    for name in parents:
        tables = tables.setdefault(name, {})
        if not isinstance(tables, dict):
            raise InputError(f"{where}: '{name}' holds a value, not a table, so it has no key '{last}'")
    tables[last] = copy.deepcopy(value)  # the caller's own table may serve several keys
