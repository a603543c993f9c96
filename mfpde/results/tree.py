"""An output as a tree of xarray's, without what users have added to the file."""

from collections.abc import Set as AbstractSet
from pathlib import Path

import xarray as xr


def open_tree(path: Path, wanted: AbstractSet[str]) -> xr.DataTree:
    """The datasets of a file with these paths; their values are read when used."""
    # as stored: attributes by which CF tools would scale or mask values are none of mfpde's
    found = xr.open_groups(path, engine="h5netcdf", phony_dims="sort", decode_cf=False)
    groups = {group: group.strip("/") for group in found}
    kept = {
        group: (
            found[group].drop_vars(
                [name for name in found[group].variables if f"{place}/{name}".lstrip("/") not in wanted]
            )
        )
        for group, place in groups.items()
        if not place or any(one.startswith(f"{place}/") for one in wanted)
    }
    tree = xr.DataTree.from_dict(kept)
    for group in found:
        (tree if group not in kept else tree[group]).set_close(found[group].close)
    return tree
