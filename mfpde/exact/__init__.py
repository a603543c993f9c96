"""Exact solutions of cases that have one, and the errors of the mesh against them.

To add a solution, add a file with ``SOLUTION = Solution(...)``; its name is then a choice of exact.solution.
"""

from mfpde.exact.errors import errors
from mfpde.exact.solution import build_exact
from mfpde.exact.state import Exact, ExactState

__all__ = ["Exact", "ExactState", "build_exact", "errors"]
