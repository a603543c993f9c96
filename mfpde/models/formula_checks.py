"""What formulas of a potential must obey: evenness, periods, and that every parameter is in one."""

import re
from collections.abc import Iterable, Sequence

import numpy as np

from mfpde.case import Case, schema
from mfpde.errors import InputError
from mfpde.models.formula import Formula
from mfpde.models.parameters import Component


def unused(spec: schema.PotentialModel, names: Iterable[str]) -> list[str]:
    """Parameters that no formula names."""
    words = re.findall(r"[^\W\d]\w*", f"{spec.external} {spec.interaction}")
    return [name for name in names if name not in words]


def unmoved(case: Case) -> list[str]:
    """Parameters of a potential that are in no formula, and that neither diffusion nor births move."""
    if not isinstance(case.model, schema.PotentialModel):
        return []
    moved = (
        set(case.dynamics.births.laws if case.dynamics.births else ())
        if not case.dynamics.diffusion
        else {name for name, p in case.parameters.items() if p.fixed is None}
    )
    return [name for name in unused(case.model, case.parameters) if name not in moved]


def _samples(components: Sequence[Component]) -> list[np.ndarray]:
    """A few points inside the laws, the same in every run."""
    random = np.random.default_rng(0)
    return [c.draw(random.random(7)) for c in components]


def check_even(
    interaction: Formula, components: Sequence[Component], called: str = "model.interaction: W"
) -> None:
    """Refuse an interaction that is not even.

    Arguments:
        called: its key and its name.
    Raises:
        InputError: it is not.
    """
    differences = [p - p[::-1] + 0.1 * c.free for p, c in zip(_samples(components), components, strict=True)]
    there, back = interaction.value(differences), interaction.value([-d for d in differences])
    if not np.allclose(there, back, rtol=1e-9, atol=1e-12, equal_nan=True):
        raise InputError(
            f"{called} must be even, {called[-1]}(-d) = {called[-1]}(d), in the differences d of two points;"
            " only that part has an energy"
        )


def check_period(external: Formula, k: int, c: Component, components: Sequence[Component]) -> None:
    """Refuse an external potential that does not close on the circle of component k.

    Raises:
        InputError: it does not.
    """
    assert c.domain is not None
    ends = []
    for end in c.domain:
        points = _samples(components)
        points[k] = np.full(7, end)
        ends.append(external.value(points))
    if not np.allclose(ends[0], ends[1], rtol=1e-6, atol=1e-9, equal_nan=True):
        raise InputError(
            f"parameters.{c.name}.periodic: model.external is not periodic in {c.name} with period"
            f" {c.domain[1] - c.domain[0]:g}; expected the same value at both ends of the domain"
        )
