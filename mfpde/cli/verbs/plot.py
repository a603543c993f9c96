"""`mfpde plot`: figures of runs."""

from pathlib import Path
from typing import Annotated

import typer

from mfpde.cli.arguments import check_scaling
from mfpde.cli.drawing import draw, figures_folder, print_names
from mfpde.kinds import figures_in_words

OUTPUTS = "Output files of `mfpde run`; several are drawn side by side."
FOLDER = "Folder for the figures; default: what the names of OUT share, with _figures."
FORMAT = "pdf, png or svg; repeatable. Default: pdf and png."
NETWORK = "Draw a network trained elsewhere beside the run instead, see `mfpde compare --network`."
SCALING = "Its scaling, if the file does not say: mean, sum or sqrt."


def plot(
    outputs: Annotated[list[Path], typer.Argument(metavar="OUT...", help=OUTPUTS)],
    folder: Annotated[Path | None, typer.Option("-o", "--output", help=FOLDER)] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="FIGURE", help="Draw this figure alone; repeatable.")
    ] = None,
    formats: Annotated[list[str] | None, typer.Option("--format", help=FORMAT)] = None,
    network: Annotated[Path | None, typer.Option(metavar="NPZ", help=NETWORK)] = None,
    scaling: Annotated[str | None, typer.Option(help=SCALING)] = None,
) -> None:
    """Draw the figures one would put in a paper, as PDF and PNG.

    Figures of one run: ONE.

    Figures of several runs: SEVERAL.

    A figure that is asked for by name and cannot be drawn is an error that says what the run lacks.

    Examples: `mfpde plot mcycle.h5`, `mfpde plot mcycle.h5 --only energy --format svg`,
    `mfpde plot birth_death-*.h5 -o figures`
    """
    from mfpde.errors import InputError

    check_scaling(scaling, network)
    if network is None:
        draw(outputs, folder, only, formats)
        return
    if len(outputs) != 1 or only or formats:
        raise InputError(
            "--network: is drawn beside one run, and is one figure; expected a single OUT, no --only and"
            " no --format"
        )
    _draw_outside(outputs[0], network, scaling, folder or figures_folder(outputs))


plot.__doc__ = (plot.__doc__ or "").replace("ONE", figures_in_words("one"))
plot.__doc__ = plot.__doc__.replace("SEVERAL", figures_in_words("several"))


def _draw_outside(output: Path, network: Path, scaling: str | None, folder: Path) -> None:
    """Draw a network trained elsewhere beside a run."""
    from mfpde.figures import check_matplotlib

    check_matplotlib()
    from mfpde.analysis.outside import compare_network, open_network
    from mfpde.figures.outside import save_outside
    from mfpde.results.opening import open_run

    run = open_run(output)
    saved = open_network(run, network, scaling)
    print_names(save_outside(run, saved, compare_network(run, saved), folder))
