"""`mfpde doctor`: which devices and packages are here."""

from mfpde.cli.arguments import JsonOption
from mfpde.cli.printing import print_json


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
        print_json(facts)
        return
    from mfpde.analysis.report import print_doctor

    print_doctor(facts, Console())
