"""Validation errors as one sentence: the file, the key, what was expected, the nearest right spelling."""

import typing
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from mfpde.errors import InputError, nearest

_EXPECTED = {
    "missing": "is required",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "string_type": "expected text",
    "list_type": "expected a list",
    "tuple_type": "expected a list of two numbers",
    "dict_type": "expected a table",
    "model_type": "expected a table",
    "model_attributes_type": "expected a table",
    "finite_number": "expected a finite number",
}


def explain(error: ValidationError, model: type[BaseModel], source: Path) -> InputError:
    """The first problem pydantic found, as one sentence about the case file `source`."""
    problems = error.errors()
    problem = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])
    # tags of unions and branches of optional types appear in the location; keep what the user wrote
    location = [str(part) for part in problem["loc"] if not _is_branch(str(part))]
    location = _drop_tags(location, model)
    key = ".".join(location)
    given = problem.get("input")
    kind = problem["type"]
    if kind == "extra_forbidden":
        clause = f"unknown key '{key}'{nearest(location[-1], _keys_at(location[:-1], model))}"
    elif kind in ("union_tag_invalid", "literal_error"):
        clause = _choice(key, problem)
    elif kind == "union_tag_not_found":
        tag = str(problem["ctx"]["discriminator"]).strip("'")
        clause = f"{key}: expected a table with the key '{tag}', got {_show(given)}"
    elif kind == "value_error":
        clause = f"{key + ': ' if key else ''}{problem['ctx']['error']}"
    elif kind == "missing":
        clause = f"the key '{key}' is required"
    else:
        expected = _EXPECTED.get(kind) or problem["msg"].replace("Input should be", "expected").replace("Value should", "it should")
        clause = f"{key}: {expected}, got {_show(given)}"
    return InputError(f"{source}: {clause}")


def _show(value: Any) -> str:
    text = repr(value) if isinstance(value, str | float | int | bool | list) else f"a {type(value).__name__}"
    return text if len(text) <= 80 else text[:77] + "..."


def _choice(key: str, problem: Any) -> str:
    context = problem["ctx"]
    if problem["type"] == "union_tag_invalid":
        tag = str(context["discriminator"]).strip("'")
        given, names = context["tag"], [name.strip(" '") for name in context["expected_tags"].split(",")]
        key = f"{key}.{tag}"
    else:
        given = problem["input"]
        names = [name.strip(" '") for name in context["expected"].replace(" or ", ",").split(",")]
    return f"{key}: {_show(given)} is not one of the choices{nearest(str(given), names)}"


def _is_branch(part: str) -> bool:
    return any(mark in part for mark in ("[", "constrained", "function-")) or part in ("int", "float", "str", "list", "dict")


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Every table type that an annotation can hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
        return _models(annotation)
    return [m for argument in typing.get_args(annotation) for m in _models(argument)]


def _names(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _keys_at(location: list[str], model: type[BaseModel]) -> list[str]:
    models = [model]
    for part in location:
        held = [_names(m)[part].annotation for m in models if part in _names(m)]
        # a part that is no field is a name chosen by the user (parameters.a) or a list index: stay where we are
        models = [m for annotation in held for m in _models(annotation)] if held else models
    return list(dict.fromkeys(name for m in models for name in _names(m)))


def _drop_tags(location: list[str], model: type[BaseModel]) -> list[str]:
    """Remove union tags, which pydantic puts into locations after the field that holds the union."""
    kept: list[str] = []
    models = [model]
    for part in location:
        held = [_names(m)[part].annotation for m in models if part in _names(m)]
        if held:
            models = [m for annotation in held for m in _models(annotation)]
            kept.append(part)
            continue
        tagged = [m for m in models for f in m.model_fields.values() if part in typing.get_args(f.annotation)]
        if tagged:
            models = tagged
        else:
            kept.append(part)
    return kept
