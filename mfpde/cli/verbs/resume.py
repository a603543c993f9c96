"""`mfpde resume`: go on with a run that was stopped."""

from typing import Annotated

import typer

from mfpde.cli.arguments import OutputArgument, QuietOption
from mfpde.cli.printing import say
from mfpde.cli.running import exit_if_stopped, say_how_far, told

UNTIL = "A later end: time of the gradient flow to which the run goes on."
DEVICE = "OpenCL device: its number or part of its name; default: the one the run had."
CHANGE = "Go on on another kind of device; results are then not the same bit by bit."
RESTART = "Run anew from time 0; the output so far is kept under another name."


def resume(
    output: OutputArgument,
    until: Annotated[float | None, typer.Option(help=UNTIL)] = None,
    device: Annotated[str | None, typer.Option(help=DEVICE)] = None,
    allow_device_change: Annotated[bool, typer.Option("--allow-device-change", help=CHANGE)] = False,
    restart: Annotated[bool, typer.Option("--restart", help=RESTART)] = False,
    quiet: QuietOption = False,
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

    with watched(output), told(output, quiet) as report:
        finished = go_on(output, until, device, allow_device_change, restart, report)
    exit_if_stopped(finished, output)
    if not quiet:
        say_how_far([output])
        say(f"{output} is complete; next: mfpde compare {output}, mfpde plot {output}")
