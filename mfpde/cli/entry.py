"""Where a command starts and ends: errors meant for the user become one sentence and an exit code."""

import atexit
import os
import sys
from typing import Any

import typer

from mfpde.cli.app import build_app
from mfpde.cli.streams import flush_streams, settle_streams
from mfpde.cli.usage import UsageError, explain
from mfpde.errors import MfpdeError


def main() -> None:
    """Do what the command line says, and leave with its exit code."""
    settle_streams()
    _leave(answer())


def answer() -> int:
    """Do what the command line says; the exit code."""
    try:
        code = _call()
        return code if isinstance(code, int) else 0
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except MfpdeError as error:
        typer.echo(f"mfpde: {error}", err=True)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("mfpde: interrupted", err=True)
        return 130
    except BrokenPipeError:
        return 0
    except MemoryError:
        typer.echo("mfpde: out of memory; use fewer cells, units or data", err=True)
        return 3


def _call() -> Any:
    """Call the verb; the exit code, if it has one of its own."""
    group, words = typer.main.get_command(build_app()), sys.argv[1:]
    try:
        code = group(None if words else ["--help"], prog_name="mfpde", standalone_mode=False)
        return code if words else 2
    except UsageError as error:
        raise explain(error, group, words) from None


def _leave(code: int) -> None:
    """End the process without unloading drivers.

    PoCL aborts when it is unloaded after a program that it could not read.
    """
    if "pyopencl" not in sys.modules:
        sys.exit(code)
    atexit._run_exitfuncs()
    flush_streams()
    os._exit(code)
