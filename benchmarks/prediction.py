"""What a prediction of fluctuations costs beside networks: `python -m benchmarks.prediction`.

The case is the variant `transport` of `dynamical_clt`; ratios of one run, after a warm-up.
"""

import time

from mfpde.case import load_case
from mfpde.device.choice import choose_device
from mfpde.lagrangian.fluctuations import build_fluctuations
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.metrics import measure
from mfpde.metrics.views.prediction import PredictionView
from mfpde.models import build_model

WIDTHS = ((400, 10), (400, 300), (10_000, 10))  #: units, replicates
NODES = (1024, 4096)


def main() -> None:
    """Print seconds, and multiples of ten replicates of 400 units."""
    case, device = load_case("dynamical_clt", variant="transport"), choose_device(None)
    model, times = build_model(case), range(1, int(case.time) + 1)

    def networks(units: int, replicates: int) -> None:
        flow = build_flow(case, model, Ladder([units], [replicates], 1), device)
        for until in times:
            flow.advance(until)
            flow.backend.predictions(flow.state)

    def prediction(nodes: int) -> None:
        found = build_fluctuations(case.replace({"characteristics.nodes": nodes}), model, device)
        assert found is not None
        for until in times:
            found.advance(until)
            measure({"prediction": PredictionView(found)}, True)

    jobs = {f"{k} networks of {n} units": (networks, (n, k)) for n, k in WIDTHS}
    jobs |= {f"prediction, {nodes} nodes and half as many": (prediction, (nodes,)) for nodes in NODES}
    seconds = {}
    for name, (job, arguments) in jobs.items():
        job(*arguments)
        start = time.perf_counter()
        job(*arguments)
        seconds[name] = time.perf_counter() - start
    unit = next(iter(seconds.values()))
    for name, spent in seconds.items():
        print(f"{name:<44}{spent:8.2f} s{spent / unit:8.1f}")


if __name__ == "__main__":
    main()
