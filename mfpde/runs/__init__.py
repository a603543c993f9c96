"""Runs from their beginning to their end: the loop in time, checkpoints, signals, and how to go on after a
stop.
"""

from mfpde.runs.begin import simulate
from mfpde.runs.report import Reporter, Silent
from mfpde.runs.resume import resume

__all__ = ["Reporter", "Silent", "resume", "simulate"]
