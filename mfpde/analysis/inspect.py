"""What is in an output file: tree, shapes, units, provenance, health."""

from pathlib import Path
from typing import Any

import h5py

from mfpde.analysis.run import open_run

PROVENANCE = (
    "mfpde_version", "git_revision", "command", "case_file", "started", "ended", "python", "machine", "libraries", "device",
    "kernels_sha256", "data_sha256",
)  # fmt: skip


def inspect(path: str | Path) -> dict[str, Any]:
    """Facts about a file, under stable keys: schema, case, datasets, provenance, health.

    Raises:
        InputError: not a readable output file.
    """
    run = open_run(path)
    datasets: dict[str, Any] = {}

    def note(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset):
            facts = {"shape": list(item.shape), "dtype": str(item.dtype)}
            datasets[name] = facts | {key: str(item.attrs.get(key, "")) for key in ("units", "long_name")}

    with h5py.File(path, "r") as file:
        for name, item in file.items():
            note(name, item)
            # VTKHDF holds links to what is listed elsewhere
            if isinstance(item, h5py.Group) and name != "VTKHDF":
                item.visititems(lambda path, inner, group=name: note(f"{group}/{path}", inner))
    attributes = run.attributes
    result = {
        "schema": int(attributes["schema_version"]),
        "case": run.case,
        "datasets": dict(sorted(datasets.items())),
        "provenance": {name: attributes[name] for name in PROVENANCE if name in attributes},
        "health": run.health,
    }
    run.close()
    return result
