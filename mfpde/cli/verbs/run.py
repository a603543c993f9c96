"""`mfpde run`: run a case."""

from pathlib import Path
from typing import Annotated

import typer

from mfpde.cli.arguments import CaseArgument, QuietOption, overrides
from mfpde.cli.drawing import draw
from mfpde.cli.printing import say
from mfpde.cli.running import exit_if_stopped, say_how_far, told

OUTPUT = (
    "Output file; default: the case's name with .h5, here. Of several variants each gets OUTPUT-VARIANT.h5."
)
BACKEND = (
    "auto (default: OpenCL where it can be trusted, else NumPy), opencl, numpy or fipy (an independent"
    " solver, slow)."
)
DEVICE = "OpenCL device: its number or part of its name, see `mfpde doctor`; or numpy."
SETTINGS = "Change a key of the case, e.g. eulerian.scheme=mc; repeatable."
VARIANT = "Run this variant of the case alone; repeatable. Default: all it has."
PLOT = "Draw the figures too, as `mfpde plot` would."
OVERWRITE = "Replace the output if it exists, and checkpoints beside it."


def run(
    case: CaseArgument,
    output: Annotated[Path | None, typer.Option("-o", "--output", help=OUTPUT)] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help=SETTINGS)] = None,
    backend: Annotated[str | None, typer.Option(help=BACKEND)] = None,
    device: Annotated[str | None, typer.Option(help=DEVICE)] = None,
    variant: Annotated[list[str] | None, typer.Option(help=VARIANT)] = None,
    plots: Annotated[bool, typer.Option("--plot", help=PLOT)] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help=OVERWRITE)] = False,
    quiet: QuietOption = False,
) -> None:
    """Run a case: the density by finite volumes, the networks beside it, one HDF5 file; a file for each
    variant of a case that has some.

    Examples: `mfpde run mcycle`, `mfpde run my.toml -o my.h5 --set time=5 --set eulerian.scheme=mc`,
    `mfpde run birth_death --plot`
    """
    from mfpde.case.load import load_variants
    from mfpde.runs import simulate
    from mfpde.runs.last_words import watched
    from mfpde.store.writer import check_output

    cases = load_variants(case, overrides(settings, backend), variant or [])
    targets = _targets(list(cases), output, f"{next(iter(cases.values())).path.stem}.h5")
    for target in targets.values():  # before any of them is run
        check_output(target, overwrite)
    for name, target in targets.items():
        with watched(target), told(target, quiet) as report:
            finished = simulate(cases[name], target, overwrite, device, report)
        exit_if_stopped(finished, target)
    files = list(targets.values())
    if not quiet:
        say_how_far(files)
    if plots:
        draw(files)
    elif not quiet:
        listed = " ".join(map(str, files))
        say(f"wrote {listed}; next: mfpde compare {files[0]}, mfpde plot {listed}")


def _targets(variants: list[str], output: Path | None, default: str) -> dict[str, Path]:
    """The output file of each variant; -o names the file itself where there is only one."""
    stem = output or Path(default)
    alone = output is not None and len(variants) == 1
    return {
        name: stem.with_name(f"{stem.stem}-{name}{stem.suffix}") if name and not alone else stem
        for name in variants
    }
