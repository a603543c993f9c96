"""The case: what a user asks for, checked, with every default filled in."""

from mfpde.case.load import find_case_file, load_case
from mfpde.case.schema import Case

__all__ = ["Case", "find_case_file", "load_case"]
