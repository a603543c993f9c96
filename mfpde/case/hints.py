"""Where a key belongs that is not known where it stands."""

import typing
from functools import cache
from typing import Any, NamedTuple

from pydantic import BaseModel

from mfpde.case.tables import names_of, tables_in, tags_of

#: places of a key that are told, at most
MOST = 3
#: what stands in a path for a name of the user's
ANY = "NAME"


class Place(NamedTuple):
    """Where a table may have a key."""

    path: str  #: dotted, with `ANY` for names of the user's
    condition: str  #: such as kind = "potential", if the table is one of several


def elsewhere(key: str, value: Any, model: type[BaseModel]) -> str:
    """A clause on where an unknown key is known; empty if it is nowhere.

    Arguments:
        key: dotted, as the case has it.
        model: the schema of the whole case.
    """
    name = key.rpartition(".")[2]
    places = [place for place in _places(model) if place.path.rpartition(".")[2] == name]
    here = [place for place in places if _matches(place.path, key)]
    inside = [place.path for place in places if place.path.startswith(f"{key.rpartition('.')[0]}.")]
    deeper = [path for path in inside if path.count(".") > key.count(".")]
    if here and not deeper:
        return f"; it belongs to {' or '.join(place.condition for place in here)}"
    if "." not in key and isinstance(value, dict) and {"initial", "fixed", "domain"} & set(value):
        return f"; the table of a parameter is [parameters.{key}]"
    found = (here and deeper) or list(
        dict.fromkeys(
            place.path for place in places if key.startswith("data.") or not place.path.startswith("data.")
        )
    )
    if not found or len(found) > MOST:
        return ""
    top = " at the top, before the first [table]" if found == [name] else ""
    return f"; did you mean {' or '.join(found)}{top}?"


def _matches(path: str, key: str) -> bool:
    """Whether a key is at a path."""
    parts, given = path.split("."), key.split(".")
    return len(parts) == len(given) and all(
        part in (ANY, word) for part, word in zip(parts, given, strict=True)
    )


@cache
def _places(model: type[BaseModel], path: str = "", condition: str = "") -> tuple[Place, ...]:
    """Every key of a table and of those within it."""
    found: list[Place] = []
    for name, field in names_of(model).items():
        inside = f"{path}.{name}".lstrip(".")
        found.append(Place(inside, condition))
        below = f"{inside}.{ANY}" if dict in _origins(field.annotation) else inside
        found += _below(field.annotation, below)
    return (*found, *_below(getattr(model, "named", None), f"{path}.{ANY}"))


def _below(annotation: Any, path: str) -> list[Place]:
    """Every key of the tables that may stand in a place."""
    found: list[Place] = []
    tables = tables_in(annotation)
    for table in tables:
        tag = next(iter(tags_of(table)), None) if len(tables) > 1 else None
        found += _places(table, path, "" if tag is None else f'{next(iter(names_of(table)))} = "{tag}"')
    return found


def _origins(annotation: Any) -> set[Any]:
    """What an annotation is made of: dict, list, Union and so on."""
    return {typing.get_origin(annotation)}.union(*map(_origins, typing.get_args(annotation)))
