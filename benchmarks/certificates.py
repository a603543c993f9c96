"""What certificates cost: the share of a run's time that lower bounds of E* take.

    python -m benchmarks.certificates [CASE ...]

Cases are run as they are shipped, without variants if they have some; two of the quickest if none is named.
"""

import sys
import tempfile
import time
from pathlib import Path

import mfpde
from mfpde.metrics.views.certificate import CertificateView

USUAL = ("iris", "two_inputs")


def share(name: str) -> tuple[float, float, int]:
    """Seconds that bounds took, seconds of the run, and how many bounds there were."""
    spent: list[float] = []
    plain = CertificateView._from

    def timed(self: CertificateView, *arguments):
        start = time.perf_counter()
        found = plain(self, *arguments)
        spent.append(time.perf_counter() - start)
        return found

    CertificateView._from = timed  # type: ignore[method-assign]
    try:
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            mfpde.run(mfpde.load_case(name), Path(folder) / "run.h5")
            whole = time.perf_counter() - start
    finally:
        CertificateView._from = plain  # type: ignore[method-assign]
    return sum(spent), whole, len(spent)


def main() -> None:
    """Print a row for every case."""
    print("case                     bounds   of them     whole run   share")
    for name in sys.argv[1:] or USUAL:
        spent, whole, count = share(name)
        print(f"{name:<24} {count:>6} {spent:>8.2f} s {whole:>11.1f} s {100 * spent / whole:>6.1f} %")


if __name__ == "__main__":
    main()
