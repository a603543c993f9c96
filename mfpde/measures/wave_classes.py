"""Growths and frequencies of waves, and which of them are harmonics of each other."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mfpde.measures.wave import Wave

#: classes that are turned from their neighbours, at least, to make that worth while
FEWEST_TURNS = 4
#: digits to which steps from harmonic to harmonic are told apart
ROUND = 9


class Classes(NamedTuple):
    """Growths and frequencies of features.

    Harmonics are turned from one to the next by a common step, not computed each by itself.
    """

    growth: np.ndarray  #: (classes, d)
    frequency: np.ndarray  #: (classes, d)
    of_feature: np.ndarray  #: (r,)
    step: np.ndarray  #: the frequency that most of them are apart (d,)
    follows: np.ndarray  #: whether a class is the one before, turned by the step (classes,)


def classes_of(waves: Sequence[Wave]) -> Classes:
    """The growths and frequencies that occur."""
    found = list(dict.fromkeys((u.growth, u.frequency) for u in waves))
    growth, frequency = (
        np.array(values).reshape(len(found), len(waves[0].powers)) for values in zip(*found, strict=True)
    )
    step, follows = np.zeros(growth.shape[1]), np.zeros(len(found), dtype=bool)
    rises = np.diff(frequency, axis=0)
    if len(rises):
        _, first, counts = np.unique(np.round(rises, ROUND), axis=0, return_index=True, return_counts=True)
        step = rises[first[np.argmax(counts)]]
        rounding = 4 * np.finfo(float).eps * np.max(np.abs(frequency))
        apart = np.max(np.abs(rises - step), axis=1) <= rounding
        follows[1:] = apart & np.any(frequency[:-1] != 0, axis=1) & np.all(growth[1:] == growth[:-1], axis=1)
    if follows.sum() < FEWEST_TURNS:
        follows[:] = False
    of_feature = np.array([found.index((u.growth, u.frequency)) for u in waves])
    return Classes(growth, frequency, of_feature, step, follows)
