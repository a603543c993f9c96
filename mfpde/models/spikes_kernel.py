"""Kernels K(theta - theta') = <phi(theta), phi(theta')> of feature maps that move with their parameter."""

import itertools
from collections.abc import Sequence

import numpy as np
import sympy

from mfpde.case import Case, schema
from mfpde.case.problems.spikes import NAMED
from mfpde.errors import InputError, nearest
from mfpde.expressions import functions, parse
from mfpde.models.formula import Formula
from mfpde.models.formula_checks import check_even
from mfpde.models.parameters import Component
from mfpde.models.reach import precisions, reached

#: points between which a formula is tried, and how negative their matrix may be by rounding
TRIED, ROUNDING = 64, 1e-9
#: functions with kinks, whose second derivatives bound nothing
KINKS = (functions.absolute, functions.relu, functions.larger, functions.smaller)


def build_kernel(case: Case, components: Sequence[Component]) -> Formula:
    """The kernel of a case.

    Raises:
        InputError: one that does not fit its parameters, or a formula that is no kernel.
    """
    spec = case.model
    assert isinstance(spec, schema.SpikesModel)
    names = [c.name for c in components]
    symbols = [sympy.Symbol(name, real=True) for name in names]
    circles = [c.name for c in components if c.periodic]
    if spec.kernel == "dirichlet":
        if len(circles) < len(names):
            line = next(name for name in names if name not in circles)
            raise InputError(
                f'model.kernel: "dirichlet" lives on circles; expected parameters.{line}.periodic = true, or'
                ' kernel = "gaussian"'
            )
        expression = sympy.Mul(
            *(_dirichlet(s, c, spec.order) for s, c in zip(symbols, components, strict=True))
        )
        return Formula(expression, names, spec.kernel)
    if spec.kernel == "gaussian":
        if circles:
            raise InputError(
                f'model.kernel: "gaussian" lives between walls, and {circles[0]} is on a circle; expected a'
                f' formula such as "exp(cos({circles[0]}))" or kernel = "dirichlet"'
            )
        assert spec.width is not None
        square = sympy.Add(*(s**2 for s in symbols))
        return Formula(sympy.exp(-square / sympy.Float(2 * spec.width**2)), names, spec.kernel)
    hint = (
        ""
        if any(sign in spec.kernel for sign in "(+-*/^")
        else f"{nearest(spec.kernel, NAMED)}; or a formula"
    )
    kernel = Formula(parse(spec.kernel, names, "model.kernel", hint), names, spec.kernel)
    _check(case, kernel, components)
    return kernel


def largest_curvatures(kernel: Formula) -> np.ndarray:
    """|d_k d_l phi|, which bounds those of <phi(theta), q> for |q| = 1 everywhere (d, d)."""
    symbols = [sympy.Symbol(name, real=True) for name in kernel.names]
    at = [np.zeros(1)] * len(symbols)
    found = np.empty((len(symbols), len(symbols)))
    for (k, one), (j, other) in itertools.product(enumerate(symbols), repeat=2):
        fourth = Formula(sympy.diff(kernel.expression, one, 2, other, 2), kernel.names)
        found[k, j] = float(fourth.value(at)[0])
    return np.sqrt(np.maximum(found, 0))


def _dirichlet(symbol: sympy.Symbol, component: Component, order: int) -> sympy.Expr:
    """1 + 2 cos w s + ... + 2 cos order w s, w = 2 pi / length of the circle."""
    assert component.domain is not None
    frequency = 2 * np.pi / (component.domain[1] - component.domain[0])
    whole = round(frequency)
    w = sympy.Integer(whole) if whole and abs(frequency / whole - 1) < 1e-14 else sympy.Float(frequency)
    return 1 + sympy.Add(*(2 * sympy.cos(h * w * symbol) for h in range(1, order + 1)))


def _check(case: Case, kernel: Formula, components: Sequence[Component]) -> None:
    """Refuse a formula that is not even, smooth, closed on circles and positive definite, as far as points
    tell.

    Raises:
        InputError: with what it is not.
    """
    with_kinks = [f for f in KINKS if kernel.expression.has(f)]
    if with_kinks:
        raise InputError(
            f"model.kernel: '{kernel.text}' has kinks ({with_kinks[0].__name__}); expected a smooth formula,"
            f' such as "exp(-{kernel.names[0]}^2)"'
        )
    check_even(kernel, components, "model.kernel: K")
    kernel.check(reached(components, differences=True), "model.kernel", *precisions(case))
    random = np.random.default_rng(0)
    points = np.array([c.draw(random.random(TRIED)) for c in components])
    differences = points[:, :, None] - points[:, None]
    values = kernel.value(list(differences))
    for k, c in enumerate(components):
        if not c.periodic or c.domain is None:
            continue
        turned = differences.copy()
        turned[k] += c.domain[1] - c.domain[0]
        if not np.allclose(kernel.value(list(turned)), values, rtol=1e-6, atol=1e-9):
            raise InputError(
                f"model.kernel: '{kernel.text}' is not periodic in {c.name} with period"
                f" {c.domain[1] - c.domain[0]:g}, the length of its circle"
            )
    least = float(np.linalg.eigvalsh(np.broadcast_to(values, differences.shape[1:])).min())
    if least < -ROUNDING * TRIED * float(np.abs(values).max()):
        raise InputError(
            f"model.kernel: '{kernel.text}' is no kernel <phi(theta), phi(theta')>: a matrix of its values"
            f" has the eigenvalue {least:.2g}; expected a positive definite formula, such as"
            f' "exp(-{kernel.names[0]}^2)"'
        )
