"""The parameter space of a model: which components theta has, which are free, and where each starts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mfpde.case import Case, schema
from mfpde.errors import InputError, nearest
from mfpde.expressions.parse import NAME, RESERVED
from mfpde.laws import Law
from mfpde.laws.point import Point
from mfpde.measures.axis import Axis, sinh_faces
from mfpde.measures.mesh import Mesh

#: A law may put this much outside its domain before it is called too wide for it.
MAX_OUTSIDE = 1e-6
LONGEST_NAME = 16
#: free components that a mesh may have
MOST_AXES = 4
#: what a table that serves several components of a network holds
WORDS = {"a": "amplitudes", "w": "weights"}
#: turns of a circle that a law may be wide
MOST_TURNS = 100.0


@dataclass(frozen=True)
class Component:
    """One component of theta."""

    name: str
    law: Law  #: initial law; a point mass if the component is fixed
    free: bool
    domain: tuple[float, float] | None
    cells: int
    periodic: bool
    mobility: float
    stretch: float = 0.0  #: of the mesh, see `sinh_faces`
    stretch_at: float | None = None  #: the middle of the domain if None

    def place(self, values: np.ndarray) -> np.ndarray:
        """Values on the circle's own domain, if there is one."""
        if not self.periodic or self.domain is None:
            return values
        low, high = self.domain
        return low + (values - low) % (high - low)

    def draw(self, u: np.ndarray, law: Law | None = None) -> np.ndarray:
        """Values of the initial law, or of another, at numbers u in [0, 1): i.i.d. if these are uniform."""
        return self.place((law or self.law).quantile(u))


@dataclass(frozen=True)
class ParameterSpace:
    """theta = (a, z) of a network, with an amplitude for each of its outputs; the parameters a potential
    names.

    A state of units is an array (components + 1, units): theta, and the action S = int V dt along the path.
    """

    components: Sequence[Component]
    outputs: int = 0  #: amplitudes, which come first

    @property
    def names(self) -> list[str]:
        """Names of all components."""
        return [c.name for c in self.components]

    @property
    def free(self) -> list[Component]:
        """Components that are axes of the mesh and coordinates of the particles."""
        return [c for c in self.components if c.free]

    @property
    def amplitudes(self) -> Sequence[Component]:
        """The components of a."""
        return self.components[: self.outputs]

    @property
    def rest(self) -> Sequence[Component]:
        """The components of z; all of a potential's."""
        return self.components[self.outputs :]

    def a(self, state: np.ndarray) -> np.ndarray:
        """Amplitudes (outputs, units) of a state."""
        return state[: self.outputs]

    def z(self, state: np.ndarray) -> np.ndarray:
        """The other components (units, components of z) of a state."""
        return state[self.outputs : len(self.components)].T

    def theta(self, state: np.ndarray) -> np.ndarray:
        """All components (components, units) of a state."""
        return state[: len(self.components)]

    def action(self, state: np.ndarray) -> np.ndarray:
        """The action (units,) of a state; V of its rate of change."""
        return state[len(self.components)]

    def mesh(self) -> Mesh:
        """The tensor mesh of the free components.

        Raises:
            InputError: no or more than four free components, or one without a domain.
        """
        if not 1 <= len(self.free) <= MOST_AXES:
            raise InputError(
                f"the mesh needs 1 to 4 free parameters, the case has {len(self.free)}: free or fix some with"
                f" the tables [parameters.NAME] of {', '.join(self.names)}, or set eulerian.enabled = false"
                " to run networks alone"
            )
        axes = []
        for c in self.free:
            if c.domain is None:
                raise InputError(
                    f"parameters.{c.name}: needs domain = [low, high] for the mesh (or set eulerian.enabled ="
                    " false)"
                )
            at = sum(c.domain) / 2 if c.stretch_at is None else c.stretch_at
            axes.append(Axis(c.name, sinh_faces(*c.domain, c.cells, c.stretch, at), c.periodic, c.mobility))
        return Mesh(axes)


def potential_parameters(case: Case) -> ParameterSpace:
    """The components a potential is a function of: every table [parameters.*], in the order of the case.

    Raises:
        InputError: a name that formulas cannot hold, or a law wider than its domain.
    """
    for name in case.parameters:
        where = f"{case.path}: parameters.{name}"
        if name in RESERVED:
            raise InputError(
                f"{where}: is a reserved word of formulas; choose another name, such as {name[:14]}_1"
            )
        if not (NAME.fullmatch(name) and len(name) <= LONGEST_NAME):
            raise InputError(
                f"{where}: is not a name for a parameter; expected at most {LONGEST_NAME} letters, digits and"
                " _, a letter first, such as x or theta1"
            )
    if not case.parameters:
        raise InputError(f"{case.path}: parameters: a potential needs at least one table [parameters.NAME]")
    return ParameterSpace(
        [_component(name, spec, f"{case.path}: parameters.{name}") for name, spec in case.parameters.items()]
    )


def network_parameters(case: Case, names: Sequence[str], outputs: int = 1) -> ParameterSpace:
    """Match the tables [parameters.*] with the amplitudes and the components of z that a network has.

    The table [parameters.w] serves all of w1, w2, ... that have no table of their own, [parameters.a]
    likewise.

    Arguments:
        names: components of z, in order.
        outputs: one amplitude for each: a, or a1, a2, ...
    Raises:
        InputError: a component without a table, a table without a component, or a law wider than its domain.
    """
    names = [*(["a"] if outputs == 1 else [f"a{k + 1}" for k in range(outputs)]), *names]
    stems = {name: name.rstrip("0123456789") for name in names}
    known = list(dict.fromkeys(["a", *stems.values(), *names]))
    for given in case.parameters:
        if given == "b" and "b" not in names and getattr(case.model, "bias", True) is False:
            raise InputError(f"{case.path}: parameters.b: the model has no bias, since model.bias = false")
        if given not in known:
            raise InputError(
                f"{case.path}: parameters.{given}: the model has no such parameter{nearest(given, known)}"
            )
    components = [_component_of_network(case, name, stem) for name, stem in stems.items()]
    for stem in set(stems.values()) - set(names):
        served = [name for name in names if stems[name] == stem]
        if stem in case.parameters and all(name in case.parameters for name in served):
            raise InputError(
                f"{case.path}: parameters.{stem}: is not used, since every one of {', '.join(served)} has its"
                " own table"
            )
    return ParameterSpace(components, outputs)


def _component_of_network(case: Case, name: str, stem: str) -> Component:
    """A component by its own table, or by that of its stem.

    Raises:
        InputError: there is neither.
    """
    key = name if name in case.parameters else stem
    if key not in case.parameters:
        example = f'[parameters.{name}] with domain, cells and initial = {{ law = "normal" }}, or fixed = 1.0'
        if name != stem:
            example += f"; [parameters.{stem}] serves all {WORDS.get(stem, stem)}"
        raise InputError(f"{case.path}: the model has a parameter '{name}', which needs a table {example}")
    return _component(name, case.parameters[key], f"{case.path}: parameters.{key}")


def _component(name: str, spec: schema.Parameter, where: str) -> Component:
    if spec.fixed is not None:
        return Component(name, Point(spec.fixed), False, None, 1, False, 0.0)
    assert spec.initial is not None  # the schema saw to it
    law = spec.initial.build()
    if spec.periodic and spec.domain is None:
        raise InputError(
            f"{where}: a periodic parameter needs domain = [low, high], whose length is the period"
        )
    check_inside(law, spec.domain, where, periodic=spec.periodic)
    return Component(
        name, law, True, spec.domain, spec.cells, spec.periodic, spec.mobility, spec.stretch, spec.stretch_at
    )


def check_inside(
    law: Law, domain: tuple[float, float] | None, where: str, name: str = "initial", periodic: bool = False
) -> None:
    """Refuse a law that does not fit its domain; around a circle it is wound.

    Raises:
        InputError: the law's mass outside the domain exceeds `MAX_OUTSIDE`, it goes around more than
            `MOST_TURNS`, it is one of another circle, or a conditioned law lies too far out.
    """
    if said := law.refusal(name, domain, periodic):
        raise InputError(f"{where}: {said}")
    if domain is None:
        return
    if periodic:
        low, high = law.extent
        if high - low > MOST_TURNS * (domain[1] - domain[0]):
            raise InputError(
                f"{where}: the {name} {law.describe()} goes around the circle [{domain[0]:g}, {domain[1]:g}]"
                f' more than {MOST_TURNS:g} times; expected a narrower law, or {{ law = "uniform" }} on the'
                " whole circle"
            )
        return
    outside = law.mass_outside(*domain)
    if outside > MAX_OUTSIDE:
        raise InputError(
            f"{where}: the domain [{domain[0]:g}, {domain[1]:g}] is narrower than the {name}"
            f" {law.describe()}, which puts {outside:.2g} of its mass outside; widen the domain or condition"
            " the law with within = [low, high]"
        )
