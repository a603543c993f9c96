"""`mfpde converge`: errors and orders under refinement."""

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from mfpde.cli.arguments import CaseArgument, JsonOption, overrides
from mfpde.cli.printing import print_json, say

REFINE = "What to refine: cells, dt (the time step), units (the width) or nodes (of the characteristics)."
LEVELS = "How many levels, each twice as fine; the case's own mesh or width is the finest."
SETTINGS = "Change a key of the case; repeatable."
NODES = "Quadrature nodes of the characteristics, rounded up to a power of 2; default 2^15, 2^11 for pairs."
RULE = "Rule of the nodes: trapezoid (default for one or two parameters) or sobol (default for more)."
FIGURE = "Also draw the errors into this file (PDF, PNG, SVG)."


def converge(
    case: CaseArgument,
    refine: Annotated[str, typer.Option(help=REFINE)] = "cells",
    variant: Annotated[str | None, typer.Option(help="Which variant of the case, if it has some.")] = None,
    levels: Annotated[int, typer.Option(help=LEVELS)] = 3,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help=SETTINGS)] = None,
    backend: Annotated[str | None, typer.Option(help="auto (default), opencl, numpy or fipy.")] = None,
    device: Annotated[str | None, typer.Option(help="OpenCL device: its number or part of its name.")] = None,
    nodes: Annotated[int | None, typer.Option(min=64, help=NODES)] = None,
    rule: Annotated[str | None, typer.Option(help=RULE)] = None,
    figure: Annotated[Path | None, typer.Option("-o", "--output", help=FIGURE)] = None,
    as_json: JsonOption = False,
) -> None:
    """Refine a case and print the table of errors, observed orders and cost.

    Errors are measured against the exact solution if the case names one ([exact] solution), else against
    characteristics (quadrature nodes of the initial law carried by the flow, with their own error by
    doubling), or against the finest level where births or noise leave none; time steps against a run of a
    quarter of the shortest.

    Example: `mfpde converge mcycle --set time=5 --levels 4`
    """
    from mfpde.case import load_case
    from mfpde.device.choice import choose
    from mfpde.device.needs import needs_of
    from mfpde.studies.converge import converge as run_levels

    _check(refine, rule, figure)
    loaded = load_case(case, overrides(settings, backend), variant)
    choice = choose(loaded.eulerian.backend, device, needs_of(loaded), say)
    for note in choice.notes:
        say(note)
    wanted = nodes and 2 ** (nodes - 1).bit_length()
    table = run_levels(loaded, refine, levels, choice.device, say, wanted, cast(Any, rule))
    if figure is not None:
        from mfpde.figures.convergence import save_convergence

        save_convergence(table, figure)
    if as_json:
        print_json(table)
        return
    from mfpde.analysis.report import print_convergence
    from mfpde.console import Console

    print_convergence(table, Console())


def _check(refine: str, rule: str | None, figure: Path | None) -> None:
    """Refuse, before any level is run, what cannot be refined or drawn."""
    from mfpde.errors import InputError, nearest
    from mfpde.studies.refinements import REFINEMENTS

    if refine not in REFINEMENTS:
        raise InputError(f"--refine {refine}: cannot be refined{nearest(refine, REFINEMENTS)}")
    if rule not in (None, "sobol", "trapezoid"):
        raise InputError(f"--rule {rule}: is no rule{nearest(str(rule), ('sobol', 'trapezoid'))}")
    if figure is not None:
        from mfpde.figures import check_matplotlib

        check_matplotlib()
