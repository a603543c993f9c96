"""The command line: one file per verb in `verbs`, and beside that folder what they share.

Numerical libraries are imported inside verbs, so that `mfpde --help` answers at once.
"""

from mfpde.cli.entry import main

__all__ = ["main"]
