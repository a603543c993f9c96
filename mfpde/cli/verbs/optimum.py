"""`mfpde optimum`: the global minimum over all probability measures, without any flow."""

from pathlib import Path
from typing import Annotated

import typer

from mfpde.cli.arguments import CaseArgument, JsonOption
from mfpde.cli.printing import print_json

GRID = "The optimum E_h* of the mesh's own problem too: masses at the centres of its cells."
INTERPOLANT = "And the F1 norm: the least total variation of a function of the network through the data."
TOLERANCE = "Of E: atoms are taken up until E is proven within this; default 1e-8."
PLOT = "Draw atoms over the dual curve |h(z)|, and f over the data: a PNG, PDF or SVG, or a folder for one."
VARIANT = "Which variant of the case, if it has some."
SETTINGS = "Change a key of the case, e.g. model.penalty.lambda=1e-2; repeatable."


def optimum(
    case: CaseArgument,
    grid: Annotated[bool, typer.Option("--grid", help=GRID)] = False,
    interpolant: Annotated[bool, typer.Option("--interpolant", help=INTERPOLANT)] = False,
    tolerance: Annotated[float, typer.Option(help=TOLERANCE)] = 1e-8,
    plot: Annotated[Path | None, typer.Option(metavar="PATH", help=PLOT)] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help=SETTINGS)] = None,
    variant: Annotated[str | None, typer.Option(help=VARIANT)] = None,
    as_json: JsonOption = False,
) -> None:
    """The global minimum E* of a network's energy over all probability measures on the case's domain (of J of
    spikes over nonnegative ones), found without any flow, with a lower bound that proves it: its atoms, the
    total variation, and max |h|, which is R'(TV) at an optimum (2 lambda TV for weight decay).

    Units that are linear on both sides of a kink (relu) with one or two inputs: a finite programme over the
    vertices of their arrangement. All others: atoms are taken up where the dual is largest, and slide.

    Examples: `mfpde optimum mcycle`, `mfpde optimum my.toml --grid --json`,
    `mfpde optimum my.toml --interpolant --plot optimum.png`
    """
    from mfpde.api import optimum as find
    from mfpde.case.load import load_case
    from mfpde.errors import InputError
    from mfpde.optima.nonnegative import NonnegativeOptimum

    if plot is not None:
        from mfpde.figures import check_matplotlib

        check_matplotlib()
        from mfpde.figures.optimum import file_of, save_optimum

        file_of(plot)
    found = find(load_case(case, settings or [], variant), grid, interpolant, tolerance)
    if plot is not None:
        if isinstance(found, NonnegativeOptimum):
            raise InputError("--plot: draws optima of networks; `mfpde plot` of a run draws spikes")
        typer.echo(str(save_optimum(found, plot)), err=as_json)
    if as_json:
        print_json(found.table)
        return
    from mfpde.console import Console
    from mfpde.optima.report import print_optimum

    print_optimum(found.table, Console())
