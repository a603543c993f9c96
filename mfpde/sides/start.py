"""What sides are built from, and from each other."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mfpde.case import Case
from mfpde.models.problem import Problem

Built = TypeVar("Built")


@dataclass
class Start:
    """A case, its model and the device, and what was built of them so far.

    Arguments:
        device: an OpenCL device; NumPy if None.
        saved: a checkpoint from which the sides will go on.
    """

    case: Case
    model: Problem
    device: Any = None
    saved: dict[str, Any] | None = None
    built: dict[Any, Any] = field(default_factory=dict)

    def once(self, build: Callable[["Start"], Built]) -> Built:
        """What a side's `build` makes, the same for all who ask.

        Raises:
            InputError: it cannot be built.
        """
        if build not in self.built:
            self.built[build] = build(self)
        return self.built[build]
