"""What is in an output file: every dimension and every dataset that metrics declare of a run.

Dimension scales live at the root and nowhere else: in a subgroup they break xarray's open_datatree, and a
scale that is also hard-linked elsewhere breaks h5netcdf.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mfpde.metrics import variables
from mfpde.metrics.declaration import Dataset

SCHEMA_VERSION = 1
FRAMES = "frame_checksum"  #: dataset of checksums, one number per frame


@dataclass(frozen=True)
class Layout:
    """Dimensions with their coordinates, datasets that grow, and datasets that are written once."""

    dimensions: dict[str, tuple[np.ndarray, str]]  #: name -> (coordinate values, long name)
    growing: list[Dataset]
    fixed: list[tuple[Dataset, np.ndarray]]


def describe(shown: Mapping[str, Any]) -> Layout:
    """The layout of the file of a run.

    Arguments:
        shown: what it shows to metrics at time 0, see `metrics.shown`.
    """
    layout = Layout({}, [], [])
    for variable in variables():
        if not variable.applies(shown):
            continue
        found = variable.datasets(shown)
        if variable.grows:
            layout.growing.extend(found)
            continue
        values = variable.values(shown)
        if variable.is_dimension:
            layout.dimensions.update({one.path: (values[one.path], one.long_name) for one in found})
        else:
            layout.fixed.extend((one, values[one.path]) for one in found)
    return layout
