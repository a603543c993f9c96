"""What verbs print: JSON on stdout, remarks on stderr."""

import json
from typing import Any

import typer


def say(line: str) -> None:
    """A remark, on stderr."""
    typer.echo(line, err=True)


def print_json(value: Any) -> None:
    """One JSON object, on stdout."""
    typer.echo(json.dumps(_plain(value)))


def _plain(value: Any) -> Any:
    """NaN and infinity become null, arrays become lists: JSON has neither."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return None
    return value
