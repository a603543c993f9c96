"""Formulas of users: parsed from a whitelist, differentiated, turned into NumPy values or OpenCL code."""

from mfpde.expressions.derive import derivative
from mfpde.expressions.emit import opencl_function
from mfpde.expressions.evaluate import evaluate, evaluate_together
from mfpde.expressions.parse import parse

__all__ = ["derivative", "evaluate", "evaluate_together", "opencl_function", "parse"]
