"""The tables of the schema, seen from outside: their keys, and which of several may stand in a place."""

import typing
from typing import Any

from pydantic import BaseModel


def names_of(model: type[BaseModel]) -> dict[str, Any]:
    """The fields of a table by their keys."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def tables_in(annotation: Any) -> list[type[BaseModel]]:
    """Every table type that an annotation can hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if typing.get_origin(annotation) is typing.Annotated:
        return tables_in(typing.get_args(annotation)[0])
    return [m for argument in typing.get_args(annotation) for m in tables_in(argument)]


def tags_of(model: type[BaseModel]) -> tuple:
    """Values of the discriminating field of a table in a union: its first, if that is a literal without
    default.
    """
    first = next(iter(model.model_fields.values()))
    return typing.get_args(first.annotation) if typing.get_origin(first.annotation) is typing.Literal else ()
