"""What moves units under a population loss, on an OpenCL device: kernels/population_units.cl."""

import numpy as np
import pyopencl as cl

from mfpde.device.runtime import Device
from mfpde.device.widths import function_width
from mfpde.lagrangian.forces_population import population, predictions
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.opencl_backend import OpenCLBackend
from mfpde.models import bivariate
from mfpde.models.network import Network

#: sine of the angle between units below which they count as parallel, see `population_kernels.PARALLEL`
PARALLEL = {"float64": 1e-14, "float32": 1e-6}


class OpenCLPopulation(OpenCLBackend):
    """Units see each other, and the teacher's, through the kernel: one work item per unit and O(n^2 d) per
    network, in vectors of sources.
    """

    def __init__(self, network: Network, ladder: Ladder, precision: str, weight_rate: float, device: Device):
        self.network, self.features = network, population(network)
        constants = {
            "INPUTS": self.features.kernel.dimension,
            "HAS_BIAS": int(network.parameters.names[-1] == "b"),
            "TEACHERS": len(self.features.units),
            "FACTOR": repr(self.features.kernel.factor),
            "PAIR": f"pair_{self.features.kernel.formula.__name__}",
            "PARALLEL": PARALLEL[precision],
            "OWEN_COUNT": len(bivariate.NODES),
            "KINK": int(network.kink > 0),
            "LAMBDA": network.penalty.kink,
        }
        self.width = function_width(device, np.dtype(precision))
        # PoCL would put all units into one group, hence on one core, where their number has no suitable
        # divisor
        self.group = (1,) if device.by_row else None
        origin, charges, first_source = self._arrange(ladder)
        self.count = len(origin)
        constants |= {"SOURCES": self.count}
        generated = (
            _table("owen_nodes", bivariate.NODES)
            + _table("owen_weights", bivariate.WEIGHTS)
            + network.penalty.opencl()
        )
        kernels = ("gather_sources",)
        super().__init__(
            network,
            ladder,
            precision,
            weight_rate,
            device,
            self.width,
            ["amplitude.cl", "population_units.cl"],
            kernels,
            constants,
            generated,
        )
        self.teacher, self.charges = self._real(self.features.units.T), self._real(charges)
        self.origin, self.first_source = self._int(origin), self._int(first_source)
        self.sources = self.buffers.empty((self.features.units.shape[1] + 1) * self.count, self.dtype)

    def _arrange(self, ladder: Ladder) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Origin and charge of every source, and where those of a network begin; the charges of units change
        and are set on the device.
        """
        teachers, amplitudes = len(self.features.units), self.features.amplitudes
        origins, charges = [], []
        for _, units, _, where in ladder.networks():
            padding = -(units + teachers) % self.width
            origins.append(
                np.concatenate(
                    [np.arange(where.start, where.stop), -1 - np.arange(teachers), np.full(padding, -1)]
                )
            )
            charges.append(np.concatenate([np.zeros(units), -amplitudes, np.zeros(padding)]))
        first = np.concatenate([[0], np.cumsum([len(o) for o in origins])])
        return np.concatenate(origins), np.concatenate(charges), first

    def predictions(self, state: cl.Buffer) -> np.ndarray:
        """f of every network by its coefficients (networks, r), which are needed at outputs only: on the
        host.
        """
        return predictions(self.network, self.ladder, self.download(state), self.weights(state))

    def velocity(self, state: cl.Buffer) -> cl.Buffer:
        """-mobility grad V, and V."""
        self._weigh(state)
        rate = self.buffers.empty(int(np.prod(self.shape)), self.dtype)
        confinement = self.dtype.type(self.network.penalty.confinement_at(self.factor))
        self._run(
            "gather_sources",
            (self.count,),
            state,
            self.unit_weights,
            self.origin,
            self.teacher,
            self.charges,
            self.sources,
        )
        arguments = (self.network_of, self.first_source, self.mobility, confinement, *self.walls, rate)
        self.kernels["velocity"](
            self.buffers.queue, (self.ladder.total,), self.group, state, self.sources, *arguments
        )
        return rate


def _table(name: str, values: np.ndarray) -> str:
    return f"__constant real {name}[] = {{{', '.join(f'(real){float(v)!r}' for v in values)}}};\n"
