"""`mfpde compare`: how far networks are from the density."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mfpde.cli.arguments import JsonOption, OutputArgument, check_scaling
from mfpde.cli.printing import print_json

TOLERANCE = "Plan a width: how many units bring |f_n - f| in L2(nu) below this, with what probability."
AT = "Output time the width is planned for; default: the last."
NETWORK = "Compare a network trained elsewhere instead: its parameters at given times."
OPTIMUM = "Find the global minimum E* too, and set E - E* beside the energies; see `mfpde optimum`."
SCALING = (
    "Its scaling, if the file does not say: mean (1/n), sum (1) or sqrt (n^-1/2) before the sum over units."
)


def compare(
    output: OutputArgument,
    tolerance: Annotated[float | None, typer.Option(help=TOLERANCE)] = None,
    at: Annotated[float | None, typer.Option(help=AT)] = None,
    network: Annotated[Path | None, typer.Option(metavar="NPZ", help=NETWORK)] = None,
    scaling: Annotated[str | None, typer.Option(help=SCALING)] = None,
    optimum: Annotated[bool, typer.Option("--optimum", help=OPTIMUM)] = False,
    as_json: JsonOption = False,
) -> None:
    """How far the networks are from the density: energies, function gap, W1, sliced W2, rates in n with
    intervals; predicted and observed fluctuations, bias and variance, correlations of units, descent by
    finite steps, as far as the run has them.

    Examples: `mfpde compare mcycle.h5`, `mfpde compare mcycle.h5 --tolerance 1e-2 --at 10`,
    `mfpde compare mcycle.h5 --network weights.npz`
    """
    from mfpde.analysis.compare import compare as compare_sides
    from mfpde.analysis.report_comparison import print_comparison
    from mfpde.console import Console
    from mfpde.errors import InputError
    from mfpde.results.opening import open_run

    run = open_run(output)
    if at is not None and tolerance is None:
        raise InputError("--at: belongs to --tolerance, the accuracy a width is planned for")
    check_scaling(scaling, network)
    if network is not None and tolerance is not None:
        raise InputError(
            "--tolerance: plans the width of the run's own networks; leave it out with --network"
        )
    if network is not None and optimum:
        raise InputError("--optimum: is that of the run's own comparison; leave it out with --network")
    show: Any = print_comparison
    if network is None:
        table = compare_sides(run, tolerance, at, optimum).table
    else:
        from mfpde.analysis.outside import compare_network, open_network
        from mfpde.analysis.outside_report import print_outside

        table, show = compare_network(run, open_network(run, network, scaling)), print_outside
    if as_json:
        print_json(table)
    else:
        show(table, Console())
