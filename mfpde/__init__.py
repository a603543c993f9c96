"""mfpde: the measure dynamics of neural networks, from both sides.

case = mfpde.load_case("mcycle")
run = mfpde.run(case.replace(time=5.0))
run.compare()
"""

from typing import TYPE_CHECKING, Any

from mfpde.version import __version__

if TYPE_CHECKING:
    from mfpde.api import Run, open_run, optimum, resume, run
    from mfpde.case import Case, load_case

_HOMES = {
    "run": "mfpde.api",
    "resume": "mfpde.api",
    "open_run": "mfpde.api",
    "optimum": "mfpde.api",
    "load_case": "mfpde.case",
    "Case": "mfpde.case",
    "Run": "mfpde.api",
}

__all__ = ["Case", "Run", "__version__", "load_case", "open_run", "optimum", "resume", "run"]


def __getattr__(name: str) -> Any:
    """Import on first use, so that `import mfpde` and `mfpde --help` stay quick."""
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'mfpde' has no attribute '{name}'")
