"""Which kernels a case runs on a device, in which precision: what a device must be trusted for."""

from typing import NamedTuple

from mfpde.case import Case


class Need(NamedTuple):
    """A kind of kernels and its precision."""

    kind: str  #: a name of `mfpde.verify.kinds.KINDS`
    precision: str

    def __str__(self) -> str:
        return f"{self.kind} {self.precision}"


#: what a device is asked for where no case is at hand
USUAL = (Need("mesh", "float64"), Need("network", "float64"))
#: what `mfpde doctor` asks for
ALL = (
    *(
        Need(kind, p)
        for kind in ("mesh", "network", "population", "potential")
        for p in ("float64", "float32")
    ),
    Need("tangent", "float64"),
)


def needs_of(case: Case) -> tuple[Need, ...]:
    """The kernels that a case needs, each once. Quadrature nodes are always float64."""
    needs: list[Need] = []
    if case.eulerian.enabled and case.eulerian.backend != "fipy":
        needs.append(Need("mesh", case.eulerian.precision))
    kind = case.model.kernels
    if case.data is not None and case.data.population is not None:
        kind = "population"
    if kind is None:
        return tuple(needs)
    if case.lagrangian.units or case.descent.steps:
        needs.append(Need(kind, case.lagrangian.precision))
    if case.characteristics.nodes or case.fluctuations.predict or case.eulerian.hand_off:
        needs.append(Need(kind, "float64"))
    if case.fluctuations.predict and kind == "network":
        needs.append(Need("tangent", "float64"))
    return tuple(dict.fromkeys(needs))
