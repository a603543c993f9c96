"""`mfpde inspect`: what is in an output file."""

from mfpde.cli.arguments import JsonOption, OutputArgument
from mfpde.cli.printing import print_json


def inspect(output: OutputArgument, as_json: JsonOption = False) -> None:
    """What is in an output file: datasets, units, what others have added, provenance, and the health of the
    run.

    Examples: `mfpde inspect mcycle.h5`, `mfpde inspect mcycle.h5 --json`
    """
    from mfpde.analysis.inspect import inspect as look

    facts = look(output)
    if as_json:
        print_json(facts)
        return
    from mfpde.analysis.report import print_inspection
    from mfpde.console import Console

    print_inspection(facts, output, Console())
