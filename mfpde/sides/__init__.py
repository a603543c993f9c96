"""The sides of a run. To add one, add a module with `build(start)`, which gives a `Side` or None, and its
name.
"""

import importlib

from mfpde.sides.side import Side
from mfpde.sides.start import Start

#: modules of this package, in the order in which sides take turns
SIDES = ("density", "companions", "nodes", "prediction", "descent", "networks")


def build_sides(start: Start) -> list[Side]:
    """All sides that a case asks for, at time 0.

    Raises:
        InputError: one cannot be built.
    """
    modules = (importlib.import_module(f"{__name__}.{name}") for name in SIDES)
    return [side for module in modules if (side := start.once(module.build)) is not None]


__all__ = ["SIDES", "Side", "Start", "build_sides"]
