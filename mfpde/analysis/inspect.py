"""What is in an output file: tree, shapes, units, provenance, health."""

from pathlib import Path
from typing import Any

import h5py

from mfpde.data.hdf5 import open_hdf5
from mfpde.results.opening import open_run
from mfpde.results.sound import fits_together
from mfpde.store.checksums import FIXED
from mfpde.store.contents import DECLARED, sort_out

PROVENANCE = (
    "mfpde_version", "git_revision", "command", "case_file", "started", "ended", "python", "machine",
    "libraries", "device", "device_notes",
    "kernels_sha256", "data_sha256", "data_notes", "run", "resumes",
)  # fmt: skip


#: of the root, all that mfpde writes
ATTRIBUTES = {
    *PROVENANCE, FIXED, DECLARED, "case", "case_resolved", "classes", "default", "health", "parameters",
    "schema_version", "title", "variant",
}  # fmt: skip


def inspect(path: str | Path) -> dict[str, Any]:
    """Facts about a file, under stable keys: schema, case, datasets, added (what others put into the file, by
    name), provenance, health.

    Raises:
        InputError: not a readable output file.
    """
    run = open_run(path)
    with fits_together(run.path), open_hdf5(run.path, run.path) as file:
        found = sort_out(file, path)
        listed = {name: _facts(item) for name, item in found.own.items()}
    attributes = run.attributes
    return {
        "schema": int(attributes["schema_version"]),
        "case": run.case,
        "datasets": dict(sorted(listed.items())),
        "added": [*found.added, *sorted(f"attribute {name}" for name in attributes.keys() - ATTRIBUTES)],
        "provenance": {
            name: attributes[name]
            for name in PROVENANCE
            if isinstance(attributes.get(name), str | dict | list)
        },
        "health": run.health,
    }


def _facts(item: h5py.Dataset) -> dict[str, Any]:
    facts = {"shape": list(item.shape or ()), "dtype": str(item.dtype)}
    return facts | {key: str(item.attrs.get(key, "")) for key in ("units", "long_name")}
