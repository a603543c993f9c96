"""Counter-based random numbers: every draw is a function of (seed, purpose, units, replicate, step) and a
position.

Results therefore do not depend on devices, on the order of launches or on how work is split over processes.
"""

import numpy as np

#: What a stream is used for; part of its key, so that no two purposes share numbers.
PURPOSES = {
    "initial": 1,
    "reaction": 2,
    "inputs": 3,
    "noise": 4,
    "directions": 5,
    "bootstrap": 6,
    "brownian": 7,
    "batch": 8,
    "curvature": 9,
    "births": 10,
}


def generator(
    seed: int, purpose: str, units: int = 0, replicate: int = 0, step: int = 0
) -> np.random.Generator:
    """A Philox generator for one stream.

    The key holds seed and purpose, the counter holds units, replicate and step (Salmon et al. 2011,
    doi:10.1145/2063384.2063405); the lowest counter word is left to the draws within the stream.
    """
    key = np.array([seed, PURPOSES[purpose]], dtype=np.uint64)
    counter = np.array([0, step, replicate, units], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))
