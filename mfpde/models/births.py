"""mu_b, the fixed density from which units are born (arXiv:1902.01843, section on reinjection)."""

from collections.abc import Callable, Sequence

import numpy as np

from mfpde.case import Case
from mfpde.errors import InputError, nearest
from mfpde.laws import Law
from mfpde.laws.point import Point
from mfpde.measures.nodes import quadrature
from mfpde.models.kinds import as_network, as_potential
from mfpde.models.network import Network
from mfpde.models.parameters import ParameterSpace, check_inside
from mfpde.models.potential import Potential
from mfpde.models.problem import Cloud, Problem

#: V_b = int V dmu_b of every network (networks,), from what is known of the units
Level = Callable[[Callable[[], Cloud]], np.ndarray]
#: nodes by which mu_b is integrated over: of a tensor rule on up to two axes, else Sobol points
NODES = 4096
#: the same where every unit meets every node
FEWER_NODES = 512


def births_laws(case: Case, parameters: ParameterSpace) -> Sequence[Law] | None:
    """Laws of the free components of units that are born, or None; a component that is not named is born
    from mu_0, an amplitude at 0 if births have a scheme.

    Raises:
        InputError: a name that is no free parameter, a parameter that is called as a key of births, or a law
            wider than its domain.
    """
    births = case.dynamics.births
    if births is None or not case.dynamics.injects:
        return None
    known = [c.name for c in parameters.free]
    for name in set(known) & set(type(births).model_fields):
        raise InputError(
            f"{case.path}: parameters.{name}: cannot be told from the key dynamics.births.{name}; expected"
            " another name"
        )
    silent = {c.name for c in parameters.amplitudes} if births.scheme not in (None, "reborn") else set()
    for name in births.laws:
        if name not in known:
            raise InputError(
                f"{case.path}: dynamics.births.{name}: is not a free parameter{nearest(name, known)}"
            )
    laws = []
    for c in parameters.free:
        spec = births.laws.get(c.name)
        unnamed = Point(0.0) if c.name in silent else c.law
        laws.append(unnamed if spec is None else spec.build())
        check_inside(laws[-1], c.domain, f"{case.path}: dynamics.births.{c.name}", "births'", c.periodic)
    return laws


def birth_level(case: Case, problem: Problem, laws: Sequence[Law]) -> Level:
    """V_b = int V dmu_b. It depends on units through f alone, and not at all where <a> = 0 under mu_b.

    Arguments:
        laws: of the free components under mu_b.
    Raises:
        InputError: V of the problem is known at its units only.
    """
    network, potential = as_network(problem), as_potential(problem)
    if network is not None:
        return _level_of_network(network, *_nodes(problem.parameters, laws, NODES))
    if potential is None:
        raise InputError(
            f'{case.path}: dynamics.births.scheme: "{case.dynamics.scheme}" of units compares V with its mean'
            " under mu_b, which this kind of model does not tell; set lagrangian.units = []"
        )
    return _level_of_potential(potential, *_nodes(problem.parameters, laws, FEWER_NODES))


def _nodes(parameters: ParameterSpace, laws: Sequence[Law], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of mu_b (components, n) and their weights (n,)."""
    of_free = iter(laws)
    all_laws = [next(of_free) if c.free else c.law for c in parameters.components]
    few = sum(law.spread for law in all_laws) <= 2
    nodes, weights = quadrature(all_laws, count, "trapezoid" if few else "sobol")
    places = [c.place(values) for c, values in zip(parameters.components, nodes, strict=True)]
    return np.array(places), weights


def _level_of_network(network: Network, nodes: np.ndarray, weights: np.ndarray) -> Level:
    """<l'(f), f_b> + int r dmu_b, f_b the function of mu_b."""
    outputs = network.parameters.outputs
    a, z = nodes[:outputs], nodes[outputs:].T
    of_r = float(weights @ (np.sum(network.penalty.amplitude(a), axis=0) + network.penalty.rest(z)))
    if np.all(np.abs(a @ weights) <= 1e-12 * np.abs(a).max()):  # z is independent of a under mu_b
        return lambda cloud: np.full(1, of_r)
    function = np.concatenate([network.features.of_sum(z, weights * of_one) for of_one in a])
    return lambda cloud: network.risk.source(cloud().predictions) @ function + of_r


def _level_of_potential(potential: Potential, nodes: np.ndarray, weights: np.ndarray) -> Level:
    """int V0 dmu_b + int int W dmu_b dmu."""
    of_external = float(weights @ potential.external.value(list(nodes)))
    interaction = potential.interaction
    if interaction is None:
        return lambda cloud: np.full(1, of_external)

    def level(cloud: Callable[[], Cloud]) -> np.ndarray:
        seen = cloud()
        away = nodes[:, :, None] - seen.state[:-1, None, :]
        for k, c in enumerate(potential.parameters.components):
            if c.periodic and c.domain is not None:
                length = c.domain[1] - c.domain[0]
                away[k] -= length * np.round(away[k] / length)
        pairs = weights @ interaction.value(list(away))
        return of_external + np.add.reduceat(seen.weights * pairs, seen.starts)

    return level
