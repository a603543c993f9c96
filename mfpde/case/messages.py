"""Validation errors as one sentence: the file, the key, what was expected, the nearest right spelling."""

import difflib
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from mfpde.case.hints import elsewhere
from mfpde.case.tables import names_of, tables_in, tags_of
from mfpde.errors import InputError, nearest

#: what pydantic's error types mean in the words of a case file; {names} are filled from the error's context
_EXPECTED = {
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "int_parsing_size": "expected a smaller whole number",
    "float_type": "expected a number",
    "bool_type": "expected true or false",
    "string_type": "expected text",
    "string_too_short": "expected text that is not empty",
    "list_type": "expected a list",
    "dict_type": "expected a table",
    "model_type": "expected a table",
    "model_attributes_type": "expected a table",
    "finite_number": "expected a finite number",
    "greater_than": "expected more than {gt:g}",
    "greater_than_equal": "expected at least {ge:g}",
    "less_than": "expected less than {lt:g}",
    "less_than_equal": "expected at most {le:g}",
    "too_short": "expected at least {min_length} item(s)",
    "too_long": "expected at most {max_length} item(s)",
}
#: kinds of errors of which quotes may be the cause
UNQUOTED = ("int_type", "float_type", "bool_type")


class _Place(NamedTuple):
    """A location in the schema: the keys as the user wrote them, and the tables that may stand there."""

    keys: list[str]
    tables: list[type[BaseModel]]


def explain(
    error: ValidationError, model: type[BaseModel], source: Path, overridden: dict[str, str]
) -> InputError:
    """The first problem pydantic found, as one sentence.

    Arguments:
        source: the case file.
        overridden: keys that were set on the command line, with the option as it was typed.
    """
    problems = error.errors()
    # an unknown key explains more than what is missing for want of it; of a union's branches, the one that
    # got furthest
    unknown = [p for p in problems if p["type"] == "extra_forbidden"]
    problem = (unknown or sorted(problems, key=lambda p: -len(p["loc"])))[0]
    place = _walk(problem["loc"], model)
    key = ".".join(place.keys)
    kind, given, context = problem["type"], problem.get("input"), problem.get("ctx", {})
    if kind == "extra_forbidden":
        # the last part is the key whatever it looks like; one named int or [x] is no branch
        table, name = _walk(problem["loc"][:-1], model), str(problem["loc"][-1])
        key, known = (
            ".".join([*table.keys, name]),
            dict.fromkeys(name for m in table.tables for name in names_of(m)),
        )
        hint = elsewhere(key, given, model)
        clause = f"unknown key '{key}'{nearest('' if hint else name, known)}{hint}"
    elif kind == "union_tag_invalid":
        names = [name.strip(" '") for name in context["expected_tags"].split(",")]
        tag = str(context["discriminator"]).strip("'")
        clause = (
            f"{key}.{tag}: {_show(context['tag'])} is not one of the"
            f" choices{_same(str(context['tag']), place.tables)}{nearest(str(context['tag']), names)}"
        )
    elif kind == "literal_error":
        names = [name.strip(" '") for name in context["expected"].replace(" or ", ",").split(",")]
        clause = f"{key}: {_show(given)} is not one of the choices{nearest(str(given), names)}"
    elif kind == "union_tag_not_found":
        clause = (
            f"{key}: expected a table with the key {context['discriminator']}, {_example(place)}, got"
            f" {_show(given)}"
        )
    elif kind == "value_error":
        clause = f"{key + ': ' if key else ''}{context['error']}"
    elif kind == "missing":
        clause = f"the key '{key}' is required"
    else:
        expected = _EXPECTED.get(kind, problem["msg"].replace("Input should be", "expected")).format(
            **context
        )
        if kind in ("model_type", "model_attributes_type"):
            expected += f", {_example(place)}"
        if kind == "list_type" and not isinstance(given, dict):
            expected += f", such as [{given if _unquoted(given) else _show(given)}]"
        clause = f"{key}: {expected}, got {_show(given)}{_unquoted(given) if kind in UNQUOTED else ''}"
    typed = next(
        (option for name, option in overridden.items() if name == key or key.startswith(f"{name}.")), None
    )
    return InputError(f"{typed or source}: {clause}")


def _same(word: str, tables: list[type[BaseModel]]) -> str:
    """What something is called here that others call otherwise."""
    same = {alias: tags_of(m)[0] for m in tables for alias in getattr(m, "aliases", ())}
    close = difflib.get_close_matches(word.lower(), same, n=1)
    return f"; {close[0]} is called '{same[close[0]]}' here" if close else ""


def _example(place: _Place) -> str:
    """What a table may look like that stands in a place."""
    tagged = [m for m in place.tables if tags_of(m)]
    if tagged and len(place.tables) > 1:
        return f'such as {{ {next(iter(names_of(tagged[0])))} = "{tags_of(tagged[0])[0]}" }}'
    keys = dict.fromkeys(name for m in place.tables for name in names_of(m))
    return f"with keys of {', '.join(keys)}"


def _unquoted(given: Any) -> str:
    """What to do about a number, or a truth value, that was given as text."""
    try:
        plain = isinstance(given, str) and (given in ("true", "false") or bool(float(given) * 0 == 0))
    except ValueError:
        return ""
    return "; leave the quotes out" if plain else ""


def _show(value: Any) -> str:
    text = (
        repr(value)
        if isinstance(value, str | float | int | bool | list)
        else "a table"
        if isinstance(value, dict)
        else str(value)
    )
    return text if len(text) <= 80 else text[:77] + "..."


def _walk(location: tuple[int | str, ...], model: type[BaseModel]) -> _Place:
    """Follow a location of pydantic, which also names union tags and branches, through the schema."""
    keys: list[str] = []
    tables = [model]
    for part in map(str, location):
        tagged = [m for m in tables if part in tags_of(m)]
        fields = [names_of(m)[part].annotation for m in tables if part in names_of(m)]
        # a tag follows the field that holds the union, before any of its own fields; it narrows what may
        # stand there
        if tagged and len(tables) > 1:
            tables = tagged
        elif fields:
            keys.append(part)
            tables = [m for annotation in fields for m in tables_in(annotation)]
        elif users := [m.named for m in tables if m.named is not None]:  # type: ignore[attr-defined]
            keys.append(part)
            tables = [m for annotation in users for m in tables_in(annotation)]
        elif not (_is_branch(part) or part in [m.__name__ for m in tables]):
            keys.append(part)  # a name of the user's (parameters.a), an index, or an unknown key
    return _Place(keys, tables)


def _is_branch(part: str) -> bool:
    return any(mark in part for mark in ("[", "constrained", "function-")) or part in (
        "int",
        "float",
        "str",
        "list",
        "dict",
    )
