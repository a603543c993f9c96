"""Options of keys as changes of dotted keys, and laws that many of them name."""

from typing import Any

PI = 3.141592653589793
Changes = dict[str, Any]
Options = dict[str, Changes]


def each(key: str, *values: Any) -> Options:
    """Options of one key: left out, and these values."""
    return {"-": {}} | {str(value): {key: value} for value in values}


NORMAL = {"law": "normal", "std": 0.8, "within": [-2, 2]}
UNIFORM = {"law": "uniform", "low": -1.2, "high": 1.5}
POINT = {"law": "point", "at": 0.31}
CIRCLE = {"domain": [-PI, PI], "periodic": True, "initial": {"law": "wrapped_cauchy", "mean": 0.5, "r": 0.4}}
PLANTED = [{"a": 1.0, "w": 1.0, "b": 0.2}, {"a": -0.5, "w": 0.3}]
