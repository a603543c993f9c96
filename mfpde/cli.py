"""The verbs of `mfpde`. Thin: numerical libraries are imported inside verbs, so that --help answers at once."""

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from mfpde import __version__
from mfpde.errors import MfpdeError

app = typer.Typer(
    name="mfpde",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="""Measure dynamics of neural networks: solve the mean-field PDE of a shallow network, train finite networks beside it,
and measure how one becomes the other.

**Start here:** `mfpde cases` lists the shipped cases, `mfpde run mcycle` runs one, `mfpde compare mcycle.h5` tells how far
networks of each width are from their limit, `mfpde plot mcycle.h5` draws the figures.

Exit codes: 0 done, 2 your input is wrong, 3 the run went bad, 130 interrupted.""",
)

CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="A case file (TOML), or the name of a shipped case.")]
OutputArgument = Annotated[Path, typer.Argument(metavar="OUT", help="An output file of `mfpde run`.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]


def _version(value: bool) -> None:
    if value:
        typer.echo(f"mfpde {__version__}")
        raise typer.Exit


@app.callback()
def _main(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False) -> None:
    pass


@app.command()
def run(
    case: CaseArgument,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Output file; default: the case's name with .h5, here.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the case, e.g. eulerian.scheme=mc; repeatable.")
    ] = None,
    backend: Annotated[
        str | None, typer.Option(help="opencl (default), numpy (the readable reference) or fipy (an independent solver, slow).")
    ] = None,
    device: Annotated[str | None, typer.Option(help="OpenCL device: its number or part of its name, see `mfpde doctor`.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the output if it exists.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress; warnings are still stored in the file.")] = False,
) -> None:
    """Run a case: the density by finite volumes, the networks beside it, one HDF5 file.

    Examples: `mfpde run mcycle`, `mfpde run my.toml -o my.h5 --set time=5 --set eulerian.scheme=mc`
    """
    from mfpde.case import load_case
    from mfpde.progress import Display
    from mfpde.simulation import Silent, simulate

    overrides = [*(settings or []), *([f"eulerian.backend={backend}"] if backend is not None else [])]
    loaded = load_case(case, overrides)
    target = output or Path(f"{loaded.path.stem}.h5")
    if quiet:
        finished = simulate(loaded, target, overwrite, device, Silent())
    else:
        with Display(loaded.path.stem) as display:
            finished = simulate(loaded, target, overwrite, device, display)
    if not finished:
        again = shlex.join(["mfpde", *(word for word in sys.argv[1:] if word != "--overwrite"), "--overwrite"])
        typer.echo(
            f"interrupted: {target} holds every frame so far and can be compared, inspected and plotted; to run the case anew: {again}", err=True
        )
        raise typer.Exit(130)
    if not quiet:
        typer.echo(f"wrote {target}; next: mfpde compare {target}, mfpde plot {target}", err=True)


@app.command()
def compare(output: OutputArgument, as_json: JsonOption = False) -> None:
    """How far the networks are from the density: energies, function gap, W1, sliced W2, and the rate in n with its interval."""
    from mfpde.analysis.run import open_run

    comparison = open_run(output).compare()
    if as_json:
        _print_json(comparison.table)
        return
    from rich.console import Console

    from mfpde.analysis.report import print_comparison

    print_comparison(comparison.table, Console())


@app.command()
def inspect(output: OutputArgument, as_json: JsonOption = False) -> None:
    """What is in an output file: datasets, units, provenance, and the health of the run."""
    from mfpde.analysis.inspect import inspect as look

    facts = look(output)
    if as_json:
        _print_json(facts)
        return
    from rich.console import Console

    from mfpde.analysis.report import print_inspection

    print_inspection(facts, output, Console())


@app.command()
def plot(
    output: OutputArgument,
    folder: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder for the figures; default: OUT's name with _figures, beside it.")
    ] = None,
    only: Annotated[list[str] | None, typer.Option("--only", metavar="FIGURE", help="Draw this figure alone; repeatable.")] = None,
) -> None:
    """Draw the figures one would put in a paper, as PDF and PNG.

    Figures: overview (with one input and two widths), energy, function, marginals, density (with two parameters), gap_by_width (with two
    widths), gap_in_time.
    """
    from mfpde.analysis.run import open_run
    from mfpde.figures import FIGURES
    from mfpde.figures import plot as draw

    files = draw(open_run(output), folder or output.with_name(f"{output.stem}_figures"), only or FIGURES)
    for file in files:
        typer.echo(str(file))
    for name in [name for name in only or FIGURES if not any(file.stem == name for file in files)]:
        typer.echo(f"{name}: not drawn, since the run has not what it shows (mfpde plot --help)", err=True)


@app.command()
def converge(
    case: CaseArgument,
    refine: Annotated[
        str, typer.Option(help="What to refine: cells, dt (the time step), units (the width) or nodes (of the characteristics).")
    ] = "cells",
    levels: Annotated[int, typer.Option(help="How many levels, each twice as fine; the case's own mesh or width is the finest.")] = 3,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the case; repeatable.")] = None,
    backend: Annotated[str | None, typer.Option(help="opencl (default), numpy or fipy.")] = None,
    device: Annotated[str | None, typer.Option(help="OpenCL device: its number or part of its name.")] = None,
    nodes: Annotated[
        int | None, typer.Option(min=64, help="Quadrature nodes of the characteristics, rounded up to a power of 2; default 2^15, 2^11 for pairs.")
    ] = None,
    rule: Annotated[
        str | None, typer.Option(help="Rule of the nodes: trapezoid (default for one or two parameters) or sobol (default for more).")
    ] = None,
    figure: Annotated[Path | None, typer.Option("-o", "--output", help="Also draw the errors into this file (PDF, PNG, SVG).")] = None,
    as_json: JsonOption = False,
) -> None:
    """Refine a case and print the table of errors, observed orders and cost.

    Errors are measured against the exact solution if the case names one ([exact] solution), else against characteristics (quadrature nodes
    of the initial law carried by the flow, with their own error by doubling), or against the finest level where births or noise leave none;
    time steps against a run of a quarter of the shortest.

    Example: `mfpde converge mcycle --set time=5 --levels 4`
    """
    from mfpde.analysis.converge import REFINABLE
    from mfpde.analysis.converge import converge as run_levels
    from mfpde.case import load_case
    from mfpde.errors import InputError, nearest

    if refine not in REFINABLE:
        raise InputError(f"--refine {refine}: cannot be refined{nearest(refine, REFINABLE)}")
    if rule not in (None, "sobol", "trapezoid"):
        raise InputError(f"--rule {rule}: is no rule{nearest(str(rule), ('sobol', 'trapezoid'))}")
    loaded = load_case(case, [*(settings or []), *([f"eulerian.backend={backend}"] if backend is not None else [])])
    chosen = None
    if loaded.eulerian.backend != "numpy":
        from mfpde.device.runtime import choose_device

        chosen = choose_device(device)
    wanted = nodes and 2 ** (nodes - 1).bit_length()
    table = run_levels(loaded, refine, levels, chosen, lambda line: typer.echo(line, err=True), wanted, cast(Any, rule))
    if figure is not None:
        from mfpde.figures.convergence import save_convergence

        save_convergence(table, figure)
    if as_json:
        _print_json(table)
        return
    from rich.console import Console

    from mfpde.analysis.report import print_convergence

    print_convergence(table, Console())


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Which OpenCL devices and optional packages are here, what is missing, and how to get it."""
    from mfpde.device.doctor import examine

    facts = examine()
    if as_json:
        _print_json(facts)
        return
    from rich.console import Console

    from mfpde.analysis.report import print_doctor

    print_doctor(facts, Console())


@app.command()
def cases(
    copy: Annotated[Path | None, typer.Option("--copy", metavar="FOLDER", help="Copy the cases and their data into a folder, to edit them.")] = None,
    as_json: JsonOption = False,
) -> None:
    """The shipped cases, one line each."""
    from mfpde.case.shipped import copy_cases, list_cases

    if copy is not None:
        for file in copy_cases(copy):
            typer.echo(str(file))
        return
    listed = list_cases()
    if as_json:
        _print_json({"cases": listed})
        return
    width = max(len(entry["name"]) for entry in listed)
    for entry in listed:
        if entry["kind"] == "example":
            typer.echo(f"{entry['name']:<{width}}  {entry['title']}")
    typer.echo("\nWith known solutions, for mfpde converge:")
    for entry in listed:
        if entry["kind"] == "verification":
            typer.echo(f"{entry['name']:<{width}}  {entry['title']}")


def _print_json(value: Any) -> None:
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


def main() -> None:
    """Entry point: errors meant for the user become one sentence and an exit code."""
    try:
        app()
    except MfpdeError as error:
        typer.echo(f"mfpde: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo("mfpde: interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    except MemoryError:
        typer.echo("mfpde: out of memory; use fewer cells, units or data", err=True)
        sys.exit(3)
