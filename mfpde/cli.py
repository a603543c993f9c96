"""The verbs of `mfpde`. Thin: numerical libraries are imported inside verbs, so that --help answers
at once.
"""

import atexit
import itertools
import json
import os
import shlex
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from mfpde import __version__
from mfpde.errors import MfpdeError
from mfpde.streams import flush_streams, settle_streams
from mfpde.usage import UsageError, explain

app = typer.Typer(
    name="mfpde",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="""Measure dynamics of neural networks: solve the mean-field PDE of a shallow network, train finite
networks beside it, and measure how one becomes the other.

**Start here:** `mfpde cases` lists the shipped cases, `mfpde run mcycle` runs one, `mfpde compare mcycle.h5`
tells how far networks of each width are from their limit, `mfpde plot mcycle.h5` draws the figures.
`mfpde resume mcycle.h5` goes on with a run that was stopped.
`mfpde run --help` tells what a verb takes.

Exit codes: 0 done, 2 your input is wrong, 3 the run went bad, 130 interrupted.""",
)

CaseArgument = Annotated[
    str, typer.Argument(metavar="CASE", help="A case file (TOML), or the name of a shipped case.")
]
OutputArgument = Annotated[Path, typer.Argument(metavar="OUT", help="An output file of `mfpde run`.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]


def _version(value: bool) -> None:
    if value:
        typer.echo(f"mfpde {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    case: CaseArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help=(
                "Output file; default: the case's name with .h5, here. Of several variants each gets"
                " OUTPUT-VARIANT.h5."
            ),
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change a key of the case, e.g. eulerian.scheme=mc; repeatable.",
        ),
    ] = None,
    backend: Annotated[
        str | None,
        typer.Option(
            help=(
                "auto (default: OpenCL where it can be trusted, else NumPy), opencl, numpy or fipy (an"
                " independent solver, slow)."
            )
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="OpenCL device: its number or part of its name, see `mfpde doctor`; or numpy."),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(help="Run this variant of the case alone; repeatable. Default: all it has."),
    ] = None,
    plots: Annotated[
        bool, typer.Option("--plot", help="Draw the figures too, as `mfpde plot` would.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the output if it exists, and checkpoints beside it.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress; warnings are still stored in the file.")
    ] = False,
) -> None:
    """Run a case: the density by finite volumes, the networks beside it, one HDF5 file; a file for each
    variant of a case that has some.

    Examples: `mfpde run mcycle`, `mfpde run my.toml -o my.h5 --set time=5 --set eulerian.scheme=mc`, `mfpde
        run birth_death --plot`"""
    from mfpde.case.load import load_variants
    from mfpde.store.writer import check_output

    cases = load_variants(case, _overrides(settings, backend), variant or [])
    stem = output or Path(f"{next(iter(cases.values())).path.stem}.h5")
    alone = output is not None and len(cases) == 1  # -o names the file itself then
    targets = {
        name: stem.with_name(f"{stem.stem}-{name}{stem.suffix}") if name and not alone else stem
        for name in cases
    }
    for target in targets.values():  # before any of them is run
        check_output(target, overwrite)
    for name, loaded in cases.items():
        _run_one(loaded, targets[name], overwrite, device, quiet)
    files = list(targets.values())
    if plots:
        _draw(files)
    elif not quiet:
        listed = " ".join(map(str, files))
        typer.echo(f"wrote {listed}; next: mfpde compare {files[0]}, mfpde plot {listed}", err=True)


def _overrides(settings: list[str] | None, backend: str | None) -> list[str]:
    """What --set and --backend change of a case."""
    from mfpde.case.schema import BACKENDS
    from mfpde.errors import InputError, nearest

    if backend is not None and backend not in BACKENDS:
        raise InputError(f"--backend {backend}: is no backend{nearest(backend, BACKENDS)}")
    return [*(settings or []), *([f"eulerian.backend={backend}"] if backend is not None else [])]


def _run_one(case: Any, target: Path, overwrite: bool, device: str | None, quiet: bool) -> None:
    from mfpde.runs import simulate
    from mfpde.runs.last_words import watched

    with watched(target), _told(target, quiet) as report:
        finished = simulate(case, target, overwrite, device, report)
    _exit_if_stopped(finished, target)


def _told(target: Path, quiet: bool) -> AbstractContextManager[Any]:
    """Who is told how a run goes."""
    from mfpde.progress import Display
    from mfpde.runs import Silent

    return nullcontext(Silent()) if quiet else Display(target.stem)


def _exit_if_stopped(finished: bool, target: Path) -> None:
    if not finished:
        again = shlex.join(["mfpde", "resume", str(target)])
        typer.echo(
            f"interrupted, with a checkpoint: {target} can be compared, inspected and plotted as it is; to go"
            f" on: {again}",
            err=True,
        )
        raise typer.Exit(130)


@app.command()
def resume(
    output: OutputArgument,
    until: Annotated[
        float | None, typer.Option(help="A later end: time of the gradient flow to which the run goes on.")
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="OpenCL device: its number or part of its name; default: the one the run had."),
    ] = None,
    allow_device_change: Annotated[
        bool,
        typer.Option(
            "--allow-device-change",
            help="Go on on another kind of device; results are then not the same bit by bit.",
        ),
    ] = False,
    restart: Annotated[
        bool,
        typer.Option("--restart", help="Run anew from time 0; the output so far is kept under another name."),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no warnings.")] = False,
) -> None:
    """Go on with a run after Ctrl-C, a crash or its end, from its newest good checkpoint. No case file is
    needed.

    On the same device the result is, bit by bit, that of a run that was never stopped. Frames later than the
    checkpoint are computed again. Checkpoints lie in the folder OUT.checkpoints, found also if OUT was
    renamed, and are taken every minute (output.checkpoint_every), with every stored density, at Ctrl-C,
    SIGTERM and, where the system has it, SIGUSR1.

    Examples: `mfpde resume mcycle.h5`, `mfpde resume mcycle.h5 --until 60`
    """
    from mfpde.runs import resume as go_on
    from mfpde.runs.last_words import watched

    with watched(output), _told(output, quiet) as report:
        finished = go_on(output, until, device, allow_device_change, restart, report)
    _exit_if_stopped(finished, output)
    if not quiet:
        typer.echo(f"{output} is complete; next: mfpde compare {output}, mfpde plot {output}", err=True)


@app.command()
def compare(
    output: OutputArgument,
    tolerance: Annotated[
        float | None,
        typer.Option(
            help="Plan a width: how many units bring |f_n - f| in L2(nu) below this, with what probability."
        ),
    ] = None,
    at: Annotated[
        float | None, typer.Option(help="Output time the width is planned for; default: the last.")
    ] = None,
    network: Annotated[
        Path | None,
        typer.Option(
            metavar="NPZ", help="Compare a network trained elsewhere instead: its parameters at given times."
        ),
    ] = None,
    scaling: Annotated[
        str | None,
        typer.Option(
            help=(
                "Its scaling, if the file does not say: mean (1/n), sum (1) or sqrt (n^-1/2) before the sum"
                " over units."
            )
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """How far the networks are from the density: energies, function gap, W1, sliced W2, rates in n with
    intervals; predicted and observed fluctuations, bias and variance, correlations of units, descent by
    finite steps, as far as the run has them.

    Examples: `mfpde compare mcycle.h5`, `mfpde compare mcycle.h5 --tolerance 1e-2 --at 10`, `mfpde compare
        mcycle.h5 --network weights.npz`"""
    from mfpde.analysis.run import open_run
    from mfpde.console import Console
    from mfpde.errors import InputError

    run = open_run(output)
    if at is not None and tolerance is None:
        raise InputError("--at: belongs to --tolerance, the accuracy a width is planned for")
    if scaling is not None and network is None:
        raise InputError("--scaling: belongs to --network, the network trained elsewhere")
    if network is not None and tolerance is not None:
        raise InputError(
            "--tolerance: plans the width of the run's own networks; leave it out with --network"
        )
    if network is not None:
        from mfpde.analysis.outside import compare_network, open_network
        from mfpde.analysis.outside_report import print_outside

        table, show = compare_network(run, open_network(run, network, scaling)), print_outside
    else:
        from mfpde.analysis.report_comparison import print_comparison

        table, show = run.compare(tolerance, at).table, print_comparison
    if as_json:
        _print_json(table)
        return
    show(table, Console())


@app.command()
def inspect(output: OutputArgument, as_json: JsonOption = False) -> None:
    """What is in an output file: datasets, units, what others have added, provenance, and the health of the
    run.

    Examples: `mfpde inspect mcycle.h5`, `mfpde inspect mcycle.h5 --json`
    """
    from mfpde.analysis.inspect import inspect as look

    facts = look(output)
    if as_json:
        _print_json(facts)
        return
    from mfpde.analysis.report import print_inspection
    from mfpde.console import Console

    print_inspection(facts, output, Console())


@app.command()
def plot(
    outputs: Annotated[
        list[Path],
        typer.Argument(metavar="OUT...", help="Output files of `mfpde run`; several are drawn side by side."),
    ],
    folder: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="Folder for the figures; default: what the names of OUT share, with _figures.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="FIGURE", help="Draw this figure alone; repeatable.")
    ] = None,
    formats: Annotated[
        list[str] | None, typer.Option("--format", help="pdf, png or svg; repeatable. Default: pdf and png.")
    ] = None,
    network: Annotated[
        Path | None,
        typer.Option(
            metavar="NPZ",
            help="Draw a network trained elsewhere beside the run instead, see `mfpde compare --network`.",
        ),
    ] = None,
    scaling: Annotated[
        str | None, typer.Option(help="Its scaling, if the file does not say: mean, sum or sqrt.")
    ] = None,
) -> None:
    """Draw the figures one would put in a paper, as PDF and PNG.

    Figures of one run: overview (with data and two widths), energy, function, marginals, density (with two
        parameters), spacetime, order and gibbs (of potentials; the last with diffusion), gap_by_width (with
        two widths), gap_in_time, fluctuations (with a prediction or nodes), bias_variance (with replicates),
        chaos (with replicates), descent (with descent), width_planner (with a prediction).

    Figures of several runs: energies, clouds (with two parameters), fluctuation_panels (with nodes).

    A figure that is asked for by name and cannot be drawn is an error that says what the run lacks.

    Examples: `mfpde plot mcycle.h5`, `mfpde plot mcycle.h5 --only energy --format svg`, `mfpde plot
        birth_death-*.h5 -o figures`"""
    from mfpde.errors import InputError

    if scaling is not None and network is None:
        raise InputError("--scaling: belongs to --network, the network trained elsewhere")
    if network is not None:
        from mfpde.analysis.outside import compare_network, open_network
        from mfpde.analysis.run import open_run
        from mfpde.figures import check_matplotlib

        check_matplotlib()
        from mfpde.figures.outside import save_outside

        if len(outputs) != 1 or only or formats:
            raise InputError(
                "--network: is drawn beside one run, and is one figure; expected a single OUT, no --only and"
                " no --format"
            )
        run = open_run(outputs[0])
        saved = open_network(run, network, scaling)
        files = save_outside(run, saved, compare_network(run, saved), folder or _figures_folder(outputs))
        for file in files:
            typer.echo(str(file))
        return
    _draw(outputs, folder, only, formats)


def _draw(
    outputs: list[Path],
    folder: Path | None = None,
    only: list[str] | None = None,
    formats: list[str] | None = None,
) -> None:
    from mfpde.analysis.run import open_run
    from mfpde.errors import InputError, nearest
    from mfpde.figures import FIGURES, FIGURES_OF_SEVERAL, FORMATS, KNOWN_FORMATS, lacking
    from mfpde.figures import plot as draw

    for suffix in formats or ():
        if suffix not in KNOWN_FORMATS:
            raise InputError(f"--format {suffix}: is no format of figures{nearest(suffix, KNOWN_FORMATS)}")
    runs = [open_run(output) for output in outputs]
    shown = " and ".join(map(str, outputs))
    for name, said in lacking(runs, only).items() if only else ():
        raise InputError(f"{shown}: --only {name}: the figure needs {said}")
    files = draw(runs, folder or _figures_folder(outputs), only, formats or FORMATS)
    for file in files:
        typer.echo(str(file))
    undrawn = (
        []
        if only
        else [
            name
            for name in (FIGURES if len(runs) == 1 else FIGURES_OF_SEVERAL)
            if not any(file.stem == name for file in files)
        ]
    )
    reasons = [f"{name} needs {said}" for name, said in lacking(runs, undrawn).items()]
    if not files:
        raise InputError(f"{shown}: nothing can be drawn: {'; '.join(reasons)}")
    if reasons:
        typer.echo(f"not drawn: {'; '.join(reasons)}", err=True)


def _figures_folder(outputs: list[Path]) -> Path:
    """Beside the first output, named by what their names share."""
    letters = itertools.takewhile(
        lambda column: len(set(column)) == 1, zip(*(output.stem for output in outputs), strict=False)
    )
    shared = "".join(column[0] for column in letters).rstrip("-_.") or "comparison"
    return outputs[0].with_name(f"{shared}_figures")


@app.command()
def converge(
    case: CaseArgument,
    refine: Annotated[
        str,
        typer.Option(
            help=(
                "What to refine: cells, dt (the time step), units (the width) or nodes (of the"
                " characteristics)."
            )
        ),
    ] = "cells",
    variant: Annotated[str | None, typer.Option(help="Which variant of the case, if it has some.")] = None,
    levels: Annotated[
        int,
        typer.Option(help="How many levels, each twice as fine; the case's own mesh or width is the finest."),
    ] = 3,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the case; repeatable."),
    ] = None,
    backend: Annotated[str | None, typer.Option(help="auto (default), opencl, numpy or fipy.")] = None,
    device: Annotated[str | None, typer.Option(help="OpenCL device: its number or part of its name.")] = None,
    nodes: Annotated[
        int | None,
        typer.Option(
            min=64,
            help=(
                "Quadrature nodes of the characteristics, rounded up to a power of 2; default 2^15, 2^11 for"
                " pairs."
            ),
        ),
    ] = None,
    rule: Annotated[
        str | None,
        typer.Option(
            help=(
                "Rule of the nodes: trapezoid (default for one or two parameters) or sobol (default for"
                " more)."
            )
        ),
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Also draw the errors into this file (PDF, PNG, SVG)."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Refine a case and print the table of errors, observed orders and cost.

    Errors are measured against the exact solution if the case names one ([exact] solution), else against
    characteristics (quadrature nodes of the initial law carried by the flow, with their own error by
    doubling), or against the finest level where births or noise leave none; time steps against a run of a
    quarter of the shortest.

    Example: `mfpde converge mcycle --set time=5 --levels 4`
    """
    from mfpde.analysis.converge import REFINABLE
    from mfpde.analysis.converge import converge as run_levels
    from mfpde.case import load_case
    from mfpde.device.choice import choose
    from mfpde.device.needs import needs_of
    from mfpde.errors import InputError, nearest

    if refine not in REFINABLE:
        raise InputError(f"--refine {refine}: cannot be refined{nearest(refine, REFINABLE)}")
    if rule not in (None, "sobol", "trapezoid"):
        raise InputError(f"--rule {rule}: is no rule{nearest(str(rule), ('sobol', 'trapezoid'))}")
    if figure is not None:  # before the levels are run
        from mfpde.figures import check_matplotlib

        check_matplotlib()
    loaded = load_case(case, _overrides(settings, backend), variant)
    choice = choose(loaded.eulerian.backend, device, needs_of(loaded), _say)
    for note in choice.notes:
        _say(note)
    wanted = nodes and 2 ** (nodes - 1).bit_length()
    table = run_levels(loaded, refine, levels, choice.device, _say, wanted, cast(Any, rule))
    if figure is not None:
        from mfpde.figures.convergence import save_convergence

        save_convergence(table, figure)
    if as_json:
        _print_json(table)
        return
    from mfpde.analysis.report import print_convergence
    from mfpde.console import Console

    print_convergence(table, Console())


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Which OpenCL devices and optional packages are here, what is missing, and how to get it.

    Every device is probed anew: its kernels are compiled, compared with NumPy and loaded again, in processes
        of their own. Takes seconds.

    Examples: `mfpde doctor`, `mfpde doctor --json`
    """
    from mfpde.console import Console
    from mfpde.device.doctor import examine

    with Console(stderr=True).status("probing"):
        facts = examine()
    if as_json:
        _print_json(facts)
        return
    from mfpde.analysis.report import print_doctor

    print_doctor(facts, Console())


@app.command()
def verify(
    outputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[OUT...]", help="Check these outputs instead: are frames as they were written?"
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="OpenCL device: its number or part of its name; default: the one runs would use."),
    ] = None,
    folder: Annotated[
        Path, typer.Option(help="A folder on the file system where runs will write; default: here.")
    ] = Path(),
    as_json: JsonOption = False,
) -> None:
    """Whether mfpde works here: kernels against the reference, conservation, a killed run that is resumed,
    readers of the file. One verdict.

    Takes about a quarter of a minute. Exit code 3 if a check fails.

    Examples: `mfpde verify`, `mfpde verify --device 1 --folder scratch`, `mfpde verify mcycle.h5`
    """
    from mfpde.console import Console

    if outputs:
        from mfpde.verify.files import verify_files

        facts = verify_files(outputs)
    else:
        from mfpde.verify.checks import verify as run_checks

        with Console(stderr=True).status("checking"):
            facts = run_checks(device, folder)
    if as_json:
        _print_json(facts)
    else:
        from mfpde.verify.report import print_verdict

        print_verdict(facts, Console())
    if not facts["passed"]:
        raise typer.Exit(3)


@app.command()
def cases(
    copy: Annotated[
        Path | None,
        typer.Option(
            "--copy", metavar="FOLDER", help="Copy the cases and their data into a folder, to edit them."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """The shipped cases, one line each.

    Examples: `mfpde cases`, `mfpde cases --copy my_cases`
    """
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


def _say(line: str) -> None:
    typer.echo(line, err=True)


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
    settle_streams()
    _leave(_answer())


def _answer() -> int:
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
    return 0


def _call() -> Any:
    """Call the verb; the exit code, if it has one of its own."""
    group, words = typer.main.get_command(app), sys.argv[1:]
    try:
        code = group(None if words else ["--help"], prog_name="mfpde", standalone_mode=False)
        return code if words else 2
    except UsageError as error:
        raise explain(error, group, words) from None


def _leave(code: int) -> None:
    """End the process. Drivers may abort when they are unloaded (PoCL does after a program that it could not
    read), so they are not.
    """
    if "pyopencl" not in sys.modules:
        sys.exit(code)
    atexit._run_exitfuncs()
    flush_streams()
    os._exit(code)
