"""The command line as typer sees it: every module of `verbs` holds one verb, a function of its own name."""

import importlib
import pkgutil
from typing import Annotated

import typer

from mfpde.cli import verbs
from mfpde.version import __version__

HELP = """Measure dynamics of neural networks: solve the mean-field PDE of a shallow network, train finite
networks beside it, and measure how one becomes the other.

**Start here:** `mfpde cases` lists the shipped cases, `mfpde run mcycle` runs one, `mfpde compare mcycle.h5`
tells how far networks of each width are from their limit, `mfpde plot mcycle.h5` draws the figures.
`mfpde resume mcycle.h5` goes on with a run that was stopped.
`mfpde optimum mcycle` finds the best that any width could reach.
`mfpde run --help` tells what a verb takes.

Exit codes: 0 done, 2 your input is wrong, 3 the run went bad, 130 interrupted."""

#: the verbs of a day's work in their order; --help lists all others after them, by name
FIRST = ("run", "resume", "compare", "optimum", "inspect", "plot", "converge", "doctor", "verify", "cases")


def build_app() -> typer.Typer:
    """All verbs, in the order of --help."""
    app = typer.Typer(
        name="mfpde",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        help=HELP,
    )
    app.callback()(_options)
    for name in verb_names():
        app.command()(getattr(importlib.import_module(f"{verbs.__name__}.{name}"), name))
    return app


def verb_names() -> list[str]:
    """Names of the verbs, in the order of --help."""
    found = sorted(module.name for module in pkgutil.iter_modules(verbs.__path__))
    return sorted(found, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"mfpde {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
