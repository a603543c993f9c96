"""What figures need of a run: each function says what the run lacks, or nothing if it has it."""

from collections.abc import Callable

from mfpde.results.run import Run

Need = Callable[[Run], str]


def lacking(run: Run, *needs: Need) -> str:
    """The first thing that is lacking; empty if nothing is."""
    return next((said for need in needs if (said := need(run))), "")


def density(run: Run) -> str:
    """A density on a mesh."""
    return "" if run.has_density else "a density, and this run has none (eulerian.enabled = false)"


def plane(run: Run) -> str:
    """A density over two parameters or more."""
    return density(run) or (
        "" if run.eulerian["mu"].ndim > 2 else "a density over two parameters, and this one is over one"
    )


def potential(run: Run) -> str:
    """A potential."""
    return "a potential, and this run is of a network" if run.has_function else ""


def network(run: Run) -> str:
    """A network."""
    return "" if run.has_function else "a network, and this run is of a potential"


def data_points(run: Run) -> str:
    """A network that learns data points."""
    return network(run) or (
        "" if run.has_data else "data points, and this run has a loss over all inputs (data.population)"
    )


def numbers(run: Run) -> str:
    """A network that learns numbers at data points."""
    return data_points(run) or (
        "numbers that are learnt, and this run learns classes (see the figure classes)"
        if run.learns_classes
        else ""
    )


def classes(run: Run) -> str:
    """A network that learns classes of data points."""
    return data_points(run) or (
        "" if run.learns_classes else "classes, and this run learns numbers (model.loss)"
    )


def networks(run: Run) -> str:
    """Networks, of any width."""
    return "" if run.units else "networks, and this run has none (lagrangian.units = [])"


def two_widths(run: Run) -> str:
    """Networks of two widths."""
    return networks(run) or (
        ""
        if len(run.units) > 1
        else f"networks of two widths, and this run has one (lagrangian.units = {run.units})"
    )


def compared(run: Run) -> str:
    """Networks, and their distances from a mean field."""
    return mean_field(run) or (
        "" if "comparison" in run.tree.children else "distances of networks, which this file does not hold"
    )


def density_or_networks(run: Run) -> str:
    """Either of the two sides."""
    return (
        ""
        if run.has_density or run.units
        else "a density or networks, and this run has nodes alone (characteristics)"
    )


def nodes(run: Run) -> str:
    """Nodes, which know the Monte-Carlo value."""
    there = "characteristics" in run.tree.children
    return (
        ""
        if there
        else (
            "nodes, which know the Monte-Carlo value, and this run has none (characteristics.nodes,"
            " fluctuations.predict)"
        )
    )


def mean_field(run: Run) -> str:
    """f of the mean field, and networks to compare with it."""
    if said := network(run) or networks(run):
        return said
    known = run.has_density or "characteristics" in run.tree.children
    return (
        ""
        if known
        else "a mean field, and this run has networks alone (eulerian.enabled, characteristics.nodes)"
    )


def replicates(fewest: int) -> Need:
    """Networks of some width with so many replicates."""

    def need(run: Run) -> str:
        most = max((run.lagrangian(units).sizes[f"replicate_{units}"] for units in run.units), default=0)
        return networks(run) or (
            "" if most >= fewest else f"{fewest} replicates, and this run has {most} (lagrangian.replicates)"
        )

    return need
